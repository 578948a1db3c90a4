import { LINK_GET_NEXT_ID, MAP_GET_NEXT_ID, PROG_GET_NEXT_ID } from '../../../src/kernel/bpf/abi.js'
import { loadBpf } from '../../../src/kernel/bpf/bpf.io.js'
import { until } from '../../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../../harness/suite.js'
import { skip } from './permitted.js'
import { agentOn, IP4, IP6, NEEDS, type TwoHosts, twoHosts } from './two-hosts.js'

const test = suite('kernel/bpf/any-port', 30_000)

/** The two hosts, and any-port on the server; `undefined`, said loudly, where the kernel does not let us. */
async function hostsWithAnyPort(scope: Scope): Promise<TwoHosts | undefined> {
  const hosts = await twoHosts(scope)
  try {
    await hosts.server.call('anyPort')
    return hosts
  } catch (error) {
    return skip(error)
  }
}

test(
  'one socket answers on any port, and knows which address and port was asked for, also from the host itself',
  async (scope) => {
    const hosts = await hostsWithAnyPort(scope)
    if (hosts === undefined) return
    const { server, client } = hosts
    for (const address of [IP4, IP6]) {
      await server.call('setService', address, 'any', 'refuse')
      for (const port of [1, 80, 45_001, 65_535]) {
        for (const from of [client, server]) {
          assert.is(await from.call('ask', address, port), `service at ${address} ${port}`)
        }
      }
      assert.equal(await server.call('counters', address), { assigned: 8, refused: 0 })
    }
  },
  NEEDS,
)

test(
  'programs of the host at the same ports are neither disturbed nor reached by the service address',
  async (scope) => {
    const hosts = await hostsWithAnyPort(scope)
    if (hosts === undefined) return
    const { server, client, serverHost } = hosts
    for (const address of ['0.0.0.0', '::']) await server.call('listen', address, 80, 'host')
    for (const address of [IP4, IP6]) await server.call('setService', address, 'any', 'refuse')
    const check = async (port: number) => {
      for (const address of [IP4, IP6]) {
        assert.is(await client.call('ask', address, port), `service at ${address} ${port}`)
      }
      for (const address of [serverHost.address, serverHost.address6]) {
        assert.is(await client.call('ask', address, port), `host at ${address} ${port}`)
      }
    }
    await check(80)
    // One that starts while there are connections to the service at its port.
    for (const address of [IP4, IP6]) await client.call('keep', address, address, 81)
    for (const address of ['0.0.0.0', '::']) await server.call('listen', address, 81, 'host')
    await check(81)
    for (const address of [IP4, IP6]) assert.is(await client.call('say', address, 'still there'), 'still there')
  },
  NEEDS,
)

test(
  'ports that are not of the service are refused at once, or left to the host',
  async (scope) => {
    const hosts = await hostsWithAnyPort(scope)
    if (hosts === undefined) return
    const { server, client } = hosts
    for (const address of ['0.0.0.0', '::']) await server.call('listen', address, 80, 'host')
    await server.call('udpListen', 80)
    for (const address of [IP4, IP6]) {
      await server.call('setService', address, [22, 65_535], 'refuse')
      if (address === IP4) assert.is(await client.call('udpAsk', address, 80), 'udp', 'what is not TCP is untouched')
      assert.is(await client.call('ask', address, 22), `service at ${address} 22`)
      assert.is(await client.call('ask', address, 65_535), `service at ${address} 65535`)
      // The neighbours of its bits too.
      for (const port of [80, 21, 23, 30, 14, 65_534]) {
        assert.is(await client.call('ask', address, port), 'ECONNREFUSED', `port ${port}`)
      }
      assert.equal(await server.call('counters', address), { assigned: 2, refused: 6 })
      await server.call('setService', address, [22], 'pass')
      assert.is(await client.call('ask', address, 22), `service at ${address} 22`)
      assert.is(await client.call('ask', address, 80), `host at ${address} 80`)
      assert.is(await client.call('ask', address, 81), 'ECONNREFUSED')
      await server.call('setService', address, 'any', 'refuse')
      await server.call('remove', address)
      assert.is(await client.call('ask', address, 80), `host at ${address} 80`)
      assert.is(await client.call('ask', address, 22), 'ECONNREFUSED')
    }
  },
  NEEDS,
)

test(
  'ports that change 1,000 times refuse no connection to a port that stays, and touch none that is there',
  async (scope) => {
    const hosts = await hostsWithAnyPort(scope)
    if (hosts === undefined) return
    const { server, client } = hosts
    for (const address of ['0.0.0.0', '::']) await server.call('listen', address, 8_000, 'host')
    await server.call('setService', IP4, [8_000, 9_000], 'refuse')
    assert.is(await client.call('keep', 'old', IP4, 9_000), `service at ${IP4} 9000`)
    const storm = client.call<Record<string, number>>('storm', IP4, 8_000)
    await server.call('churn', IP4, 8_000, 1_000)
    await client.call('calm')
    const answers = await storm
    assert.equal(Object.keys(answers), [`service at ${IP4} 8000`], JSON.stringify(answers))
    assert.ok((answers[`service at ${IP4} 8000`] ?? 0) > 20, JSON.stringify(answers))
    await server.call('setService', IP4, [], 'refuse')
    assert.is(await client.call('say', 'old', 'still there'), 'still there')
  },
  NEEDS,
)

test(
  'nothing of it is left when the process was killed',
  async (scope) => {
    const hosts = await hostsWithAnyPort(scope)
    const bpf = loadBpf()
    if (hosts === undefined || 'why' in bpf) return
    const { server, client, serverHost } = hosts
    const other = agentOn(scope, serverHost)
    await other.call('listen', '0.0.0.0', 80, 'host')
    await server.call('setService', IP4, 'any', 'refuse')
    assert.is(await client.call('ask', IP4, 80), `service at ${IP4} 80`)
    const commands: Record<string, number> = { map: MAP_GET_NEXT_ID, prog: PROG_GET_NEXT_ID, link: LINK_GET_NEXT_ID }
    const ids = await server.call<[kind: string, id: number][]>('bpfIds')
    assert.equal(ids.map(([kind]) => kind).sort(), ['link', 'map', 'map', 'map', 'map', 'prog'])
    const left = () => ids.filter(([kind, id]) => bpf.nextId(commands[kind] ?? -1, id - 1) === id)
    assert.is(left().length, ids.length)
    await server.end()
    assert.is(await client.call('ask', IP4, 80), `host at ${IP4} 80`)
    await until(
      () => (left().length === 0 ? true : undefined),
      5_000,
      () => `these stay: ${left()}`,
    )
  },
  NEEDS,
)

test(
  'two processes on one host have services of their own',
  async (scope) => {
    const hosts = await hostsWithAnyPort(scope)
    if (hosts === undefined) return
    const { server, client, serverHost } = hosts
    const second = agentOn(scope, serverHost)
    await second.call('anyPort')
    await server.call('setService', IP4, 'any', 'refuse')
    await second.call('setService', IP6, [80], 'refuse')
    assert.is(await client.call('ask', IP4, 80), `service at ${IP4} 80`)
    assert.is(await client.call('ask', IP6, 80), `service at ${IP6} 80`)
    assert.is(await client.call('ask', IP6, 81), 'ECONNREFUSED')
    assert.equal(await second.call('counters', IP6), { assigned: 1, refused: 1 })
  },
  NEEDS,
)

test(
  'once closed it touches nothing, and says so',
  async (scope) => {
    const hosts = await hostsWithAnyPort(scope)
    if (hosts === undefined) return
    const { server, client } = hosts
    await server.call('listen', '0.0.0.0', 80, 'host')
    await server.call('setService', IP4, 'any', 'refuse')
    await client.call('keep', 'old', IP4, 80)
    await server.call('close')
    assert.is(await client.call('ask', IP4, 80), `host at ${IP4} 80`)
    assert.is(await client.call('say', 'old', 'still there'), 'still there')
    assert.is(await server.call('counters', IP4), null)
    const problem = await server.call('setService', IP4, 'any', 'refuse').catch((error) => String(error))
    assert.match(String(problem), /setService: no room/)
  },
  NEEDS,
)

test.run()
