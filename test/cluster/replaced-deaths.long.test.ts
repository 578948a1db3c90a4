/** A director that is killed while another process is about to take its place: its clients hear nothing, as whenever it is killed. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, ADDRESS6, losses, SurvivalSite } from './survival.js'

const test = suite('cluster/replaced, deaths, long', 120_000)
const CLIENTS = 60
/** A FIN of a process that dies comes at once. */
const HEARD_MS = 1_000
const FALSE_HEIR = fileURLToPath(new URL('false-heir.ts', import.meta.url))

for (const address of process.env['ADDRESS']?.split(',') ?? [ADDRESS, ADDRESS6]) {
  test(
    `${address}: the other process has been greeted`,
    async (scope) => {
      const site = await SurvivalSite.build(scope, address, '--local', 'last')
      const { node, host } = await site.director()
      const holders = await site.hold(address, CLIENTS)
      const heir = host.start('heir', [process.execPath, '--import', 'tsx', FALSE_HEIR, node.state, 'waits'])
      await until(() => (readFileSync(heir.output, 'utf8').includes('has hello') ? true : undefined), 20_000, 'hello')
      await site.cluster.kill(node)
      await new Promise((resolve) => setTimeout(resolve, HEARD_MS))
      const words = readFileSync(holders.output, 'utf8').split('all stand')[1]?.trim().split('\n').filter(Boolean)
      assert.equal(words, [], 'its clients hear nothing')
    },
    { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true },
  )
}

/** The other process has the device by then, and has not begun yet. */
async function greeted(state: string): Promise<void> {
  const asks = () => readdirSync(state).some((name) => /^replace\.\d+\.sock$/.test(name))
  await until(() => (asks() ? true : undefined), 20_000, 'it asks', 1)
  await until(() => (asks() ? undefined : true), 20_000, 'it is greeted', 1)
}

test(
  'the other process, which has the device by then, goes with it at once: nobody is left with an address that nobody serves',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'last')
    const { node, host } = await site.director()
    const before = node.child
    const hasAddress = async () => (await host.run('ip', '-o', 'addr', 'show')).includes(ADDRESS)
    assert.ok(await hasAddress())
    let [heldMs, networks] = [0, 0]
    const report = await site.fare(ADDRESS, CLIENTS, async () => {
      site.cluster.up(node, '--replace')
      await greeted(node.state)
      before?.kill('SIGKILL')
      const killedAt = performance.now()
      networks = site.events('addresses', node.name).length
      await until(async () => ((await hasAddress()) ? undefined : true), 10_000, 'the address is gone', 1)
      heldMs = performance.now() - killedAt
    })
    process.stdout.write(`\nthe address was gone ${Math.round(heldMs)} ms after the director\n`)
    await until(() => (node.child?.isOver === true ? true : undefined), 5_000, 'it has ended')
    assert.is(site.events('addresses', node.name).length, networks, 'it has not gone on to begin')
    const fatal = site.events('fatal', node.name).at(-1)
    assert.match(String(fatal?.['why']), /has died while this process was to take its place/)
    const { ECONNRESET = 0, ...wrong } = losses(report)
    assert.equal(wrong, {}, 'nobody stalls, is ended or hears a wrong byte')
    assert.ok(ECONNRESET <= CLIENTS / 10, `${ECONNRESET} were reset`)
    assert.is(report.silent.alive, CLIENTS / 2, 'who says nothing loses nothing')
    assert.not.equal((await site.director()).node.name, node.name)
  },
  { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true },
)

test.run()
