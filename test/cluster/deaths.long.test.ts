/** A director dies in whatever way there is: none of its clients is told, and all of them go on at the next one. */
import { rmdirSync } from 'node:fs'
import { assert, suite } from '../harness/suite.js'
import { HANG, LANE_DEATHS, memoryGroupOf, OUT_OF_MEMORY, PROCESS_DEATHS } from './deaths.js'
import { surviveLanes } from './lane-deaths.js'
import { ADDRESS, ADDRESS6, losses, SurvivalSite, sumOf } from './survival.js'

const test = suite('cluster/deaths, long', 460_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const CLIENTS = 60

const ADDRESSES = process.env['ADDRESSES']?.split(',') ?? [ADDRESS, ADDRESS6]

for (const address of ADDRESSES) {
  test(
    `whatever a director dies of, its connections to ${address} live on`,
    async (scope) => {
      const { site, deaths } = await SurvivalSite.buildMortal(scope, address, ['--local', 'last'])
      const fates: string[] = []
      const die = async (name: string, way: () => unknown) => {
        const { node } = await site.director()
        const report = await site.fare(address, CLIENTS, async () => {
          await way()
          await node.child?.ended
        })
        const { ECONNRESET = 0, ...wrong } = losses(report)
        const alive = sumOf(report, (fate) => fate.alive)
        console.log(
          `${name}: ${alive} live on, ${ECONNRESET} reset, ${JSON.stringify(wrong)}, ${JSON.stringify(await node.child?.ended)}`,
        )
        if (Object.keys(wrong).length > 0 || report.silent.alive < CLIENTS / 2 || ECONNRESET > CLIENTS / 10)
          fates.push(`${name}: ${JSON.stringify(losses(report))}`)
        site.cluster.up(node)
        await site.cluster.settled()
      }
      for (const [name, source] of Object.entries(PROCESS_DEATHS)) {
        await die(name, async () => deaths.ofProcess((await site.director()).node, source))
      }
      const poor = (await site.director()).node.child
      await die('for want of memory', async () => deaths.ofProcess((await site.director()).node, OUT_OF_MEMORY))
      rmdirSync(memoryGroupOf(poor?.pid ?? 0))
      assert.is((await poor?.ended)?.signal, 'SIGKILL', 'the kernel ended it')
      for (const signal of ['SIGHUP', 'SIGQUIT', 'SIGALRM', 'SIGBUS'] as const) {
        await die(signal, async () => (await site.director()).node.child?.kill(signal))
      }
      await die('its thread for the LAN hangs', async () => deaths.ofWire((await site.director()).node, HANG))
      await die('SIGTERM twice', async () => {
        const { child } = (await site.director()).node
        child?.kill('SIGTERM')
        child?.kill('SIGTERM')
      })
      assert.equal(fates, [])
    },
    NEEDS,
  )
}

test(
  'whatever a lane of the director dies of, its connections go on',
  (scope) => surviveLanes(scope, LANE_DEATHS, (line) => console.log(line)),
  NEEDS,
)

test.run()
