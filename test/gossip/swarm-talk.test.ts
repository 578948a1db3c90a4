/** What two nodes say on a connection of the swarm, and what strangers hear. */
import { Prng } from '../../src/base/prng.js'
import {
  decodeSwarmMessage,
  encodeSwarmMessage,
  type SwarmIntroduction,
  type SwarmMessage,
} from '../../src/gossip/discovery/swarm-message.js'
import { onlineWord, refreshDelay, swarmProblem } from '../../src/gossip/discovery/swarm-report.js'
import {
  LOOK_EVERY_MS,
  SwarmTalk,
  type SwarmTalkEffect,
  TALK_MS_MAX,
  UNLINKED_MS,
} from '../../src/gossip/discovery/swarm-talk.js'
import { assert, suite } from '../harness/suite.js'
import { profileOf } from './profiles.js'

const test = suite('gossip/swarm-talk')
const KEY = 7
const proofs = (key: number, isInitiator: boolean) => [new Uint8Array(32).fill(2 * key + (isInitiator ? 1 : 0))]

function introduction(index: number, boot = 1): SwarmIntroduction {
  const { node, gossip, control } = profileOf(index, boot)
  return { node, boot, gossip, control }
}

/** One end, and what it does. */
class End {
  readonly talk: SwarmTalk
  isLinked = false

  constructor(index: number, isInitiator: boolean, key = KEY) {
    this.talk = new SwarmTalk({
      isInitiator,
      proofs: proofs(key, isInitiator),
      self: introduction(index),
      isProven: (theirs) => theirs.some((proof) => proof[0] === proofs(key, !isInitiator)[0]?.[0]),
      isLinked: () => this.isLinked,
    })
  }

  start(): SwarmTalkEffect[] {
    this.talk.handle({ type: 'start' }, 0)
    return this.#drain()
  }

  hear(bytes: Uint8Array, now = 0): SwarmTalkEffect[] {
    this.talk.handle({ type: 'heard', bytes }, now)
    return this.#drain()
  }

  say(message: SwarmMessage): SwarmTalkEffect[] {
    return this.hear(encodeSwarmMessage(message))
  }

  /** Until it has done something; when that was. */
  wait(untilMs: number): { at: number; effects: SwarmTalkEffect[] } {
    for (let due = this.talk.nextDeadline(); due !== undefined && due <= untilMs; due = this.talk.nextDeadline()) {
      this.talk.tick(due)
      const effects = this.#drain()
      if (effects.length > 0) return { at: due, effects }
    }
    return { at: untilMs, effects: [] }
  }

  #drain(): SwarmTalkEffect[] {
    const effects: SwarmTalkEffect[] = []
    for (let effect = this.talk.poll(); effect !== undefined; effect = this.talk.poll()) effects.push(effect)
    return effects
  }
}

/** Both have said all that they have to say. */
function met(): { a: End; b: End; seen: SwarmTalkEffect[] } {
  const [a, b] = [new End(0, true), new End(1, false)]
  const seen: SwarmTalkEffect[] = []
  let [toA, toB] = [b.start(), a.start()]
  while (toA.length + toB.length > 0) {
    const bytesOf = (effects: SwarmTalkEffect[]) => effects.flatMap((one) => (one.type === 'send' ? [one.bytes] : []))
    seen.push(...[...toA, ...toB].filter(({ type }) => type !== 'send'))
    const [forA, forB] = [bytesOf(toA), bytesOf(toB)]
    toB = forA.flatMap((bytes) => a.hear(bytes))
    toA = forB.flatMap((bytes) => b.hear(bytes))
  }
  return { a, b, seen }
}

test('who has the key says where it is, both ways', () => {
  assert.equal(met().seen, [
    { type: 'met', peer: introduction(0) },
    { type: 'met', peer: introduction(1) },
  ])
})

test('a stranger hears a proof and no more, and is left', () => {
  const [a, stranger] = [new End(0, true), new End(1, false, KEY + 1)]
  const [first] = stranger.start()
  a.start()
  assert.is(first?.type, 'send')
  assert.equal(first?.type === 'send' && a.hear(first.bytes), [{ type: 'end', why: 'unproven' }])
  assert.equal(a.say({ kind: 'introduction', introduction: introduction(1) }), [], 'it is over')
})

test('an introduction before the proof, a second one, or anything else ends it', () => {
  for (const bytes of [
    encodeSwarmMessage({ kind: 'introduction', introduction: introduction(1) }),
    encodeSwarmMessage({ kind: 'carry' }),
    new Uint8Array(0),
    Uint8Array.of(99),
  ]) {
    const a = new End(0, false)
    a.start()
    assert.equal(a.hear(bytes), [{ type: 'end', why: 'malformed' }])
  }
  assert.equal(met().b.say({ kind: 'introduction', introduction: introduction(0) }), [
    { type: 'end', why: 'malformed' },
  ])
  assert.equal(met().a.say({ kind: 'carry' }), [{ type: 'end', why: 'malformed' }], 'the initiator decides')
})

test('silence ends it, and one that has met waits for ever', () => {
  const a = new End(0, true)
  a.start()
  assert.equal(a.wait(60_000), { at: TALK_MS_MAX, effects: [{ type: 'end', why: 'deadline' }] })
  assert.equal(met().b.wait(3_600_000).effects, [])
})

test('this very node is met by nobody', () => {
  const a = new End(0, true)
  a.start()
  a.say({ kind: 'proof', proofs: proofs(KEY, false) })
  const effects = a.say({ kind: 'introduction', introduction: introduction(0, 2) })
  assert.equal(effects, [{ type: 'end', why: 'self' }])
})

test('it carries a link when there has been none for a while, which the initiator begins', () => {
  const { a, b } = met()
  a.isLinked = true
  assert.equal(a.wait(60_000).effects, [], 'there is a better one')
  a.isLinked = false
  const { at, effects } = a.wait(120_000)
  assert.ok(at > 60_000 + UNLINKED_MS - LOOK_EVERY_MS && at <= 60_000 + UNLINKED_MS + 2 * LOOK_EVERY_MS, `${at}`)
  const [carry, begun] = effects
  assert.equal(begun, { type: 'carry', peer: introduction(1) })
  assert.equal(carry?.type === 'send' && b.hear(carry.bytes), [{ type: 'carry', peer: introduction(0) }])
  assert.is(a.talk.nextDeadline(), undefined)
})

test('a link that is missing for a moment is no reason', () => {
  const { a } = met()
  for (let now = 0; now < 60_000; now += UNLINKED_MS - LOOK_EVERY_MS) {
    a.isLinked = !a.isLinked
    assert.equal(a.wait(now).effects, [])
  }
})

test('messages are read as they were meant, and random bytes do no harm', () => {
  const v6 = { ...introduction(3, 9), gossip: { address: 'fd00::1', port: 1 } }
  for (const message of [
    { kind: 'proof', proofs: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)] },
    { kind: 'introduction', introduction: v6 },
    { kind: 'carry' },
  ] as const satisfies readonly SwarmMessage[]) {
    const bytes = encodeSwarmMessage(message)
    assert.equal(decodeSwarmMessage(bytes), message)
    assert.equal(decodeSwarmMessage(Uint8Array.of(...bytes, 0)), message, 'of a later release')
    for (let cut = 1; cut < bytes.byteLength; cut++) decodeSwarmMessage(bytes.subarray(0, cut))
  }
  const random = new Prng(1)
  for (let i = 0; i < 2_000; i++) {
    const bytes = Uint8Array.from({ length: random.below(80) }, () => random.below(256))
    if (bytes.byteLength > 0) bytes[0] = random.below(5)
    decodeSwarmMessage(bytes)
  }
})

test('no more proofs are read than a keyring has keys, and an introduction needs a place', () => {
  const many = decodeSwarmMessage(new Uint8Array(1 + 32 * 100).fill(1))
  assert.is(many?.kind === 'proof' && many.proofs.length, 8)
  const nowhere = { ...introduction(1), control: { address: '10.0.0.1', port: 0 } }
  assert.is(decodeSwarmMessage(encodeSwarmMessage({ kind: 'introduction', introduction: nowhere })), undefined)
})

const REPORT = {
  ...{ failure: '', isReady: false, nodes: 0, bootstrap: ['10.0.0.1:49737'] },
  ...{ met: 0, connections: 0, carried: 0, strangers: 0, refused: 0 },
}

test('how the swarm is doing, in words', () => {
  assert.is(onlineWord(REPORT), 'starting')
  assert.is(swarmProblem(REPORT), undefined)
  assert.is(onlineWord({ ...REPORT, nodes: 1 }), 'online')
  assert.match(swarmProblem({ ...REPORT, isReady: true }) ?? '', 'no bootstrap node answers (10.0.0.1:49737)')
  assert.match(swarmProblem({ ...REPORT, isReady: true, bootstrap: [] }) ?? '', 'of the public network')
  assert.match(swarmProblem({ ...REPORT, failure: 'no glibc', nodes: 1 }) ?? '', 'does not work: no glibc')
})

test('it looks anew soon, and then every two minutes', () => {
  assert.equal(
    [0, 1, 2, 5, 6, 1_000].map((done) => refreshDelay(done, true)),
    [2_000, 4_000, 8_000, 64_000, 120_000, 120_000],
  )
  assert.is(refreshDelay(1_000, false), 10_000)
})

test.run()
