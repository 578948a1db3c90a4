/** What Baton is for: a director dies, and its clients notice a pause. They check every byte. */
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, ADDRESS6, losses, SurvivalSite, sumOf } from './survival.js'

const test = suite('cluster/survival', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const CLIENTS = 60

for (const address of [ADDRESS, ADDRESS6]) {
  test(
    `SIGKILL of the director: its connections to ${address} live on`,
    async (scope) => {
      const site = await SurvivalSite.build(scope, address, '--local', 'last')
      const { node } = await site.director()
      const report = await site.fare(address, CLIENTS, () => site.cluster.kill(node))
      const { ECONNRESET = 0, ...wrong } = losses(report)
      assert.equal(wrong, {}, 'nobody stalls, is ended or hears a wrong byte')
      assert.ok(
        ECONNRESET <= CLIENTS / 10,
        `${ECONNRESET} were reset: their bytes had been acknowledged by the dead kernel`,
      )
      assert.is(report.silent.alive, CLIENTS / 2, 'who says nothing loses nothing')
      assert.is(sumOf(report, ({ alive }) => alive) + ECONNRESET, CLIENTS)
      const recovered = site.events('recovered').find(({ revived }) => Number(revived) > 0)
      assert.equal([recovered?.['revived'], recovered?.['failed']], [CLIENTS, 0])
      const verdicts = site.events('verdicts')
      const count = (verdict: string) => verdicts.reduce((sum, line) => sum + Number(line[verdict]), 0)
      assert.equal(
        [count('proven') + count('filled') + count('reset') + count('gone'), count('reset')],
        [CLIENTS, ECONNRESET],
      )
    },
    NEEDS,
  )
}

test(
  'a director that is killed and started again at once, as supervisors do: the new life does not let the old one be heard (IPv6)',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS6, '--local', 'last')
    const { node } = await site.director()
    const report = await site.fare(ADDRESS6, CLIENTS, async () => {
      await site.cluster.kill(node)
      site.cluster.up(node)
    })
    const { ECONNRESET = 0, ...wrong } = losses(report)
    assert.equal(wrong, {})
    assert.ok(ECONNRESET <= CLIENTS / 10, `${ECONNRESET} were reset`)
    assert.is(report.silent.alive, CLIENTS / 2)
    // What kept the last life silent does not hold back this one.
    await site.cluster.settled()
    await site.cluster.baton(node, 'move', 'echo', '--to', node.name)
    assert.is((await site.director()).node.name, node.name)
    const back = await site.fare(ADDRESS6, 4, () => {})
    assert.is(
      sumOf(back, ({ alive }) => alive),
      4,
    )
  },
  NEEDS,
)

test(
  'the cable of the director is pulled, and put in again: it is refused, and nothing is heard of it',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'last')
    const { host } = await site.director()
    const report = await site.fare(
      ADDRESS,
      CLIENTS,
      () => host.cableOut(),
      () => host.cableIn(),
    )
    const { ECONNRESET = 0, ...wrong } = losses(report)
    assert.equal(wrong, {})
    assert.ok(ECONNRESET <= CLIENTS / 10, `${ECONNRESET} were reset`)
    assert.is(report.silent.alive, CLIENTS / 2)
  },
  NEEDS,
)

test.run()
