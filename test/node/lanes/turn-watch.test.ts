import { TurnWatch } from '../../../src/node/lanes/turn-watch.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/lanes/turn-watch')

/** At which looks it was said to hang. */
function hangs(turns: readonly number[]): number[] {
  const watch = new TurnWatch(3)
  return turns.flatMap((turn, i) => (watch.look(turn) ? [i] : []))
}

test('a thread that no longer turns is found out, once', () => {
  assert.equal(hangs([5, 5, 5, 5, 5, 5]), [3])
})

test('one that turns at all is none, nor one that begins', () => {
  assert.equal(hangs([1, 2, 2, 2, 3, 3, 3, 4, 4, 4, -9]), [])
  assert.equal(hangs([0, 0, 0, 0, 0, 0, 1, 1, 1]), [])
})

test('it can hang again', () => {
  assert.equal(hangs([1, 1, 1, 1, 2, 2, 2, 2]), [3, 7])
})

test.run()
