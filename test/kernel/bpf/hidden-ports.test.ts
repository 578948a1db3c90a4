import { assert, suite } from '../../harness/suite.js'
import { skip } from './permitted.js'
import { IP4, IP6, NEEDS, twoHosts } from './two-hosts.js'

const test = suite('kernel/bpf/hidden-ports', 30_000)

test(
  'a hidden port of a host refuses others, not the host itself; services, other ports and connections that stand go on',
  async (scope) => {
    const { server, client, serverHost } = await twoHosts(scope)
    const own = [serverHost.address, serverHost.address6]
    const all = [...own, IP4, IP6]
    for (const address of ['0.0.0.0', '::']) {
      for (const port of [80, 81]) await server.call('listen', address, port, 'host')
    }
    for (const address of own) await client.call('keep', address, address, 80)
    try {
      await server.call('hide', [80, 65_535], [IP4, IP6])
    } catch (error) {
      return skip(error)
    }
    for (const address of own) {
      assert.is(await client.call('ask', address, 80), 'ECONNREFUSED', address)
      assert.is(await client.call('say', address, 'still there'), 'still there')
    }
    for (const address of [IP4, IP6]) assert.is(await client.call('ask', address, 80), `host at ${address} 80`)
    for (const address of all) {
      assert.is(await client.call('ask', address, 81), `host at ${address} 81`)
      assert.is(await server.call('ask', address, 80), `host at ${address} 80`)
    }
    // Others in one step, also addresses.
    await server.call('hide', [81], [IP4])
    for (const address of own) {
      assert.is(await client.call('ask', address, 80), `host at ${address} 80`)
      assert.is(await client.call('ask', address, 81), 'ECONNREFUSED')
    }
    assert.is(await client.call('ask', IP6, 81), 'ECONNREFUSED')
    assert.is(await client.call('ask', IP4, 81), `host at ${IP4} 81`)
    await server.call('hide', [], [])
    for (const address of all) assert.is(await client.call('ask', address, 81), `host at ${address} 81`)
  },
  NEEDS,
)

test(
  'beside any-port: the service takes the port, and only there',
  async (scope) => {
    const { server, client, serverHost } = await twoHosts(scope)
    try {
      await server.call('anyPort')
      await server.call('hide', [80], [IP4])
    } catch (error) {
      return skip(error)
    }
    await server.call('listen', '0.0.0.0', 80, 'host')
    await server.call('setService', IP4, [80], 'refuse')
    assert.is(await client.call('ask', IP4, 80), `service at ${IP4} 80`)
    assert.is(await client.call('ask', serverHost.address, 80), 'ECONNREFUSED')
    await server.call('unhide')
    assert.is(await client.call('ask', serverHost.address, 80), `host at ${serverHost.address} 80`)
  },
  NEEDS,
)

test.run()
