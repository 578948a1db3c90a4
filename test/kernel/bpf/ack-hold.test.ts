/** What a client is acknowledged by a real kernel while acknowledgements are held back. */
import { assert, suite } from '../../harness/suite.js'
import { skip } from './permitted.js'
import { IP4, IP6, NEEDS, twoHosts } from './two-hosts.js'

const test = suite('kernel/bpf/ack-hold', 30_000)
/** Beyond a delayed acknowledgement, and a retransmission. */
const WHILE_MS = 500

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test(
  'a client is acknowledged what was released, and no more: by what is said to it, and in the kernel’s place',
  async (scope) => {
    const { server, client, serverHost } = await twoHosts(scope)
    const ifindex = Number((await serverHost.run('ip', '-o', 'link', 'show', 'dev', 'eth0')).split(':')[0])
    try {
      await server.call('ackHold', ifindex)
    } catch (error) {
      return skip(error)
    }
    for (const address of [IP4, IP6]) {
      const unacknowledged = () => client.call<number>('unacknowledged', address)
      await server.call('listen', address, 80, 'service')
      assert.is(await client.call('keep', address, address, 80), `service at ${address} 80`)
      assert.is(await client.call('say', address, 'before'), 'before')
      await wait(WHILE_MS)
      assert.is(await unacknowledged(), 0, 'as ever')
      await server.call('hold')
      // The answer has a number in it as well.
      assert.is(await client.call('say', address, 'hello'), 'hello')
      await wait(WHILE_MS)
      assert.is(await unacknowledged(), 6, 'it was heard and answered, and is not acknowledged')
      assert.equal(await server.call('release', 4, false), { held: 2, owed: 4 })
      assert.equal(await server.call('release', 4, true), { held: 2, owed: 0 })
      assert.is(await unacknowledged(), 2)
      await server.call('release', 6, false)
      assert.is(await client.call('say', address, 'again'), 'again')
      assert.is(await unacknowledged(), 6, 'the kernel’s next word says what was released before')
      await server.call('unhold')
      assert.is(await client.call('say', address, 'after'), 'after')
      await wait(WHILE_MS)
      assert.is(await unacknowledged(), 0)
    }
  },
  { ...NEEDS, root: true },
)

test(
  'a program of another that lets all pass goes round it only where it has come first later on, and that is seen',
  async (scope) => {
    const { server, client, serverHost } = await twoHosts(scope)
    const ifindex = Number((await serverHost.run('ip', '-o', 'link', 'show', 'dev', 'eth0')).split(':')[0])
    try {
      await server.call('passAll', ifindex, false)
      await server.call('gate', ifindex)
      await server.call('ackHold', ifindex)
    } catch (error) {
      return skip(error)
    }
    assert.equal(await server.call('ahead', ifindex), [])
    await server.call('listen', IP4, 80, 'service')
    const unacknowledged = () => client.call<number>('unacknowledged', IP4)
    await client.call('keep', IP4, IP4, 80)
    await server.call('hold')
    assert.is(await client.call('say', IP4, 'hello'), 'hello')
    await wait(WHILE_MS)
    assert.is(await unacknowledged(), 6, 'the other was there before, and comes behind')
    await server.call('passAll', ifindex, false)
    await server.call('release', 6, true)
    assert.is(await client.call('say', IP4, 'again'), 'again')
    await wait(WHILE_MS)
    assert.is(await unacknowledged(), 6, 'one that comes later and asks for no place comes behind as well')
    const id = await server.call('passAll', ifindex, true)
    await server.call('release', 12, true)
    assert.is(await client.call('say', IP4, 'round'), 'round')
    await wait(WHILE_MS)
    assert.is(await unacknowledged(), 0, 'one that asks to be the first goes round it')
    assert.equal(await server.call('ahead', ifindex), [`program ${id} (pass_all)`])
  },
  { ...NEEDS, root: true },
)

test.run()
