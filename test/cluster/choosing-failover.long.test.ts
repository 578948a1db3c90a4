/** What a choice counts goes on over a director's death; and a node that is not to direct gives away what it has. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, PORT, printedBy, SurvivalSite } from './survival.js'

const test = suite('cluster/choosing-failover', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const HOLDERS = new URL('./holders-main.ts', import.meta.url).pathname
const LIMITS = ['--node-connections', '3', '--queue-timeout', '30s', '--scheduler', 'least-connections']

test(
  'a stand-alone director dies: its successor knows how full nodes are; not to direct any more, it hands all over',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, ...LIMITS)
    const first = (await site.director()).node
    await site.cluster.baton(first, 'service', 'node', 'echo', first.name, '--serve', 'no')
    const others = site.cluster.nodes.filter(({ name }) => name !== first.name)
    await until(
      async () => {
        const views = await Promise.all(others.map(({ client }) => client.service('echo')))
        return views.every(({ choice }) => choice.assignments.length === 1) || undefined
      },
      5_000,
      'all know that it does not serve',
    )
    const spliced = async (name: string) => {
      const { backends } = await site.cluster.named(name).client.service('echo')
      return Object.fromEntries(backends.map(({ node, splices }) => [node.name, splices]))
    }
    const held = await site.hold(ADDRESS, 6)
    const full = Object.fromEntries(site.cluster.nodes.map(({ name }) => [name, name === first.name ? 0 : 3]))
    assert.equal(await spliced(first.name), full)

    await site.cluster.kill(first)
    const next = (await site.director()).node
    await until(
      async () => Object.values(await spliced(next.name)).reduce((sum, count) => sum + count, 0) === 6 || undefined,
      5_000,
      'all connections go on',
    )
    const command = [process.execPath, '--import', 'tsx', HOLDERS, ADDRESS, String(PORT), '1'] as const
    const late = site.lan.named('client').start('late', [...command])
    const placement = async () => (await next.client.service('echo')).choice.placement
    await until(async () => (await placement())?.waiting === 1 || undefined, 10_000, 'the seventh waits')
    assert.equal(printedBy(held), ['all stand'], 'none was lost')
    held.kill('SIGUSR2')
    await until(() => printedBy(late).includes('all stand') || undefined, 5_000, 'it is served')

    await site.cluster.baton(next, 'service', 'node', 'echo', next.name, '--direct', 'no')
    await until(async () => (await site.director()).node !== next || undefined, 10_000, 'another directs')
    const last = (await site.director()).node
    await until(async () => (await last.client.splices({ limit: 10 })).total === 1 || undefined, 5_000, 'and has it')
    assert.equal(printedBy(late), ['all stand'], 'it lives on')
    const { candidates, sentences } = await last.client.why('echo')
    assert.equal(
      candidates.map(({ name }) => name),
      [last.name],
    )
    assert.match(sentences.join(' '), `${next.name} never directs it, as an operator said`)
    const refusal = (...args: string[]) =>
      site.cluster.baton(last, ...args).then(
        () => 'done',
        ({ stderr }: { stderr: string }) => stderr.replaceAll(/\s+/g, ' '),
      )
    assert.match(await refusal('move', 'echo', '--to', next.name), `${next.name} is kept from directing echo`)
    assert.match(await refusal('drain', '--director', last.name), 'nobody would be left to direct echo')
  },
  NEEDS,
)

test.run()
