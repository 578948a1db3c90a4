/** By which way members are reached: alone, and in clusters of which one hears no datagrams. */
import { Prng } from '../../src/base/prng.js'
import { decodePacket, encodeMessage, encodePacket } from '../../src/gossip/codec.js'
import { gossipConfig } from '../../src/gossip/config.js'
import type { Message } from '../../src/gossip/messages.js'
import type { SwimEffect, SwimEvent } from '../../src/gossip/ports.js'
import { Swim } from '../../src/gossip/swim.js'
import { MISSES, Ways } from '../../src/gossip/ways.js'
import { assert, suite } from '../harness/suite.js'
import { MembershipCluster } from '../sim/membership.js'
import { LOSSY } from '../sim/membership-cast.js'
import { nodeId, profileOf } from './profiles.js'

const test = suite('gossip/ways', 20_000)
const config = gossipConfig('lan')
const [A, B] = [nodeId(0), nodeId(1)]

test('a member hears datagrams until some in a row are not answered, and again when one is', () => {
  const ways = new Ways(10)
  assert.ok(ways.hearsDatagrams(A))
  for (let seq = 1; seq <= MISSES; seq++) {
    assert.ok(ways.hearsDatagrams(A))
    ways.asked(A, seq)
    ways.missed(A)
  }
  assert.not(ways.hearsDatagrams(A))
  assert.ok(ways.hearsDatagrams(B))
  ways.asked(A, 9)
  ways.answered(A, 8)
  assert.not(ways.hearsDatagrams(A), 'that was another ping')
  ways.answered(A, 9)
  assert.ok(ways.hearsDatagrams(A))
})

test('as many are remembered as there may be members', () => {
  const ways = new Ways(2)
  for (let i = 0; i < 5; i++) ways.asked(nodeId(i), i)
  ways.missed(nodeId(0))
  assert.ok(ways.hearsDatagrams(nodeId(0)))
})

/** The last ones are behind NATs of their own; control links to them stand. */
function hidden(seed: number, count = 1): MembershipCluster {
  const cluster = MembershipCluster.joined({ links: true, size: 3 + count, seed, weather: LOSSY })
  for (let index = 3; index < 3 + count; index++) cluster.hide(index)
  return cluster
}

test('a member behind a NAT is a member like others: nobody suspects it, and it suspects nobody', () => {
  for (const seed of [1, 2, 3]) {
    const cluster = hidden(seed)
    cluster.run(300_000)
    assert.equal(
      cluster.seen.filter(({ state }) => state === 'suspect' || state === 'down'),
      [],
      `SEED=${seed}`,
    )
  }
})

test('nor is one of two behind NATs that do not reach each other at all: those that have links to them ask in their place', () => {
  for (const seed of [1, 2, 3]) {
    const cluster = hidden(seed, 2)
    cluster.links.forbid(cluster.node(3), cluster.node(4))
    cluster.run(100_000)
    assert.equal(
      cluster.seen.filter(({ state }) => state === 'down'),
      [],
      `SEED=${seed}`,
    )
  }
})

test('its death is known to all as soon as that of others, and theirs to it', () => {
  for (const seed of [1, 2, 3, 4]) {
    for (const victim of [3, 1]) {
      const cluster = hidden(seed)
      cluster.run(5_000)
      cluster.crash(victim)
      assert.ok(cluster.untilKnownDown(victim, 2_000) !== undefined, `SEED=${seed}, member ${victim}`)
    }
  }
})

/** A node, and members 1 and 2, which it has links to: 1 hears no datagrams and answers by its link, 2 answers all. */
class Subject {
  readonly swim = new Swim({ self: profileOf(0), config, random: new Prng(1) })
  readonly effects: SwimEffect[] = []
  now = 0

  constructor() {
    this.swim.handle({ type: 'start' }, 0)
    for (const index of [1, 2]) {
      this.hear(index, 'datagram', [{ kind: 'claim', claim: claimOf(index) }])
      this.swim.handle({ type: 'link-up', peer: nodeId(index) }, 0)
    }
  }

  hear(index: number, way: 'datagram' | 'stream', messages: Message[]): void {
    const bytes = encodePacket({ node: nodeId(index), boot: 1 }, messages.map(encodeMessage))
    const from = way === 'stream' ? nodeId(index) : profileOf(index).gossip
    this.swim.handle({ type: way, from, bytes } as SwimEvent, this.now)
  }

  run(ms: number, isAnswered: (index: number) => boolean = () => true): void {
    for (const end = this.now + ms; this.now < end; this.now += 10) {
      this.swim.tick(this.now)
      for (let effect = this.swim.poll(); effect !== undefined; effect = this.swim.poll()) {
        this.effects.push(effect)
        if (effect.type === 'member') continue
        const index = effect.type === 'stream' ? indexOf(effect.to) : Number(effect.to.address.split('.').at(-1))
        if (!isAnswered(index) || (index === 1 && effect.type === 'send')) continue
        const subject = { node: nodeId(index), boot: 1 }
        for (const message of messagesOf(effect)) {
          if (message.kind !== 'ping' || message.seq === 0) continue
          this.hear(index, effect.type === 'stream' ? 'stream' : 'datagram', [
            { kind: 'ack', seq: message.seq, subject },
          ])
        }
      }
    }
  }

  /** What was sent to a member since the last question, by its kinds. */
  sent(index: number, way: 'send' | 'stream'): string[] {
    return this.effects.splice(0).flatMap((effect) => {
      const isMeant =
        effect.type === 'send'
          ? effect.to.address === profileOf(index).gossip.address
          : effect.type === 'stream' && effect.to === nodeId(index)
      return isMeant && effect.type === way ? messagesOf(effect).map(({ kind }) => kind) : []
    })
  }
}

const indexOf = (node: string): number => [0, 1, 2].findIndex((index) => nodeId(index) === node)
const claimOf = (index: number) =>
  ({ profile: profileOf(index), state: 'alive', incarnation: 0, accuser: nodeId(index) }) as const

function messagesOf(effect: SwimEffect): readonly Message[] {
  if (effect.type === 'member') return []
  const decoded = decodePacket(effect.bytes)
  return decoded.type === 'packet' ? decoded.packet.messages : []
}

test('news go by the link to a member that hears no datagrams, and by datagrams to others', () => {
  const subject = new Subject()
  subject.run(3_000)
  assert.is(subject.swim.members().filter(({ state }) => state === 'alive').length, 3)
  for (const [index, way] of [
    [1, 'stream'],
    [2, 'send'],
  ] as const) {
    subject.effects.length = 0
    subject.swim.handle({ type: 'profile', profile: { ...profileOf(0), flags: index } }, subject.now)
    // No probe in this time: what is sent is gossip.
    for (let effect = subject.swim.poll(); effect !== undefined; effect = subject.swim.poll())
      subject.effects.push(effect)
    subject.run(60)
    assert.ok(subject.sent(index, way).includes('claim'), `member ${index}`)
  }
})

test('a member that hears no datagrams is asked for no help', () => {
  const subject = new Subject()
  subject.run(3_000)
  subject.effects.length = 0
  subject.run(500, (index) => index !== 2)
  assert.not(subject.sent(1, 'send').includes('ping-req'))
  assert.is(subject.swim.localHealth, 0, 'and no silence of it is held against ourselves')
})

test.run()
