/** A share of the seeds that `npm run sim` and the long tests run. `SEED=n` runs that one alone. */
import { assert, suite } from '../harness/suite.js'
import { Cluster } from './cluster.js'

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

/** What the first of these seeds breaks when a rule is switched off. */
function broken(rule: string, seeds: readonly number[]): string {
  for (const seed of seeds) {
    const wrong = new Cluster({ seed, rules: { [rule]: false } }).run()
    if (wrong !== undefined) return wrong
  }
  return 'nothing'
}

test('the law of one director is missed when voters do not honour what they granted', () => {
  assert.match(broken('honourGrants', [1, 2, 3, 4, 5, 6]), 'two act for')
})

test.run()
