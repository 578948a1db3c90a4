/** Takeovers that do not go as they should: the next director dies as well, or a node answers late. */
import type { LabNode } from '../../src/lab/cluster.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { lostInput, resetClients } from './acknowledged.js'
import { CLIENTS, decided, killInSuccession, NAMES, said } from './second-death.js'
import { ADDRESS, framesOf, losses, SurvivalSite } from './survival.js'
import { readPacket } from './takeover-trace.js'

const test = suite('cluster/late-ledger', 90_000)
const DATA_PORTS = '7441-7449'
const UNHEARD_MS = 500
/** So long a kernel keeps an acknowledgement back at most, twice. */
const ACKNOWLEDGED_MS = 100
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'tcpdump'], root: true }

test(
  'a director is killed, and the next one when it has rebuilt some: the third goes on with all that is not on their hosts',
  (scope) => killInSuccession(scope, 'ledger-told'),
  NEEDS,
)

/** A node is not heard by data links from `unheardMs` before its director dies until after the address is at the next one. */
async function killUnheard(scope: Scope, unheardMs: number) {
  const site = await SurvivalSite.of(NAMES, scope, ADDRESS, '--local', 'last')
  const { node } = await site.director()
  const [, ...order] = (await node.client.why('echo')).candidates.filter(({ name }) => name !== node.name)
  // Not whoever takes over.
  const others = order.map(({ name }) => site.cluster.named(name))
  const told = await site.capture('-S', 'tcp and src host', ADDRESS)
  let late = node
  let programs = new Set<number>()
  const report = await site.fare(ADDRESS, CLIENTS, async () => {
    late = await busiest(others)
    programs = new Set((await splicesOf(late)).map(({ client }) => Number(client.from.split(':').at(-1))))
    // It lives, as gossip and control links say; what data links carry comes when the filter is gone.
    const { namespace } = site.lan.named(late.name)
    const data = `tcp dport ${DATA_PORTS} drop; tcp sport ${DATA_PORTS} drop`
    await namespace.nft(`table inet lab { chain in { type filter hook input priority 0; ${data}; }; }`)
    await new Promise((resolve) => setTimeout(resolve, unheardMs))
    await site.cluster.kill(node)
    await said(site, 'address-here', node.name)
    // Whoever talks does so to a director that does not know its connection.
    await new Promise((resolve) => setTimeout(resolve, UNHEARD_MS))
    await namespace.nft('delete table inet lab')
    await until(
      () => (decided(site, '') >= CLIENTS ? true : undefined),
      25_000,
      () => `${decided(site, '')} are decided`,
    )
  })
  const packets = framesOf(told).flatMap((line) => readPacket(line, ADDRESS, 0) ?? [])
  const [lost, reset] = [lostInput(packets), resetClients(packets)]
  const { ECONNRESET = 0, ...wrong } = losses(report)
  assert.is(
    site.events('recovered').find(({ missing }) => missing !== '')?.['missing'],
    late.name,
    'it was complete without it',
  )
  assert.equal(wrong, {}, 'nobody stalls, is ended or hears a wrong byte')
  assert.is(report.silent.alive, CLIENTS / 2)
  assert.equal(
    [...reset].sort(),
    [...lost].sort(),
    'whoever was told of bytes that nobody has is reset, and nobody else',
  )
  assert.is(ECONNRESET, reset.size)
  const elsewhere = [...reset].filter((port) => !programs.has(port)).length
  assert.ok(elsewhere <= CLIENTS / 10, `${elsewhere} were reset whose program was heard`)
  const resets = packets.filter(({ flags }) => flags.includes('R')).length
  assert.ok(resets <= 2 * ECONNRESET, `${resets} RSTs for ${ECONNRESET} connections`)
  return { lost: lost.size, programs: programs.size }
}

test(
  'a node that cannot be heard while its director dies is asked later, and until then nobody is told that its connections are none',
  async (scope) => void (await killUnheard(scope, 0)),
  NEEDS,
)

test(
  'what a director acknowledged to clients while a node could not hear it is lost with it: these are reset, and no others',
  async (scope) => {
    const { lost, programs } = await killUnheard(scope, ACKNOWLEDGED_MS)
    assert.ok(lost > 0 && programs > 0, `${lost} of ${programs}`)
  },
  NEEDS,
)

async function splicesOf({ client }: LabNode) {
  return (await client.splices({ service: 'echo', limit: 10 * CLIENTS })).splices.filter(
    ({ here }) => here === 'backend',
  )
}

/** Clients that talk are dealt to some hosts, and those that are silent to others. */
async function busiest(nodes: readonly LabNode[]): Promise<LabNode> {
  const loads = await Promise.all(
    nodes.map(async (node) => (await splicesOf(node)).reduce((sum, { bytesUp }) => sum + bytesUp, 0)),
  )
  return nodes[loads.indexOf(Math.max(...loads))] as LabNode
}

test.run()
