/** The keys of a whole cluster are rotated all the time: nobody is doubted for it, and no second director comes of it. */
import { assert, suite } from '../harness/suite.js'
import { Cluster } from './cluster.js'
import type { ClusterOptions } from './cluster-options.js'
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

/** One of these seeds shows it. */
function misses(change: Omit<ClusterOptions, 'seed'>, tries: readonly number[]): void {
  const isSound = (seed: number) => new Cluster({ seed, ...change }).run() === undefined
  assert.not(tries.every(isSound), 'a law is missed in one of them')
}

test('the laws are missed: rotations that look at nothing before cut hosts off', () => {
  misses({ keys: 'rashly' }, [3, 4, 5])
  const { suspicions, unopened } = calmRotations({ seed: 1, nodes: 5, rotations: 400, rash: true })
  assert.ok(suspicions.length > 0 || unopened > 0)
})

test('the laws are missed: hosts that say they hold what is not on their disks', () => {
  misses({ keys: 'rotated', brokenKeys: 'unsaved' }, [5, 6, 8])
})

test('the laws are missed: whoever knows only an older key is spoken to under the current one alone', () => {
  misses({ keys: 'rotated', brokenKeys: 'current-alone' }, [6, 32, 36])
})

test.run()
