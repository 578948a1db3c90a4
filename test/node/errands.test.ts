import { BatonError } from '../../src/base/errors.js'
import { ERRAND_MS_MAX, Errands } from '../../src/node/errands.js'
import { FakeClock } from '../harness/fake-clock.js'
import { assert, suite } from '../harness/suite.js'
import { A, B, C } from './sample.js'

const test = suite('node/errands')

/** A and B with a link between them that can be cut. */
function pair() {
  const clock = new FakeClock()
  let cut = false
  const a: Errands = new Errands({ clock, send: (_, bytes) => void (cut || b.receive(A, bytes)) })
  const b: Errands = new Errands({ clock, send: (_, bytes) => void (cut || a.receive(B, bytes)) })
  return {
    clock,
    a,
    b,
    cut: () => {
      cut = true
    },
  }
}

test('a question is answered', async () => {
  const { a, b } = pair()
  b.handler = async (from, errand) => {
    assert.equal([from, errand.type], [A, 'survey'])
    return { type: 'done' }
  }
  assert.equal(await a.ask(B, { type: 'survey' }), { type: 'done' })
})

test('what is refused comes with its code and its hint', async () => {
  const { a, b } = pair()
  b.handler = async () => {
    throw new BatonError('ERR_DRILL_NOBODY', 'nobody is there', { hint: 'start one' })
  }
  const refused = { type: 'refused', code: 'ERR_DRILL_NOBODY', message: 'nobody is there', hint: 'start one' }
  assert.equal(await a.ask(B, { type: 'survey' }), refused)
})

test('the end of the link is an answer, with its time', async () => {
  const { a, b, clock, cut } = pair()
  b.handler = async () => undefined
  cut()
  const asked = a.ask(B, { type: 'fault', service: 'web', term: 3, fault: 'kill' })
  clock.time = 40
  a.linkDown(C)
  a.linkDown(B)
  assert.equal(await asked, { type: 'lost', at: 40 })
})

test('silence has a limit', async () => {
  const { a, clock } = pair()
  const asked = a.ask(B, { type: 'survey' })
  clock.advanceTo(ERRAND_MS_MAX)
  assert.equal(await asked, { type: 'silent' })
})

test('an answer counts only from whoever was asked', async () => {
  const { a, b, clock, cut } = pair()
  let stolen: Uint8Array = new Uint8Array(0)
  const thief = new Errands({
    clock,
    send: (_, bytes) => {
      stolen = bytes
    },
  })
  thief.handler = async () => ({ type: 'done' })
  b.handler = undefined
  const asked = a.ask(B, { type: 'survey' })
  thief.receive(A, Uint8Array.of(1, 1, 0, 0, 0))
  await Promise.resolve().then(() => Promise.resolve())
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(stolen.length > 0)
  a.receive(C, stolen)
  cut()
  clock.advanceTo(ERRAND_MS_MAX)
  assert.equal(await asked, { type: 'silent' })
})

test.run()
