/** A director gives its service away, because it is told to or because it stops: nobody loses anything. */
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, losses, SurvivalSite, sumOf } from './survival.js'

const test = suite('cluster/moves', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const CLIENTS = 60

test(
  'baton move: all connections go along, also those to a program on the old director’s own host',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'equal')
    const { node } = await site.director()
    let said = ''
    const report = await site.fare(ADDRESS, CLIENTS, async () => {
      const { stdout } = await site.cluster.baton(node, 'move', 'echo')
      said = stdout
    })
    assert.equal(losses(report), {})
    assert.is(
      sumOf(report, ({ alive }) => alive),
      CLIENTS,
    )
    const after = await site.director()
    assert.is.not(after.node.name, node.name)
    assert.match(said, new RegExp(`^${after.node.name} directs echo now; ${node.name} gave it up \\d+ ms before`))
    const refused = await site.cluster.baton(node, 'move', 'echo').catch((error: { stderr?: string }) => error.stderr)
    assert.match(String(refused), new RegExp(`run \`baton move\` on ${after.node.name}`))
  },
  NEEDS,
)

test.long(
  'SIGTERM of the director: what it directs is moved first',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'last')
    const { node } = await site.director()
    const report = await site.fare(ADDRESS, CLIENTS, () => site.cluster.stop(node))
    assert.equal(losses(report), {})
    assert.is(
      sumOf(report, ({ alive }) => alive),
      CLIENTS,
    )
  },
  NEEDS,
)

test.run()
