import { Prng } from '../../src/base/prng.js'
import { decodePacket, encodeMessage, encodePacket } from '../../src/gossip/codec.js'
import { gossipConfig } from '../../src/gossip/config.js'
import type { Claim, Member, MemberProfile, Message } from '../../src/gossip/messages.js'
import type { SwimEffect } from '../../src/gossip/ports.js'
import { Swim } from '../../src/gossip/swim.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId, profileOf } from './profiles.js'

const test = suite('gossip/swim')
const config = gossipConfig('lan')

function started(profile: MemberProfile = profileOf(0)): Swim {
  const swim = new Swim({ self: profile, config, random: new Prng(1) })
  swim.handle({ type: 'start' }, 0)
  return swim
}

function hear(swim: Swim, from: number, messages: Message[], now = 0): void {
  const bytes = encodePacket({ node: nodeId(from), boot: 1 }, messages.map(encodeMessage))
  swim.handle({ type: 'datagram', from: profileOf(from).gossip, bytes }, now)
}

const claim = (index: number, change: Partial<Claim> = {}, boot = 1): Message => ({
  kind: 'claim',
  claim: { profile: profileOf(index, boot), state: 'alive', incarnation: 0, accuser: nodeId(index), ...change },
})

function drain(swim: Swim): SwimEffect[] {
  const effects: SwimEffect[] = []
  for (let effect = swim.poll(); effect !== undefined; effect = swim.poll()) effects.push(effect)
  return effects
}

const changes = (effects: readonly SwimEffect[]): string[] =>
  effects.flatMap((effect) =>
    effect.type === 'member'
      ? [`${effect.member.profile.name}#${effect.member.profile.boot} ${effect.before ?? '-'}>${effect.member.state}`]
      : [],
  )

const memberOf = (swim: Swim, index: number): Member | undefined =>
  swim.members().find(({ profile }) => profile.node === nodeId(index))

test('this node is a member from the start', () => {
  const swim = new Swim({ self: profileOf(0), config, random: new Prng(1) })
  swim.handle({ type: 'start' }, 500)
  assert.equal(
    swim.members().map(({ profile, state, since }) => [profile.name, state, since]),
    [['node-0', 'alive', 500]],
  )
})

test('an accusation is refuted with a higher incarnation, and makes the node doubt itself', () => {
  const swim = started()
  hear(swim, 1, [claim(1), claim(0, { state: 'suspect', incarnation: 3, accuser: nodeId(1) })])
  assert.is(memberOf(swim, 0)?.state, 'alive')
  assert.is(memberOf(swim, 0)?.incarnation, 4)
  assert.is(swim.localHealth, 1)
})

test('an incarnation at the end of its range cannot be topped, and does not wrap', () => {
  const swim = started()
  hear(swim, 1, [claim(0, { state: 'down', incarnation: 2 ** 32 - 1, accuser: nodeId(1) })])
  assert.is(memberOf(swim, 0)?.incarnation, 2 ** 32 - 1)
})

test('a new boot replaces the old one at once, which is then down', () => {
  const swim = started()
  hear(swim, 1, [claim(1, { incarnation: 9 })])
  drain(swim)
  hear(swim, 1, [claim(1, {}, 2)])
  assert.equal(changes(drain(swim)), ['node-1#1 alive>down', 'node-1#2 down>alive'])
  hear(swim, 2, [claim(1, { state: 'down', incarnation: 99 }, 1)])
  assert.is(memberOf(swim, 1)?.state, 'alive')
  assert.equal(changes(drain(swim)), [])
})

test('a later boot of this very node is reported once', () => {
  const swim = started()
  for (let i = 0; i < 3; i++) hear(swim, 1, [claim(0, {}, 5)])
  const reports = drain(swim).filter((effect) => effect.type === 'member')
  assert.is(reports.length, 1)
  assert.match(reports[0]?.type === 'member' ? reports[0].why : '', 'state folder')
  assert.is(memberOf(swim, 0)?.profile.boot, 1)
})

test('leaving differs from being down, and is not refuted', () => {
  const swim = started()
  hear(swim, 1, [claim(1)])
  drain(swim)
  swim.handle({ type: 'leave' }, 10)
  assert.is(memberOf(swim, 0)?.state, 'left')
  assert.ok(drain(swim).some(({ type }) => type === 'send'))
  hear(swim, 1, [claim(0, { state: 'down', incarnation: 99, accuser: nodeId(1) })], 20)
  assert.is(memberOf(swim, 0)?.state, 'left')
})

test('a member that is down is asked for ever, and told what is held against it', () => {
  const swim = started()
  hear(swim, 1, [claim(1)])
  for (let now = 0; now < 600_000; now += 10) {
    swim.tick(now)
    // By now nothing waits for a ride any more: what is sent is meant.
    if (now < 590_000) drain(swim)
  }
  const sent = drain(swim).flatMap((effect) => (effect.type === 'send' ? [decodePacket(effect.bytes)] : []))
  assert.is(sent.length, 10_000 / config.reconnectIntervalMs)
  for (const decoded of sent) {
    const messages = decoded.type === 'packet' ? decoded.packet.messages : []
    assert.ok(messages.some((message) => message.kind === 'ping' && message.target === undefined))
    assert.equal(
      messages.flatMap((message) =>
        message.kind === 'claim' ? `${message.claim.profile.name} ${message.claim.state}` : [],
      ),
      ['node-0 alive', 'node-1 down'],
    )
  }
})

test("another view's dead are only suspected, until they had their say", () => {
  const swim = started()
  hear(swim, 1, [claim(1), claim(2)])
  const state = encodePacket({ node: nodeId(1), boot: 1 }, [encodeMessage(claim(2, { state: 'down' }))])
  swim.handle({ type: 'stream', from: nodeId(1), bytes: state }, 10)
  assert.is(memberOf(swim, 2)?.state, 'suspect')
  hear(swim, 1, [claim(2, { state: 'down' })], 20)
  assert.is(memberOf(swim, 2)?.state, 'down')
})

test('while a control link is up, an unanswered probe is repeated on it', () => {
  const swim = started()
  hear(swim, 1, [claim(1)])
  swim.handle({ type: 'link-up', peer: nodeId(1) }, 0)
  drain(swim)
  const streamed: SwimEffect[] = []
  for (let now = 0; now <= 250; now += 10) {
    swim.tick(now)
    streamed.push(...drain(swim).filter(({ type }) => type === 'stream'))
  }
  assert.is(streamed.length, 1)
})

test('a candidate that is this node itself is dropped', () => {
  const swim = started()
  const own = profileOf(0).gossip
  swim.handle({ type: 'candidate', at: own }, 0)
  swim.tick(0)
  const [ping] = drain(swim)
  assert.ok(ping?.type === 'send' && ping.to.address === own.address)
  if (ping?.type === 'send') swim.handle({ type: 'datagram', from: own, bytes: ping.bytes }, 1)
  for (let now = 10; now < 5_000; now += 10) swim.tick(now)
  assert.equal(drain(swim), [])
})

test('a candidate that never answers expires', () => {
  const swim = started()
  swim.handle({ type: 'candidate', at: profileOf(9).gossip }, 0)
  for (let now = 0; now < 60_000; now += 20) swim.tick(now)
  assert.is(drain(swim).length, config.candidateExpiryMs / config.candidateIntervalMs)
})

test('one stall that two watchers report counts once', () => {
  const swim = started()
  swim.tick(10)
  swim.tick(swim.nextDeadline() ?? 0)
  const late = (swim.nextDeadline() ?? 0) + 1_000
  swim.tick(late)
  const health = swim.localHealth
  assert.is(health, 4)
  swim.handle({ type: 'stalled', ms: 1_000 }, late)
  assert.is(swim.localHealth, health)
})

test('whatever arrives, nothing throws and memory stays bounded', () => {
  const seed = 11
  const random = new Prng(seed)
  const swim = new Swim({ self: profileOf(0), config: { ...config, membersMax: 64 }, random: new Prng(2) })
  swim.handle({ type: 'start' }, 0)
  for (let now = 0; now < 4_000; now++) {
    const index = random.below(200)
    const state = (['alive', 'suspect', 'down', 'left'] as const)[random.below(4)] ?? 'alive'
    const boot = 1 + random.below(3)
    const about = random.below(200)
    const messages: Message[] = [
      claim(about, { state, incarnation: random.below(4), accuser: nodeId(random.below(200)) }, boot),
      { kind: 'ping', seq: random.u32(), target: random.chance(0.5) ? undefined : { node: nodeId(0), boot } },
      { kind: 'ping-req', seq: random.u32(), target: { node: nodeId(about), boot }, at: profileOf(about).gossip },
      { kind: 'ack', seq: random.below(50), subject: { node: nodeId(about), boot } },
      { kind: 'nack', seq: random.below(50) },
      { kind: 'pull', digest: random.chance(0.5) ? undefined : '0123456789abcdef' },
    ]
    const bytes = encodePacket({ node: nodeId(index), boot }, random.shuffle(messages).slice(0, 3).map(encodeMessage))
    if (random.chance(0.2)) bytes[random.below(bytes.byteLength)] = random.u32()
    if (random.chance(0.3)) swim.handle({ type: 'stream', from: nodeId(index), bytes }, now)
    else swim.handle({ type: 'datagram', from: profileOf(index).gossip, bytes }, now)
    swim.tick(now)
    for (const effect of drain(swim)) if (effect.type === 'send') assert.ok(effect.bytes.byteLength <= 1_159)
    assert.ok(swim.members().length <= 64, `SEED=${seed}`)
    assert.is(memberOf(swim, 0)?.state, 'alive')
  }
})

test('another process of one boot knows all members at once, and says of itself more than the first did', () => {
  const first = started()
  hear(first, 1, [claim(1), claim(2), claim(0, { state: 'suspect', incarnation: 3, accuser: nodeId(1) })])
  hear(first, 1, [claim(3, { state: 'down', accuser: nodeId(1) })])
  const second = started()
  second.handle({ type: 'carried', members: structuredClone(first.members()) }, 5)
  const states = (swim: Swim) => swim.members().map(({ profile, state }) => `${profile.name} ${state}`)
  assert.equal(states(second).sort(), states(first).sort())
  assert.is(memberOf(second, 0)?.incarnation, 5)
  assert.ok(changes(drain(second)).includes('node-1#1 ->alive'), 'and all who work with members hear of them')
})

test.run()
