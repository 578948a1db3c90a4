/** A share of the seeds that `npm run sim` and the long tests run. `SEED=n` runs that one alone. */
import { assert, suite } from '../harness/suite.js'
import { Cluster } from './cluster.js'
import type { ClusterOptions } from './cluster-options.js'

const test = suite('sim/cluster', 60_000)
const SEEDS = 25

const TARGETS = ['one that is up', 'one that is down', 'one that stands still', 'one that leaves', 'a witness']
const FAULTS = [
  ...['crashes', 'loses power', 'lost power in a write', 'loses its disk', 'stands still', 'cut', 'cut one way'],
  ...[
    'restore refused',
    'moved with its connections',
    ...['handed-over', 'refused', 'not-here'].map((outcome) => `hand-over ${outcome}`),
  ],
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

/** One of these seeds shows that law missed; another may be missed first under some. */
function misses(law: string, change: Partial<ClusterOptions>, tries: readonly number[]): void {
  const seen: (string | undefined)[] = []
  for (const seed of tries) {
    seen.push(new Cluster({ seed, ...change }).run())
    if (seen.at(-1)?.includes(law)) return
  }
  assert.unreachable(`no seed misses "${law}" but: ${seen.join('; ')}`)
}

const FEW = [1, 2, 3, 4, 5, 6, 7, 8]
/** Force is rare, and mostly used where the others are down. */
const SECRET = [14, 47]

test('the laws are missed: voters that do not honour what they granted make two directors', () => {
  misses('two act for', { rules: { honourGrants: false } }, FEW)
})

test('the laws are missed: a disk that loses votes lets a voter vote again', () => {
  misses('votes in term', { broken: 'lost-votes' }, FEW)
})

test('the laws are missed: a disk that gives back an old registry takes a service back', () => {
  misses('goes back on', { broken: 'old-registry' }, FEW)
})

test('the laws are missed: a director that endorses before it stops acting makes two', () => {
  misses('two act for', { broken: 'rash-endorser' }, [6, 8, 15, 21])
})

test('the laws are missed: a director that goes on after it has endorsed another', () => {
  misses('which it has handed over', { broken: 'thawing-director' }, [8, 13, 21, 23])
})

test('the laws are missed: a witness that stands directs', () => {
  misses('and is a witness', { broken: 'eager-witness' }, [16, 19, 20, 24])
})

test('the laws are missed: force that nobody owns up to leaves two electorates that can decide', () => {
  misses('two electorates can decide', { broken: 'secret-force' }, SECRET)
})

test('the laws are missed: what never heals is not taken for healed', () => {
  misses('45000 ms after the last fault', { broken: 'no-healing' }, FEW)
})

test.run()
