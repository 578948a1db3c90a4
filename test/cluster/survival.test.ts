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

test.long(
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
