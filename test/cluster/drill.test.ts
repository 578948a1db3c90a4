/** `baton drill` on real hosts: what it says is what happened to clients that check every byte. */
import { assert, suite } from '../harness/suite.js'
import { CLIENTS, drilled } from './drilled.js'
import { ADDRESS, losses, SurvivalSite, sumOf } from './survival.js'
import { storyOf } from './waits.js'

const test = suite('cluster/drill', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
test(
  'kill: the verdicts that it reports are the fates of the clients, and every node remembers',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'last')
    const { node } = await site.director()
    const here = await site.cluster
      .baton(node, 'drill', 'echo', '--yes')
      .catch((error: { stderr?: string }) => error.stderr)
    assert.match(String(here), /cannot tell what became of it.*\n.*run it on/)
    const { before, standby, fates, report } = await drilled(site, 'kill')
    const { ECONNRESET = 0, ...wrong } = losses(fates)
    assert.equal(wrong, {})
    assert.is(sumOf(fates, ({ alive }) => alive) + ECONNRESET, CLIENTS)
    assert.equal(
      [report.director.name, report.by.name, report.connections.directed],
      [before.name, standby.name, CLIENTS],
    )
    assert.equal([report.connections.expected, report.connections.local], [CLIENTS, 0])
    const { revived = 0, proven = 0, filled = 0, reset = 0, gone, unverified, failures } = report.verdicts ?? {}
    assert.equal([revived, gone, unverified, failures], [CLIENTS, 0, 0, {}])
    assert.equal([proven + filled, reset], [CLIENTS - ECONNRESET, ECONNRESET])
    assert.ok(report.to !== null && report.to.name !== before.name)
    const [dark, serving] = [report.darkMs ?? -1, report.servingMs ?? -1]
    assert.ok(dark > 0 && dark < 3_000 && serving > 0 && serving < 3_000, `dark ${dark} ms, serving ${serving} ms`)
    const third = site.cluster.live().find(({ name }) => name !== standby.name)
    const view = await third?.client.service('echo')
    assert.equal([view?.drill?.fault, view?.drill?.from, view?.drill?.revived], ['kill', before.name, CLIENTS])
    // Two of three are left: one more would be one too many.
    const again = await site.cluster
      .baton(standby, 'drill', 'echo', '--yes')
      .catch((error: { stderr?: string }) => error.stderr)
    assert.match(String(again), /voters would be left, and 2 are needed|cannot tell what became/)
  },
  NEEDS,
)

test.long(
  'move, ordered by a standby: nothing is lost, connections to programs beside the director go along',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'equal')
    const { before, fates, report } = await drilled(site, 'move')
    assert.equal(losses(fates), {})
    assert.equal([report.connections.directed, report.connections.expected], [CLIENTS, CLIENTS])
    assert.ok(report.connections.local > 0)
    assert.equal([report.verdicts?.revived, report.verdicts?.reset, report.back], [CLIENTS, 0, true])
    // On a busy host a lease of 400 ms may be lost before: then another gives it away, and perhaps to the first.
    assert.is.not(report.to?.name, report.director.name, storyOf(site))
    assert.ok(report.director.name === before.name || site.events('lease-lost').length > 1, storyOf(site))
  },
  NEEDS,
)

test.run()
