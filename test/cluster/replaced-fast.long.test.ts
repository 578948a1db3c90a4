/**
 * Own restarts of a director whose lease lasts 400 ms (profile `fast`), under clients that talk: it is renewed in time by the new
 * process, each time. `ROUNDS=20`.
 */
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, losses, SurvivalSite, sumOf } from './survival.js'
import { storyOf, waits } from './waits.js'

const test = suite('cluster/replaced, leases of 400 ms, long', 600_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const CLIENTS = 60
const ROUNDS = Number(process.env['ROUNDS'] ?? 20)
/** Programs that do nothing but take the processor. */
const LOAD = Number(process.env['LOAD'] ?? 0)

test(
  `the director is replaced ${ROUNDS} times: no lease and no connection is lost`,
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'equal')
    const { node } = await site.director()
    for (let i = 0; i < LOAD; i++) site.lan.named('client').start(`busy-${i}`, [process.execPath, '-e', 'for (;;);'])
    const [lostBefore, dark] = [site.events('lease-lost').length, [] as number[]]
    const tell = () => {
      const of = (field: string) => site.events('lease-kept').map((line) => Number(line[field]))
      process.stdout.write(
        `${dark.length} own restarts: the new process renewed ${spread(of('ms'))} ms after the old one, ` +
          `with ${spread(of('leftMs'))} ms to spare; the longest wait of a client ${spread(dark)} ms\n`,
      )
    }
    scope.defer(tell)
    for (let round = 0; round < ROUNDS; round++) {
      const report = await site.fare(ADDRESS, CLIENTS, () => site.cluster.replace(node))
      dark.push(waits(report).max)
      assert.equal([round, losses(report)], [round, {}], storyOf(site))
      assert.is(
        sumOf(report, ({ alive }) => alive),
        CLIENTS,
      )
      await site.cluster.settled()
    }
    assert.is(site.events('lease-kept').length, ROUNDS)
    assert.is(site.events('lease-lost').length, lostBefore, storyOf(site))
    assert.is((await site.cluster.serving('echo')).director.name, node.name)
  },
  NEEDS,
)

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  return `${sorted[sorted.length >> 1]} (${sorted[0]} to ${sorted.at(-1)})`
}

test.run()
