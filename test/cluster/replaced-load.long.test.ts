/**
 * A node that is replaced while it has much to carry: ten times in a row under the same connections, half of them talking, and once
 * with ten thousand. `ROUNDS=10 CLIENTS=200 MANY=10000`.
 */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { type ProcessSize, sizeOf } from './process-size.js'
import { ADDRESS, losses, SurvivalSite, sumOf } from './survival.js'
import { assertWhole, storyOf } from './waits.js'

const test = suite('cluster/replaced under load, long', 400_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const ROUNDS = Number(process.env['ROUNDS'] ?? 10)
const CLIENTS = Number(process.env['CLIENTS'] ?? 200)
const MANY = Number(process.env['MANY'] ?? 10_000)
/** Each of the five thousand that talk says something so often. */
const MANY_TALK_EVERY_MS = 2_000
const LAN = ['--profile', 'lan']

test(
  `${ROUNDS} own restarts in a row under ${CLIENTS} connections, half of them talking: none is lost, and nothing grows`,
  async (scope) => {
    const { site } = await SurvivalSite.buildMortal(scope, ADDRESS, ['--local', 'equal'], LAN)
    const { node } = await site.director()
    const sizes: ProcessSize[] = []
    const report = await site.fare(ADDRESS, CLIENTS, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        await site.cluster.replace(node)
        await site.cluster.settled()
        sizes.push(sizeOf(node.child?.pid ?? -1))
      }
    })
    process.stdout.write(`descriptors ${sizes.map((size) => size.descriptors)}; MiB ${sizes.map(({ mib }) => mib)}\n`)
    assertWhole(report, CLIENTS, `${ROUNDS} own restarts in a row`, storyOf(site))
    const [first, last] = [sizes[0], sizes.at(-1)]
    if (first === undefined || last === undefined) throw new Error('no round')
    assert.ok(last.descriptors <= first.descriptors + 4, `${first.descriptors} descriptors, then ${last.descriptors}`)
    assert.ok(last.mib < first.mib * 1.3, `${first.mib} MiB, then ${last.mib}`)
    assert.is((await node.client.status()).node.replaced?.times, ROUNDS)
    assert.equal(site.events('lease-lost'), [], storyOf(site))
  },
  NEEDS,
)

test(
  `an own restart with ${MANY} connections: none is lost`,
  async (scope) => {
    const { site } = await SurvivalSite.buildMortal(scope, ADDRESS, ['--local', 'equal'], LAN)
    const { node } = await site.director()
    const sizes: ProcessSize[] = []
    const [lostBefore, startedAt] = [site.events('lease-lost').length, [] as number[]]
    const fault = async () => {
      sizes.push(sizeOf(node.child?.pid ?? -1))
      startedAt.push(performance.now())
      await site.cluster.replace(node)
      startedAt.push(performance.now())
      const isWhole = async () => ((await node.client.splices({ limit: 1 })).total >= MANY ? true : undefined)
      await until(isWhole, 10_000, 'the new process has all connections')
      sizes.push(sizeOf(node.child?.pid ?? -1))
    }
    const report = await site.fare(ADDRESS, MANY, fault, () => {}, MANY_TALK_EVERY_MS)
    const [given] = site.events('replaced')
    const [took] = site.events('took-over')
    const [kept] = site.events('lease-kept')
    const [from = 0, to = 0] = startedAt
    process.stdout.write(
      `${MANY} connections: ${Math.round(to - from)} ms in all; ${given?.['rows']} rows, ${given?.['descriptors']} descriptors, ` +
        `${given?.['bytes']} bytes in ${given?.['ms']} ms; nobody acted for ${took?.['ms']} ms; lease renewed after ${kept?.['ms']} ms; ` +
        `MiB ${sizes.map(({ mib }) => mib).join(', then ')}\n`,
    )
    assert.equal(losses(report), {}, storyOf(site))
    assert.is(
      sumOf(report, ({ alive }) => alive),
      MANY,
    )
    assertWhole(report, MANY, 'dark time')
    assert.is(site.events('lease-lost').length, lostBefore, storyOf(site))
  },
  NEEDS,
)

test.run()
