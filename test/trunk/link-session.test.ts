import { CHANNEL } from '../../src/trunk/channels.js'
import { trunkConfig } from '../../src/trunk/config.js'
import { decodeGreeting, encodeGreeting, type VersionRange } from '../../src/trunk/hello.js'
import { LinkSession, type LinkSessionEffect } from '../../src/trunk/link-session.js'
import type { LinkRole } from '../../src/trunk/ports.js'
import { assert, suite } from '../harness/suite.js'
import { fakeNodeId, fakeProofs, fakePublicKey } from './fake-proofs.js'

const test = suite('trunk/link-session')
const config = trunkConfig({ greetMs: 3_000, heartbeatMs: 1_000, silenceMs: 5_000 })
const handshakeHash = new Uint8Array(64).fill(7)

interface EndOptions {
  readonly keys?: number[]
  readonly versions?: VersionRange
  readonly release?: string
}

/** One end: node 0 is the initiator and wants node 1. */
class End {
  readonly session: LinkSession
  readonly index: number

  constructor(
    readonly role: LinkRole,
    { keys = [1], versions = { lowest: 1, highest: 1 }, release }: EndOptions = {},
  ) {
    this.index = role === 'initiator' ? 0 : 1
    this.session = new LinkSession({
      role,
      remote: { address: '127.0.0.1', port: 1 },
      ...(role === 'initiator' ? { expected: fakeNodeId(1) } : {}),
      self: { node: fakeNodeId(this.index), boot: 1, name: `node-${this.index}`, release, versions, features: 0 },
      publicKey: fakePublicKey(this.index),
      proofs: fakeProofs(...keys),
      config,
    })
    this.session.handle({ type: 'start' }, 0)
  }

  effects(): LinkSessionEffect[] {
    const effects: LinkSessionEffect[] = []
    for (let one = this.session.poll(); one !== undefined; one = this.session.poll()) effects.push(one)
    return effects
  }

  secure(remote = 1 - this.index): LinkSessionEffect[] {
    this.session.handle({ type: 'secured', handshakeHash, remotePublicKey: fakePublicKey(remote) }, 0)
    return this.effects()
  }

  hear(bytes: Uint8Array, now = 0): LinkSessionEffect[] {
    this.session.handle({ type: 'message', bytes }, now)
    return this.effects()
  }
}

/** Carries what each end sends to the other until both are quiet; the responder lets the initiator in. */
function converse(a: End, b: End): { a: LinkSessionEffect[]; b: LinkSessionEffect[] } {
  const heard = { a: a.secure(), b: b.secure() }
  let [toB, toA] = [sent(heard.a), sent(heard.b)]
  while (toA.length + toB.length > 0) {
    const fromB = toB.flatMap((bytes) => b.hear(bytes))
    if (fromB.some((effect) => effect.type === 'greeted')) {
      b.session.handle({ type: 'accept' }, 0)
      fromB.push(...b.effects())
    }
    const fromA = toA.flatMap((bytes) => a.hear(bytes))
    heard.a.push(...fromA)
    heard.b.push(...fromB)
    toB = sent(fromA)
    toA = sent(fromB)
  }
  return heard
}

const sent = (effects: LinkSessionEffect[]): Uint8Array[] =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.bytes] : []))
const kinds = (effects: LinkSessionEffect[]): string[] =>
  effects.map((effect) => {
    if (effect.type === 'shut')
      return `shut ${effect.close.code} by ${effect.close.by}${effect.abrupt ? ', abrupt' : ''}`
    if (effect.type !== 'send') return effect.type
    const decoded = decodeGreeting(effect.bytes)
    return decoded.type === 'greeting' ? decoded.greeting.kind : `link ${effect.bytes[1]}`
  })

function upPair(): [End, End] {
  const [a, b] = [new End('initiator'), new End('responder')]
  converse(a, b)
  return [a, b]
}

test('both ends greet, prove and are up; limits are raised before WELCOME is said', () => {
  const heard = converse(new End('initiator'), new End('responder'))
  assert.equal(kinds(heard.a), ['hello', 'raise', 'welcome', 'up'])
  assert.equal(kinds(heard.b), ['greeted', 'hello', 'raise', 'welcome', 'up'])
})

test('the responder says nothing of itself to a stranger', () => {
  const b = new End('responder')
  assert.equal(b.secure(), [])
  const stranger = new End('initiator', { keys: [2] })
  const [hello] = sent(stranger.secure())
  assert.equal(kinds(b.hear(hello as Uint8Array)), ['refused', 'shut wrong-key by us'])
})

test('the initiator says nothing to another node than it dialled', () => {
  assert.equal(kinds(new End('initiator').secure(2)), ['shut wrong-node by us, abrupt'])
})

test('an initiator that is told nothing but WELCOME is not fooled', () => {
  const a = new End('initiator')
  a.secure()
  assert.equal(kinds(a.hear(encodeGreeting({ kind: 'welcome' }))), ['shut malformed by us, abrupt'])
})

test('a HELLO that is sent back to its sender proves nothing', () => {
  const a = new End('initiator')
  const [hello] = sent(a.secure())
  assert.equal(kinds(a.hear(hello as Uint8Array)), ['refused', 'shut wrong-key by us'])
})

test('a node id that its key does not bear out is refused, cluster key or not', () => {
  const b = new End('responder')
  b.secure(2)
  const proofs = fakeProofs(1).make('initiator', handshakeHash, fakePublicKey(2))
  const self = { versions: { lowest: 1, highest: 1 }, features: 0, boot: 1, name: 'x', node: fakeNodeId(0) }
  const effects = b.hear(encodeGreeting({ kind: 'hello', ...self, proofs }))
  assert.equal(kinds(effects), ['refused', 'shut wrong-node by us'])
})

test('without a common version each end names the one to upgrade', () => {
  const later = { versions: { lowest: 2, highest: 2 }, release: '0.9.0' }
  const heard = converse(new End('initiator'), new End('responder', later))
  const whys = [...heard.a, ...heard.b].flatMap((effect) => (effect.type === 'shut' ? [effect.close.detail] : []))
  assert.equal(whys, [
    'node-1 (Baton 0.9.0) speaks version 2, this node version 1; upgrade this node',
    'node-0 speaks version 1, this node version 2; upgrade node-0',
  ])
})

test('nothing but a greeting is read before the end of the greeting', () => {
  const b = new End('responder')
  b.secure()
  assert.equal(kinds(b.hear(Uint8Array.of(CHANNEL.gossip, 1, 2))), ['shut malformed by us, abrupt'])
})

test('the greeting has its time, at every step', () => {
  const untouched = new End('responder')
  assert.is(untouched.session.nextDeadline(), 3_000)
  untouched.session.tick(2_999)
  assert.equal(untouched.effects(), [])
  untouched.session.tick(3_000)
  assert.equal(kinds(untouched.effects()), ['shut deadline by us, abrupt'])
  const secured = new End('responder')
  secured.secure()
  assert.is(secured.session.nextDeadline(), 3_000)
})

test('messages of other channels are handed on, those of the link are not', () => {
  const [a] = upPair()
  assert.equal(a.hear(Uint8Array.of(CHANNEL.sync, 1, 2)), [
    { type: 'message', channel: CHANNEL.sync, payload: Uint8Array.of(1, 2) },
  ])
  assert.equal(kinds(a.hear(Uint8Array.of(CHANNEL.link, 1))), ['link 2'])
  assert.equal(a.hear(Uint8Array.of(CHANNEL.link, 99)), [])
  assert.equal(kinds(a.hear(new Uint8Array(0))), ['shut malformed by us, abrupt'])
})

test('a silent peer is pinged, and taken for dead when it does not answer', () => {
  const [a] = upPair()
  const log: string[] = []
  for (let now = 0; now <= 5_000; now += 100) {
    a.session.tick(now)
    log.push(...kinds(a.effects()).map((kind) => `${now} ${kind}`))
  }
  assert.equal(log, ['1000 link 1', '2000 link 1', '3000 link 1', '4000 link 1', '5000 shut silence by us, abrupt'])
})

test('any message is a sign of life', () => {
  const [a] = upPair()
  for (let now = 0; now <= 20_000; now += 500) {
    a.session.tick(now)
    if (now % 4_500 === 0) a.hear(Uint8Array.of(CHANNEL.link, 2), now)
    assert.ok(!kinds(a.effects()).some((kind) => kind.startsWith('shut')), `at ${now}`)
  }
})

test('who stood still himself asks again before he accuses', () => {
  const [a] = upPair()
  a.session.tick(1_000)
  a.effects()
  a.session.tick(60_000)
  assert.equal(kinds(a.effects()), ['link 1'])
  a.hear(Uint8Array.of(CHANNEL.link, 2), 60_001)
  assert.is(a.session.nextDeadline(), 61_001)
})

test('goodbye is said and understood, with its reason', () => {
  const [a, b] = upPair()
  a.session.handle({ type: 'leave', code: 'stopping' }, 0)
  const effects = a.effects()
  assert.equal(kinds(effects), ['link 3', 'shut stopping by us'])
  assert.equal(kinds(b.hear(sent(effects)[0] as Uint8Array)), ['shut stopping by them'])
  assert.is(b.session.nextDeadline(), undefined)
})

test.run()
