/** At least a million steps over 400 seeds, other ones than the quick tests run. */
import { assert, suite } from '../harness/suite.js'
import { Cluster } from './cluster.js'

const test = suite('sim/cluster, long', 600_000)
const [FIRST, SEEDS, STEPS_MIN] = [1_001, 400, 1_000_000]

test(`${SEEDS} seeds of whole nodes under faults: no law is broken`, () => {
  let steps = 0
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const cluster = new Cluster({ seed })
    const wrong = cluster.run()
    assert.is(wrong, undefined, `${wrong}; replay with: npm run sim -- --seed ${seed}`)
    steps += cluster.steps
  }
  assert.ok(steps >= STEPS_MIN, `${steps} steps`)
})

test('100 seeds in which operators also use force: it heals all the same', () => {
  for (let seed = FIRST; seed < FIRST + 100; seed++) {
    const wrong = new Cluster({ seed, forced: true }).run()
    assert.is(wrong, undefined, `${wrong}; replay with: npm run sim -- --forced --seed ${seed}`)
  }
})

test.run()
