/** When the control plane says that the process does not stand still. */
import { Beats } from '../../../src/node/lanes/beats.js'
import { FakeClock } from '../../harness/fake-clock.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/lanes/beats')
const BEAT_EVERY_MS = 10

function heart() {
  const clock = new FakeClock()
  const said: (number | 'rest')[] = []
  const begun = clock.now()
  const beats = new Beats(
    clock,
    { beat: (now) => said.push(now - begun), rest: () => said.push('rest') },
    BEAT_EVERY_MS,
  )
  return { beats, said, clock }
}

test('it beats while an address is held, from the first to the last, whatever else happens', () => {
  const { beats, said, clock } = heart()
  clock.advanceTo(clock.now() + 100)
  assert.equal(said, [], 'nothing is held')
  beats.hold('10.0.0.1')
  beats.hold('10.0.0.2')
  beats.hold('10.0.0.1')
  assert.equal(said.splice(0), [100])
  for (let beat = 1; beat <= 3; beat++) clock.advanceTo(clock.now() + BEAT_EVERY_MS)
  assert.equal(said.splice(0), [110, 120, 130])
  beats.drop('10.0.0.1')
  clock.advanceTo(clock.now() + BEAT_EVERY_MS)
  assert.equal(said.splice(0), [140], 'the other is still held')
  beats.drop('10.0.0.2')
  clock.advanceTo(clock.now() + 10 * BEAT_EVERY_MS)
  assert.equal(said, [])
  beats.hold('10.0.0.1')
  assert.is(said.length, 1)
})

test('a process that gives all away withholds nothing while the kernel takes it down', () => {
  const { beats, said, clock } = heart()
  beats.hold('10.0.0.1')
  beats.end()
  clock.advanceTo(clock.now() + 10 * BEAT_EVERY_MS)
  assert.equal(said, [0, 'rest'])
})

test.run()
