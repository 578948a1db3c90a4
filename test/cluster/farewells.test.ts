/** Connections that are lost with their director: their clients and programs hear so, without having to ask. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, ADDRESS6, framesOf, printedBy, SurvivalSite } from './survival.js'

const test = suite('cluster/farewells', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'tcpdump', 'ss'], root: true }
const CLIENTS = 40
/** Two news from the director to the next in line. */
const TOLD_MS = 2_500
/** Of silence, from the kill to the client's word: election, takeover and one question each. */
const HEARD_MS_MAX = 8_000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

for (const address of [ADDRESS, ADDRESS6]) {
  const add = address === ADDRESS ? test : test.long
  add(
    `SIGKILL of a director with programs of its own: silent clients of ${address} hear that it is over`,
    async (scope) => {
      const site = await SurvivalSite.build(scope, address, '--local', 'first')
      const { node } = await site.director()
      const holders = await site.hold(address, CLIENTS)
      await pause(TOLD_MS)
      assert.equal(printedBy(holders), ['all stand'])
      await site.cluster.kill(node)
      const lost = () => printedBy(holders).slice(1)
      const all = () => (lost().length === CLIENTS ? true : undefined)
      await until(all, HEARD_MS_MAX, () => `all hear of it: ${lost().length} did`)
      const words = new Set(lost().map((line) => line.split(' ')[1]))
      assert.equal([...words], ['ECONNRESET'])
      // Each has been heard to know nothing of it any more.
      const gone = () => site.total('farewells', 'gone')
      await until(
        () => (gone() === CLIENTS ? true : undefined),
        5_000,
        () => `${gone()} are known to be gone`,
      )
      assert.equal([site.total('farewells', 'reset'), site.total('farewells', 'untold')], [CLIENTS, 0])
      assert.is((await site.director()).node.name === node.name, false)
    },
    NEEDS,
  )
}

test(
  'a client that has ended its connection while nobody answered: its program is told by the next director',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'last')
    const { node } = await site.director()
    const others = site.lan.hosts.filter(({ name }) => name !== 'client' && name !== node.name)
    const served = async () => (await Promise.all(others.map((host) => site.served(host)))).reduce((a, b) => a + b)
    const holders = await site.hold(ADDRESS, CLIENTS)
    assert.is(await served(), CLIENTS)
    const resets = await site.capture('tcp[tcpflags] & tcp-rst != 0 and dst host', ADDRESS)
    await site.cluster.kill(node)
    holders.kill('SIGUSR2')
    await until(async () => ((await served()) === 0 ? true : undefined), HEARD_MS_MAX, 'no program is left with one')
    assert.ok(framesOf(resets).length >= CLIENTS)
    const gone = () => site.total('verdicts', 'gone')
    await until(
      () => (gone() === CLIENTS ? true : undefined),
      5_000,
      () => `${gone()} are known to be gone`,
    )
  },
  NEEDS,
)

test.run()
