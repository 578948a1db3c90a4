/** A share of the seeds that `npm run sim` and the long tests run. `SEED=n` runs that one alone. */
import { assert, suite } from '../harness/suite.js'
import { Cluster, type ClusterOptions } from './cluster.js'

const test = suite('sim/cluster', 60_000)
const SEEDS = 25

const given = process.env['SEED']
const seeds = given === undefined ? Array.from({ length: SEEDS }, (_, i) => i + 1) : [Number(given)]

test(`whole nodes keep every law under faults, and heal, in ${SEEDS} seeds`, () => {
  for (const seed of seeds) {
    const wrong = new Cluster({ seed }).run()
    assert.is(wrong, undefined, `${wrong}; replay with: npm run sim -- --seed ${seed}`)
  }
})

test('the same seed gives the same run, line by line', () => {
  const run = () => {
    const lines: string[] = []
    new Cluster({ seed: 7, trace: (line) => lines.push(line) }).run()
    return lines.join('\n')
  }
  assert.is(run(), run())
})

/** What is wrong under the first of these seeds that shows it. */
function broken(change: Partial<ClusterOptions>, tries: readonly number[]): string {
  for (const seed of tries) {
    const wrong = new Cluster({ seed, ...change }).run()
    if (wrong !== undefined) return wrong
  }
  return 'nothing'
}

const FEW = [1, 2, 3, 4, 5, 6, 7, 8]

test('the laws are missed: voters that do not honour what they granted make two directors', () => {
  assert.match(broken({ rules: { honourGrants: false } }, FEW), 'two act for')
})

test('the laws are missed: a disk that loses votes lets a voter vote again', () => {
  assert.match(broken({ broken: 'lost-votes' }, FEW), 'votes in term')
})

test('the laws are missed: a disk that gives back an old registry takes a service back', () => {
  assert.match(broken({ broken: 'old-registry' }, FEW), 'goes back on')
})

test('the laws are missed: what never heals is not taken for healed', () => {
  assert.match(broken({ broken: 'no-healing' }, FEW), '45000 ms after the last fault')
})

test.run()
