import { Prng } from '../../src/base/prng.js'
import { decodePacket, encodeMessage, encodePacket } from '../../src/gossip/codec.js'
import { gossipConfig } from '../../src/gossip/config.js'
import { MemberTable } from '../../src/gossip/member-table.js'
import type { Message } from '../../src/gossip/messages.js'
import { Swim } from '../../src/gossip/swim.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId, profileOf } from './profiles.js'

const test = suite('gossip/push-pull')
const config = gossipConfig('lan')

function started(index: number): Swim {
  const swim = new Swim({ self: profileOf(index), config, random: new Prng(1) })
  swim.handle({ type: 'start' }, 0)
  return swim
}

function hear(swim: Swim, from: number, messages: Message[], now: number): void {
  const bytes = encodePacket({ node: nodeId(from), boot: 1 }, messages.map(encodeMessage))
  swim.handle({ type: 'stream', from: nodeId(from), bytes }, now)
}

/** What goes over control links, in words. */
function streamed(swim: Swim): string[] {
  const said: string[] = []
  for (let effect = swim.poll(); effect !== undefined; effect = swim.poll()) {
    if (effect.type !== 'stream') continue
    const decoded = decodePacket(effect.bytes)
    if (decoded.type === 'malformed') throw new Error(decoded.why)
    for (const message of decoded.packet.messages) {
      if (message.kind === 'pull') said.push(message.digest === undefined ? 'pull' : 'digest')
      else said.push(message.kind === 'claim' ? message.claim.profile.name : message.kind)
    }
  }
  return said
}

/** Only the lower id begins. */
const [LOW, HIGH] = nodeId(0) < nodeId(1) ? [0, 1] : [1, 0]

test('a link that comes up begins with a digest, from one end', () => {
  const [low, high] = [started(LOW), started(HIGH)]
  low.handle({ type: 'link-up', peer: nodeId(HIGH) }, 1)
  high.handle({ type: 'link-up', peer: nodeId(LOW) }, 1)
  assert.equal(streamed(low), ['digest'])
  assert.equal(streamed(high), [])
})

test('where digests differ both give all that they hold; where they agree nothing is said', () => {
  const swim = started(0)
  hear(swim, 1, [{ kind: 'pull', digest: '0123456789abcdef' }], 1_000)
  assert.equal(streamed(swim), ['pull', 'node-0'])
  hear(swim, 1, [{ kind: 'pull', digest: undefined }], 1_001)
  assert.equal(streamed(swim), ['node-0'])
  const table = new MemberTable(nodeId(0), 8)
  table.put({ profile: profileOf(0), state: 'alive', incarnation: 0 }, 0)
  hear(swim, 1, [{ kind: 'pull', digest: table.digest }], 5_000)
  assert.equal(streamed(swim), [])
})

test('a hundred links at once begin one exchange, and later ones another', () => {
  const swim = started(LOW)
  const linksUp = (now: number): string[] => {
    for (let i = 0; i < 100; i++) swim.handle({ type: 'link-up', peer: `ff${i.toString(16).padStart(30, '0')}` }, now)
    return streamed(swim)
  }
  assert.equal(linksUp(1_000), ['digest'])
  assert.equal(linksUp(1_000 + config.probeIntervalMs - 1), [])
  assert.equal(linksUp(1_000 + config.probeIntervalMs), ['digest'])
})

test.run()
