/** What somebody on the LAN can do with datagrams: docs/security.md says it in words, line by line. */
import dgram from 'node:dgram'
import { Prng } from '../../src/base/prng.js'
import { Opener, Sealer } from '../../src/gossip/seal.js'
import { openUdp, type UdpPort } from '../../src/gossip/udp.io.js'
import { until } from '../../src/lab/wait.io.js'
import { nodeId } from '../gossip/profiles.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { floodOpener } from './random-datagrams.js'

const test = suite('security/datagrams', 20_000)
const [old, current] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array]
const [FRIEND, BANNED] = [nodeId(1), nodeId(2)]
const content = Uint8Array.of(1, 2, 3)

/** A member's real socket, and an attacker's beside it. */
async function room(scope: Scope, opener: Opener) {
  const heard: string[] = []
  const opened = await openUdp({
    bind: { address: '127.0.0.1', port: 0 },
    sealer: new Sealer(current, { node: FRIEND, boot: 1 }),
    opener,
    onDatagram: () => heard.push('opened'),
    onRefused: (_from, why) => heard.push(why),
  })
  if (opened.type !== 'open') throw opened.error
  const port: UdpPort = opened.port
  scope.defer(() => port.close())
  const attacker = dgram.createSocket('udp4')
  scope.defer(() => void attacker.close())
  const send = async (bytes: Uint8Array): Promise<string | undefined> => {
    const before = heard.length
    attacker.send(bytes, port.local.port, port.local.address)
    return until(() => heard[before], 5_000, 'it is heard of', 1)
  }
  return { send }
}

test('no key: whatever it sends is refused', async (scope) => {
  const { send } = await room(scope, new Opener([current]))
  const stranger = new Sealer(new Uint8Array(32).fill(9), { node: FRIEND, boot: 1 })
  assert.is(await send(Uint8Array.of(7, 7, 7)), 'format')
  assert.is(await send(stranger.seal(content)), 'key')
})

test('an old key that was removed is as good as none; one that is still in the ring opens everything', async (scope) => {
  const opener = new Opener([current, old])
  const { send } = await room(scope, opener)
  const attacker = new Sealer(old, { node: nodeId(3), boot: 1 })
  assert.is(await send(attacker.seal(content)), 'opened')
  opener.useKeys([current])
  assert.is(await send(attacker.seal(content)), 'key')
})

test('a banned node that still knows the key is refused under its own name, and not under another: ban it with --rotate', async (scope) => {
  const opener = new Opener([current])
  opener.refuse([BANNED])
  const { send } = await room(scope, opener)
  assert.is(await send(new Sealer(current, { node: BANNED, boot: 1 }).seal(content)), 'banned')
  const forged = new Sealer(current, { node: nodeId(3), boot: 1 }).seal(content)
  assert.is(await send(forged), 'opened', 'what the page admits')
  opener.useKeys([new Uint8Array(32).fill(3)])
  assert.is(await send(new Sealer(current, { node: nodeId(4), boot: 1 }).seal(content)), 'key')
})

test('a datagram that was recorded is refused when it is played again, also from elsewhere and out of order', async (scope) => {
  const { send } = await room(scope, new Opener([current]))
  const member = new Sealer(current, { node: nodeId(5), boot: 3 })
  const recorded = Array.from({ length: 20 }, () => member.seal(content))
  for (const datagram of recorded) assert.is(await send(datagram), 'opened')
  for (const datagram of recorded.reverse()) assert.is(await send(datagram), 'replay')
  const earlier = new Sealer(current, { node: nodeId(5), boot: 2 })
  assert.is(await send(earlier.seal(content)), 'old-boot')
})

test('20,000 random datagrams: none is opened, no window moves, and a member is heard all the while', () => {
  const { opened, threw, friend } = floodOpener({ count: 20_000, keys: [current, old], random: new Prng(1) })
  assert.equal({ opened, threw, friend }, { opened: 0, threw: 0, friend: 200 })
})

test.run()
