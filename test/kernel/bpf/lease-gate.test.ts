import { toHex } from '../../../src/base/bytes.js'
import type { HookName } from '../../../src/kernel/bpf/interface-hook.io.js'
import type { Host } from '../../../src/lab/hosts.io.js'
import { until } from '../../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../../harness/suite.js'
import { macBytes, type ProbePlan, type ProbeResult } from './address-prober.js'
import { arp, ethernet, ip4, ip6 } from './frames.js'
import { skip } from './permitted.js'
import { agentOn, IP4, IP6, NEEDS, type TwoHosts, twoHosts } from './two-hosts.js'

const test = suite('kernel/bpf/lease-gate', 30_000)

const ADDRESSES = [IP4, IP6]
const KINDS = ['arp', 'na', 'syn-ack 4', 'syn-ack 6', 'other 4', 'other 6']
/** From now to the deadline, and how long the prober goes on asking. */
const LEASE_MS = 1_000
const PROBE_MS = 2_200
/** A frame is noted when it is read: the prober may be late on a busy machine. */
const LATE_MS = 300

async function interfaceOf(host: Host, name: string): Promise<{ ifindex: number; mac: string }> {
  const text = await host.run('ip', '-o', 'link', 'show', 'dev', name)
  const [, index = '', mac = ''] = /^(\d+):.* link\/ether (\S+)/.exec(text) ?? []
  return { ifindex: Number(index), mac }
}

/** The gate on the server's `eth0`, connections that talk, and how the client probes. */
async function gated(
  scope: Scope,
  by: HookName = 'tcx',
): Promise<(TwoHosts & { ifindex: number; probe: ProbePlan }) | undefined> {
  const hosts = await twoHosts(scope)
  const { server, client, serverHost, clientHost } = hosts
  const [theirs, own] = await Promise.all([serverHost, clientHost].map((host) => interfaceOf(host, 'eth0')))
  if (theirs === undefined || own === undefined) throw new Error('no interface')
  try {
    await server.call('gate', theirs.ifindex, by)
  } catch (error) {
    return skip(error)
  }
  for (const address of ADDRESSES) {
    await server.call('listen', address, 80, 'service')
    assert.is(await client.call('keep', address, address, 80), `service at ${address} 80`)
  }
  const probe: ProbePlan = {
    ifindex: own.ifindex,
    own: { mac: own.mac, ip4: clientHost.address, ip6: clientHost.address6 },
    ip4: IP4,
    ip6: IP6,
    port: 80,
    mac: theirs.mac,
    forMs: PROBE_MS,
  }
  return { ...hosts, ifindex: theirs.ifindex, probe }
}

/** The process with the addresses is stopped before its deadline, and asked until well after it. */
async function stopAndProbe({ server, client, probe }: TwoHosts & { probe: ProbePlan }) {
  for (const address of ADDRESSES) await client.call('chatter', address)
  const deadline = await server.call<number>('deadline', ADDRESSES, LEASE_MS)
  server.signal('SIGSTOP')
  const { asked, answered } = await client.call<ProbeResult>('probe', probe)
  const count = (times: readonly number[] = [], from = 0, to = Number.POSITIVE_INFINITY) =>
    times.filter((at) => at > from && at <= to).length
  assert.ok(count(asked, deadline + LATE_MS) > 20, 'it is asked often after the deadline')
  return {
    before: KINDS.map((kind) => [kind, count(answered[kind], 0, deadline)] as const),
    after: KINDS.map((kind) => [kind, count(answered[kind], deadline + LATE_MS)] as const),
  }
}

for (const by of ['tcx', 'clsact'] as const) {
  test(
    `${by}: a stopped process answers until its deadline and not after it: no ARP, no advertisement, no SYN-ACK, no ACK`,
    async (scope) => {
      const hosts = await gated(scope, by)
      if (hosts === undefined) return
      const { server, client } = hosts
      const { before, after } = await stopAndProbe(hosts)
      for (const [kind, count] of before) assert.ok(count > 5, `${kind}: the stopped process answered ${count} times`)
      assert.equal(
        after,
        KINDS.map((kind) => [kind, 0]),
      )
      server.signal('SIGCONT')
      for (const address of ADDRESSES) assert.ok((await server.call<number>('drops', address)) > 20)
      // Renewed, all is as it was; the old connection lost nothing.
      await server.call('deadline', ADDRESSES, 60_000)
      const answers = async (address: string) =>
        (await client.call('ask', address, 80)) === `service at ${address} 80` ? true : undefined
      for (const address of ADDRESSES) await until(() => answers(address), 5_000, `${address} answers again`)
    },
    NEEDS,
  )

  test(
    `${by}: other addresses of the interface are untouched; the gate goes with its process, and one may follow`,
    async (scope) => {
      const hosts = await gated(scope, by)
      if (hosts === undefined) return
      const { server, client, serverHost } = hosts
      for (const address of [serverHost.address, serverHost.address6]) await server.call('listen', address, 81, 'host')
      await server.call('deadline', ADDRESSES, -1)
      for (const address of ADDRESSES) assert.is(await client.call('ask', address, 80), 'silence')
      for (const address of [serverHost.address, serverHost.address6]) {
        assert.is(await client.call('ask', address, 81), `host at ${address} 81`)
      }
      await server.end()
      for (const address of ADDRESSES) assert.is(await client.call('ask', address, 80), 'ECONNREFUSED')
      const next = agentOn(scope, serverHost)
      await next.call('gate', hosts.ifindex, by)
      await next.call('deadline', [IP4], -1)
      assert.is(await client.call('ask', IP4, 80), 'silence')
      await next.call('ungate', hosts.ifindex)
      assert.is(await client.call('ask', IP4, 80), 'ECONNREFUSED')
    },
    NEEDS,
  )
}

for (const by of ['tcx', 'clsact'] as const) {
  test(
    `${by}: a second process disturbs nothing until it claims; if it dies then, the first one claims back`,
    async (scope) => {
      const hosts = await gated(scope, by)
      if (hosts === undefined) return
      const { client, serverHost, server, ifindex } = hosts
      await server.call('ungate', ifindex)
      const [first, second] = [agentOn(scope, serverHost), agentOn(scope, serverHost)]
      const said = async () => Promise.all(ADDRESSES.map((address) => client.call<string>('ask', address, 80)))
      const answers = ADDRESSES.map((address) => `service at ${address} 80`)
      await first.call('gateAndGrave', ifindex, by, true)
      await first.call('deadline', ADDRESSES, 60_000)
      await second.call('gateAndGrave', ifindex, by, false)
      assert.equal(await said(), answers)
      await first.call('deadline', ADDRESSES, -1)
      assert.equal(await said(), ['silence', 'silence'], 'it is the first one that holds back')
      await first.call('deadline', ADDRESSES, 60_000)
      await second.call('deadline', ADDRESSES, 60_000)
      await second.call('claim')
      assert.equal(await said(), answers)
      second.signal('SIGKILL')
      await until(async () => ((await said())[1] === 'silence' ? true : undefined), 5_000, 'its grave buries over IPv6')
      await first.call('claim')
      assert.equal(await said(), answers, 'the living is not buried')
      await first.call('deadline', ADDRESSES, -1)
      assert.equal(await said(), ['silence', 'silence'])
    },
    NEEDS,
  )
}

test(
  'without the gate a stopped process goes on answering: the check above can fail',
  async (scope) => {
    const hosts = await gated(scope)
    if (hosts === undefined) return
    await hosts.server.call('ungate', hosts.ifindex)
    const { after } = await stopAndProbe(hosts)
    for (const [kind, count] of after) assert.ok(count > 5, `${kind}: ${count}`)
  },
  NEEDS,
)

test(
  'frames that come with VLAN tags, of which the kernel makes metadata, are held back too',
  async (scope) => {
    const hosts = await gated(scope)
    if (hosts === undefined) return
    const { server, client, probe } = hosts
    const mac = { from: macBytes(probe.own.mac), to: macBytes(probe.mac) }
    const drops = async () => (await server.call<number>('drops', IP4)) + (await server.call<number>('drops', IP6))
    await server.call('deadline', ADDRESSES, -1)
    for (const tags of [['vlan'], ['outerVlan', 'vlan']] as const) {
      for (const frame of [
        ethernet('arp', arp('10.77.0.2', IP4), mac, tags),
        ethernet('ip4', ip4('10.77.0.2', IP4, new Uint8Array(20)), mac, tags),
        ethernet('ip6', ip6('fd77::2', IP6, new Uint8Array(20)), mac, tags),
      ]) {
        const before = await drops()
        await client.call('sendFrame', probe.ifindex, toHex(frame))
        await until(
          async () => ((await drops()) > before ? true : undefined),
          5_000,
          `${tags} ${toHex(frame)} is dropped`,
        )
      }
    }
  },
  NEEDS,
)

test.run()
