/** Nodes that are stopped one after the other, under clients that come and go. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, PORT, printedBy, SurvivalSite } from './survival.js'
import { storyOf } from './waits.js'

const test = suite('cluster/stops', 100_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const COMERS = fileURLToPath(new URL('./comers-main.ts', import.meta.url))
const COMERS_COUNT = 40

test(
  'nodes are stopped one after the other under clients that come and go: none sees an error',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'equal')
    const { cluster } = site
    const file = path.join(cluster.folder, 'comers-end')
    const command = [process.execPath, '--import', 'tsx', COMERS, ADDRESS, String(PORT), String(COMERS_COUNT), file]
    const comers = site.lan.named('client').start('comers', command)
    await until(() => (printedBy(comers).includes('begun') ? true : undefined), 20_000, 'clients come')
    for (const node of [...cluster.nodes]) {
      const begun = Date.now()
      const { stdout } = await cluster.baton(node, 'stop')
      assert.match(stdout, /gives away what it directs, and ends/)
      await node.child?.ended
      process.stdout.write(`${node.name} was stopped within ${Date.now() - begun} ms\n`)
      cluster.up(node)
      await cluster.answers(node)
      await cluster.settled()
      assert.is((await node.client.programDrain(undefined, undefined)).drained, false, 'started again, it is as before')
      await until(
        async () => (await node.client.service('echo')).backends.every(({ state }) => state === 'healthy') || undefined,
        5_000,
        'all serve again',
      )
    }
    writeFileSync(file, '')
    await comers.ended
    const lines = printedBy(comers)
    const problems = lines.filter((line) => line.startsWith('problem'))
    assert.equal(problems, [], problems.length === 0 ? '' : `${problems.join('\n')}\n${storyOf(site)}`)
    const served = Number(lines.at(-1)?.split(' ')[1] ?? 0)
    assert.ok(served > COMERS_COUNT, `${served} served`)
    process.stdout.write(`${served} connections were served\n`)
  },
  NEEDS,
)

test.run()
