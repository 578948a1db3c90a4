/** A host keeps what clients send while its address is hushed or gone, and it is heard later as if it came by the network. */
import { fromHex } from '../../src/base/bytes.js'
import { isSegmentTo } from '../../src/kernel/captured-frame.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import type { Agent } from './bpf/agent-client.js'
import { IP4, NEEDS, twoHosts } from './bpf/two-hosts.js'

const test = suite('kernel/packet-trap', 30_000)
const PORT = 80
/** RFC 6298, 2. */
const SYN_TIMER_MS = 1_000

for (const [address, other] of [
  ['10.77.9.8', '10.77.9.7'],
  ['fd77::98', 'fd77::97'],
] as const) {
  test(
    `a new connection that waits, and bytes while the cable is out (${address})`,
    async (scope) => {
      const { server, client, serverHost, clientHost } = await twoHosts(scope)
      const isV6 = address.includes(':')
      // The strictest that a host may have: a packet must come by where its sender is reached.
      await serverHost.run('sysctl', '-q', '-w', 'net.ipv4.conf.all.rp_filter=1')
      await server.call('tun', [address, other])
      const via = isV6 ? serverHost.address6 : serverHost.address
      for (const one of [address, other]) await clientHost.namespace.ip(`route add ${one} via ${via}`)
      await server.call('door', address, PORT)
      await server.call('door', other, PORT)

      await server.call('trap', address)
      await server.call('hush', address, ['10.0.0.1', 'fd00::1', address])
      await server.call('hush', other, ['10.0.0.1', 'fd00::1', address])
      const begun = performance.now()
      const first = client.call<string>('keep', 'one', address, PORT)
      assert.is(await client.call('keep', 'other', other, PORT), `door at ${other} ${PORT}`, 'others do not wait')
      const syn = await until(
        async () => {
          const packets = await server.call<string[]>('caught')
          return packets.length > 0 ? packets : undefined
        },
        900,
        'the SYN is caught',
      )
      assert.is(syn.length, 1, 'and nothing else')
      assert.ok(isSegmentTo(fromHex(syn[0] ?? ''), address))
      assert.not(isSegmentTo(fromHex(syn[0] ?? ''), other))
      await server.call('unhush', address)
      assert.equal(await server.call('deliver', syn), [0])
      assert.is(await first, `door at ${address} ${PORT}`)
      assert.ok(performance.now() - begun < SYN_TIMER_MS, 'the client has not sent it again')

      await client.call('utter', 'one', 'not caught,')
      await hears(server, 'not caught,')
      await server.call('widen')
      await serverHost.run('ip', 'addr', 'del', `${address}/${isV6 ? 128 : 32}`, 'dev', 'baton0')
      await client.call('utter', 'one', 'caught,')
      await client.call('say', 'other', 'hello')
      const packets = await server.call<string[]>('caught')
      assert.ok(packets.length > 0)
      await clientHost.cableOut()
      assert.is(await server.call('bringBack', address), 0)
      await server.call('deliver', packets)
      await hears(server, 'hello\ncaught,')
      assert.is(await server.call('untrap'), 0)
    },
    { ...NEEDS, root: true },
  )
}

test(
  'an address is there for packets as soon as the device has it, of either family',
  async (scope) => {
    const { server } = await twoHosts(scope)
    await server.call('tun', [])
    for (const before of ['10.77.8.', 'fd77:8::']) {
      const addresses = Array.from({ length: 100 }, (_, i) => `${before}${i + 1}`)
      assert.equal(await server.call('notHere', addresses), [])
    }
  },
  { ...NEEDS, root: true },
)

test(
  'handshakes that are not over are counted, and are not held up by a hush',
  async (scope) => {
    const { server, client, clientHost } = await twoHosts(scope)
    await server.call('door', IP4, PORT)
    assert.is(await server.call('halfOpen', IP4), 0)
    await clientHost.run(
      'nft',
      `table inet deaf { chain in { type filter hook input priority 0; ip saddr ${IP4} drop; }; }`,
    )
    const kept = client.call('keep', 'slow', IP4, PORT)
    await until(async () => ((await server.call('halfOpen', IP4)) === 1 ? true : undefined), 2_000, 'half open')
    await server.call('hush', IP4, [IP4])
    await clientHost.run('nft', 'delete table inet deaf')
    // When the service says it again.
    await kept
    await until(async () => ((await server.call('halfOpen', IP4)) === 0 ? true : undefined), 4_000, 'it is over')
    // An answer would come behind the door's word, which may be late as well.
    await client.call('utter', 'slow', 'hello')
    await hears(server, 'hello')
  },
  { needs: [...NEEDS.needs, 'nft'], root: true },
)

function hears(server: Agent, text: string): Promise<boolean> {
  return until(async () => ((await server.call<string>('heard')).endsWith(text) ? true : undefined), 2_000, text)
}

test.run()
