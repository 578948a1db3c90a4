import { assert, suite } from '../harness/suite.js'
import { ElectionCluster } from './election-cluster.js'

const test = suite('sim/election', 60_000)
const SEEDS = 30

/** `SEED=n` runs that one only. */
const given = process.env['SEED']
const first = given === undefined ? 1 : Number(given)
const seeds = Array.from({ length: given === undefined ? SEEDS : 1 }, (_, i) => first + i)

/** Whether a broken elector is caught under one of these seeds. */
function isCaught(
  rules: NonNullable<ConstructorParameters<typeof ElectionCluster>[0]['rules']>,
  tries: readonly number[],
): boolean {
  return tries.some((seed) => {
    const cluster = new ElectionCluster({ seed, rules })
    cluster.run()
    return cluster.violation !== undefined
  })
}

test(`never two acting directors, and one for each service after the faults, in ${SEEDS} seeds`, () => {
  for (const seed of seeds) {
    const wrong = new ElectionCluster({ seed }).run()
    assert.is(wrong, undefined, `${wrong}; replay with: npm run sim -- --seed ${seed}`)
  }
})

test('the checker sees voters that forget what they granted', () => {
  assert.ok(isCaught({ honourGrants: false }, [1, 2, 3, 4, 5]))
})

test(`processes that take the place of others in the same life keep all of it, in ${SEEDS} seeds`, () => {
  let replaced = 0
  for (const seed of seeds) {
    const cluster = new ElectionCluster({ seed, replaces: 'soundly' })
    const wrong = cluster.run()
    assert.is(wrong, undefined, `${wrong}; SEED=${seed}`)
    replaced += cluster.faults.get('replaced') ?? 0
  }
  assert.ok(replaced > 10 * seeds.length, `${replaced} times`)
})

test('the checker sees processes that are not told what the ones before have granted', () => {
  const isCaughtBy = (seed: number) => new ElectionCluster({ seed, replaces: 'forgetful' }).run() !== undefined
  assert.ok([6, 10, 14].some(isCaughtBy))
})

test.run()
