/** A program that runs on one node at a time never runs on two, whatever happens; and runs when all is calm. */
import { assert, suite } from '../harness/suite.js'
import { Cluster } from './cluster.js'
import type { BrokenGuard } from './sim-programs.js'

const test = suite('sim/hosting', 60_000)
const given = process.env['SEED']
const seeds = given === undefined ? Array.from({ length: 10 }, (_, i) => i + 1) : [Number(given)]

test('one at a time under crashes, cuts, pauses, lost power and operators, in 10 seeds', () => {
  let [starts, fenced] = [0, 0]
  for (const seed of seeds) {
    const cluster = new Cluster({ seed, hosts: true })
    const wrong = cluster.run()
    assert.is(wrong, undefined, `${wrong}; replay with: npm run sim -- --hosts --seed ${seed}`)
    for (const { programs } of cluster.hosts) {
      starts += programs.starts
      fenced += programs.fenced
    }
  }
  // What never starts, and is never stopped by force, shows nothing.
  if (given === undefined) assert.ok(starts > 60 && fenced > 10, `${starts} starts, ${fenced} stopped by guards`)
})

function misses(brokenGuard: BrokenGuard): void {
  const seen: (string | undefined)[] = []
  for (let seed = 1; seed <= 12; seed++) {
    seen.push(new Cluster({ seed, hosts: true, brokenGuard }).run())
    if (seen.at(-1)?.includes('runs on two')) return
  }
  assert.unreachable(`no seed misses it but: ${seen.join('; ')}`)
}

test('a guard that sleeps is missed', () => misses('sleepy-guard'))
test('a guard that needs longer than it may is missed', () => misses('slow-guard'))

test.run()
