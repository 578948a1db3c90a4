/** A node that is replaced again and again: nothing grows, and nobody notices. IPv6 as well. `ROUNDS=50 ADDRESS=fd77::9:9`. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { type ProcessSize, sizeOf } from './process-size.js'
import { ADDRESS, ADDRESS6, losses, SurvivalSite, sumOf } from './survival.js'
import { storyOf } from './waits.js'

const test = suite('cluster/replaced, long', 600_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const CLIENTS = 60
const ROUNDS = Number(process.env['ROUNDS'] ?? 10)

for (const address of process.env['ADDRESS']?.split(',') ?? [ADDRESS, ADDRESS6]) {
  test(
    `the director of ${address} is replaced ${ROUNDS} times`,
    async (scope) => {
      const site = await SurvivalSite.build(scope, address, '--local', 'equal')
      const { node } = await site.director()
      const sizes: ProcessSize[] = []
      const waits: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const report = await site.fare(address, CLIENTS, () => site.cluster.replace(node))
        assert.equal([round, losses(report)], [round, {}], storyOf(site))
        assert.is(
          sumOf(report, ({ alive }) => alive),
          CLIENTS,
        )
        waits.push(...report.talking.waitsMs)
        // The clients of this round have ended, and what they had.
        const isIdle = async () => ((await node.client.splices({ limit: 1 })).total === 0 ? true : undefined)
        await until(isIdle, 5_000, 'no connection is left')
        sizes.push(sizeOf(node.child?.pid ?? -1))
      }
      waits.sort((a, b) => a - b)
      const at = (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))]
      process.stdout.write(
        `${address}: ${ROUNDS} × ${CLIENTS} connections, waits median ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms\n` +
          `descriptors ${sizes.map(({ descriptors }) => descriptors)}; MiB ${sizes.map(({ mib }) => mib)}\n`,
      )
      const [first, last] = [sizes[0], sizes.at(-1)]
      if (first === undefined || last === undefined) throw new Error('no round')
      assert.ok(last.descriptors <= first.descriptors + 4, `${first.descriptors} descriptors, then ${last.descriptors}`)
      assert.ok(last.mib < first.mib * 1.3, `${first.mib} MiB, then ${last.mib}`)
      assert.is((await site.cluster.serving('echo')).director.name, node.name)
      // What it took over it gives away as if it had been the first, and dies with it in silence.
      const moved = await site.fare(address, CLIENTS, () => site.cluster.baton(node, 'move', 'echo'))
      assert.equal(losses(moved), {}, storyOf(site))
      const { director } = await site.cluster.serving('echo')
      await site.cluster.baton(site.cluster.named(director.name), 'move', 'echo', '--to', node.name)
      const killed = await site.fare(address, CLIENTS, () => site.cluster.kill(node))
      const { ECONNRESET: _lost, ...wrong } = losses(killed)
      assert.equal(wrong, {}, storyOf(site))
    },
    NEEDS,
  )
}

test.run()
