/** What clients hear of an address that is guarded, from a real kernel. */
import { assert, suite } from '../../harness/suite.js'
import { skip } from './permitted.js'
import { IP4, IP6, NEEDS, twoHosts } from './two-hosts.js'

const test = suite('kernel/bpf/rst-guard', 30_000)

test(
  'a client whose connection is not there hears nothing while the address is guarded, and a new one is served or refused at once',
  async (scope) => {
    const { server, client, serverHost } = await twoHosts(scope)
    const ifindex = Number((await serverHost.run('ip', '-o', 'link', 'show', 'dev', 'eth0')).split(':')[0])
    try {
      await server.call('gate', ifindex)
    } catch (error) {
      return skip(error)
    }
    await server.call('deadline', [IP4, IP6], 60_000)
    for (const address of [IP4, IP6]) {
      await server.call('listen', address, 80, 'service')
      assert.is(await client.call('keep', address, address, 80), `service at ${address} 80`)
      await server.call('guard', address, 60_000)
    }
    await server.call('vanish')
    for (const address of [IP4, IP6]) {
      assert.is(await client.call('say', address, 'hello'), 'silence')
      assert.ok((await server.call<number>('heldBack', address)) > 0)
      assert.is(await client.call('ask', address, 81), 'ECONNREFUSED')
      assert.is(await client.call('ask', address, 80), `service at ${address} 80`)
      await server.call('guard', address, 'no more')
      assert.is(await client.call('say', address, 'again'), 'ECONNRESET')
    }
  },
  { ...NEEDS, root: true },
)

test.run()
