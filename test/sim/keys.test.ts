/** The keys of a whole cluster are rotated all the time: nobody is doubted for it, and no second director comes of it. */
import { assert, suite } from '../harness/suite.js'
import { Cluster } from './cluster.js'
import { nameOf } from './laws.js'
import { calmRotations } from './rotation-run.js'

const test = suite('sim/keys', 60_000)
const given = process.env['SEED']
const seeds = given === undefined ? [1, 2, 3, 4, 5, 6] : [Number(given)]

test('60 rotations on five hosts and an ordinary network: nobody is suspected, and every datagram is opened', () => {
  const { rotations, suspicions, unopened, directors } = calmRotations({ seed: 1, nodes: 5, rotations: 60 })
  assert.equal({ suspicions, unopened, directors }, { suspicions: [], unopened: 0, directors: 1 })
  assert.ok(rotations >= 60)
})

test('whole nodes keep every law under faults while keys are rotated, and end with one ring', () => {
  let rotations = 0
  for (const seed of seeds) {
    const cluster = new Cluster({ seed, keys: 'rotated' })
    const wrong = cluster.run()
    assert.is(wrong, undefined, `${wrong}; replay with SEED=${seed}`)
    rotations += cluster.keyed.rotators.rotations
  }
  if (given === undefined) assert.ok(rotations > 60, `${rotations} rotations`)
})

test('the laws are missed: who has missed a rotation is answered under a key that it lacks', () => {
  const broken = (seed: number) => new Cluster({ seed, keys: 'rotated', brokenKeys: 'unsaved' }).run()
  const wrong = Array.from({ length: 12 }, (_, i) => broken(i + 1))
  assert.ok(wrong.some((one) => one !== undefined), 'hosts that keep no ring on their disks come back to a cluster that has removed their key')
})

test('the laws are missed: rotations that look at nothing before cut hosts off', () => {
  const wrong = Array.from({ length: 12 }, (_, i) => new Cluster({ seed: i + 1, keys: 'rashly' }).run())
  assert.ok(wrong.some((one) => one !== undefined), nameOf.name)
})

test.run()
