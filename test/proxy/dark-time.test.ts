/** For how long a client has had no answer, where directors follow one another and are heard of before they serve it. */
import { DarkTime } from '../../src/proxy/dark-time.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/dark-time')
const SAME = { received: 100, acknowledged: 50 }
const LET_GO_MS_MAX = 10_000

/** The first director was heard last at 1000, and the next one said RESUME at 1300. */
function followed(): DarkTime {
  const dark = new DarkTime()
  assert.is(dark.since(SAME, 1_000), 1_000)
  dark.resume(SAME, 1_300)
  return dark
}

test('from the last word of its director', () => {
  assert.is(new DarkTime().since(SAME, 1_000), 1_000)
  assert.is(followed().since(SAME, 2_000), 1_000, 'the next one dies before it has let the socket go')
})

test('from the last word of the next one, when that has been seen to serve it', () => {
  for (const served of [
    { received: 101, acknowledged: 50 },
    { received: 100, acknowledged: 51 },
  ]) {
    assert.is(followed().since(served, 2_000), 2_000)
  }
})

test('or has been heard of for longer than any director keeps a socket back', () => {
  assert.is(followed().since(SAME, 1_300 + LET_GO_MS_MAX), 1_000)
  assert.is(followed().since(SAME, 1_301 + LET_GO_MS_MAX), 1_301 + LET_GO_MS_MAX)
})

test('a third is measured against what there was when it said RESUME, and not by what the second one did', () => {
  const dark = followed()
  dark.resume(SAME, 90_000)
  assert.is(dark.since(SAME, 91_000), 1_000)
  const served = { received: 200, acknowledged: 50 }
  const again = followed()
  again.resume(served, 90_000)
  assert.is(again.since(served, 91_000), 91_000, 'the second one had served it')
})

test('from the word that it is given away, though its director lives on', () => {
  const dark = new DarkTime()
  dark.begin(SAME, 500)
  dark.begin(SAME, 600)
  assert.is(dark.since(SAME, 1_000), 500)
  const again = followed()
  again.begin({ received: 101, acknowledged: 50 }, 1_700)
  assert.is(again.since({ received: 102, acknowledged: 50 }, 2_000), 1_700, 'bytes that come still say nothing')
})

test('another link of the same director changes nothing', () => {
  const dark = new DarkTime()
  dark.resume(SAME, 500)
  assert.is(dark.since(SAME, 1_000), 1_000)
})

test.run()
