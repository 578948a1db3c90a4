/** 1,000 rotations in calm, and as many under faults of every kind. */
import { assert, suite } from '../harness/suite.js'
import { Cluster } from './cluster.js'
import { calmRotations } from './rotation-run.js'

const test = suite('sim/keys-long', 600_000)
const SEEDS = 60

test('1,000 rotations on five hosts: nobody is suspected, every datagram is opened, one director', () => {
  const { rotations, ms, suspicions, unopened, directors } = calmRotations({ seed: 2, nodes: 5, rotations: 1_000 })
  console.log(`${rotations} rotations in ${(ms / 1_000).toFixed(0)} s of simulated time`)
  assert.equal({ suspicions, unopened, directors }, { suspicions: [], unopened: 0, directors: 1 })
  assert.ok(rotations >= 1_000)
})

test(`1,000 rotations under cuts, crashes, pauses and loss, in ${SEEDS} seeds`, () => {
  let rotations = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const cluster = new Cluster({ seed, keys: 'rotated' })
    const wrong = cluster.run()
    assert.is(wrong, undefined, `${wrong}; replay with SEED=${seed} node --import tsx test/sim/keys.test.ts`)
    rotations += cluster.keyed.rotators.rotations
  }
  assert.ok(rotations >= 1_000, `${rotations} rotations`)
})

test.run()
