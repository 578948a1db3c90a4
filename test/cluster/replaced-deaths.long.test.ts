/** A director that is killed while another process is about to take its place: its clients hear nothing, as whenever it is killed. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, ADDRESS6, SurvivalSite } from './survival.js'

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

test.run()
