/** A share of the seeds that `npm run sim` and the long tests run. `SEED=n` runs that one alone. */
import { assert, suite } from '../harness/suite.js'
import { Cluster, type ClusterOptions } from './cluster.js'

const test = suite('sim/cluster', 60_000)
const SEEDS = 25

const TARGETS = ['one that is up', 'one that is down', 'one that stands still', 'one that leaves', 'a witness']
const FAULTS = [
  ...['crashes', 'loses power', 'lost power in a write', 'loses its disk', 'stands still', 'cut', 'cut one way'],
  ...['lease handed over', ...TARGETS.map((target) => `hand-over to ${target}`)],
  ...['left', 'come back after leaving', 'forget of one that is down', 'forget of one that lives'],
]

const given = process.env['SEED']
const seeds = given === undefined ? Array.from({ length: SEEDS }, (_, i) => i + 1) : [Number(given)]

test(`whole nodes keep every law under faults, and heal, in ${SEEDS} seeds`, () => {
  const faults = new Set<string>()
  for (const seed of seeds) {
    const cluster = new Cluster({ seed })
    const wrong = cluster.run()
    assert.is(wrong, undefined, `${wrong}; replay with: npm run sim -- --seed ${seed}`)
    for (const fault of cluster.faults.keys()) faults.add(fault)
  }
  // A fault that never happens tests nothing.
  if (given === undefined) for (const fault of FAULTS) assert.ok(faults.has(fault), `${fault}: in none of these seeds`)
})

test('where operators also use force it heals all the same, in 6 seeds', () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const wrong = new Cluster({ seed, forced: true }).run()
    assert.is(wrong, undefined, `${wrong}; replay with: npm run sim -- --forced --seed ${seed}`)
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
/** Force is rare, and mostly used where the others are down. */
const SECRET = [10]

test('the laws are missed: voters that do not honour what they granted make two directors', () => {
  assert.match(broken({ rules: { honourGrants: false } }, FEW), 'two act for')
})

test('the laws are missed: a disk that loses votes lets a voter vote again', () => {
  assert.match(broken({ broken: 'lost-votes' }, FEW), 'votes in term')
})

test('the laws are missed: a disk that gives back an old registry takes a service back', () => {
  assert.match(broken({ broken: 'old-registry' }, FEW), 'goes back on')
})

test('the laws are missed: a director that endorses before it stops acting makes two', () => {
  assert.match(broken({ broken: 'rash-endorser' }, [11, 21, 31, 41]), 'two act for')
})

test('the laws are missed: a witness that stands directs', () => {
  assert.match(broken({ broken: 'eager-witness' }, FEW), 'and is a witness')
})

test('the laws are missed: force that nobody owns up to leaves two electorates that can decide', () => {
  assert.match(broken({ broken: 'secret-force' }, SECRET), 'two electorates can decide')
})

test('the laws are missed: what never heals is not taken for healed', () => {
  assert.match(broken({ broken: 'no-healing' }, FEW), '45000 ms after the last fault')
})

test.run()
