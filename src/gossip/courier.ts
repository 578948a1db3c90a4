import type { Endpoint } from '../base/address.js'
import type { NodeId } from '../base/ids.js'
import type { Prng } from '../base/prng.js'
import { retransmitLimit } from './broadcast-queue.js'
import { bytesOf, encodeMessage, joinPacket, PACKET_BYTES_MAX, PACKET_HEADER_BYTES, packetHeader } from './codec.js'
import type { GossipConfig } from './config.js'
import { type Identity, identityOf, type Member } from './messages.js'
import type { SwimEffect } from './ports.js'
import { type Links, statePackets } from './push-pull.js'
import { sample } from './sample.js'
import type { View } from './view.js'
import type { Ways } from './ways.js'

/** More claims than this never fit into one datagram. */
const INTRODUCED_MAX = 16
const CAPACITY = PACKET_BYTES_MAX - PACKET_HEADER_BYTES

/** Puts messages into packets, and gives queued claims a ride wherever a datagram has room. */
export class Courier {
  readonly #header: Uint8Array

  constructor(
    private readonly me: Identity,
    private readonly view: View,
    private readonly links: Links,
    private readonly ways: Ways,
    private readonly config: GossipConfig,
    private readonly random: Prng,
    private readonly perform: (effect: SwimEffect) => void,
  ) {
    this.#header = packetHeader(me)
  }

  /** Fills the datagram: first `messages`, then queued claims, then claims about some of `introduced`. */
  send(to: Endpoint, messages: readonly Uint8Array[], introduced: readonly Member[] = []): void {
    const load = this.#load(messages)
    let room = CAPACITY - bytesOf(load)
    for (const member of sample(introduced, INTRODUCED_MAX, this.random)) {
      const claim = this.view.claimOf(member)
      if (claim.byteLength > room) continue
      room -= claim.byteLength
      load.push(claim)
    }
    this.perform({ type: 'send', to, bytes: joinPacket(this.#header, load) })
  }

  /** Queued claims, by the way that leads there. */
  gossip({ profile }: Member): void {
    if (!this.#needsStream(profile.node)) return this.send(profile.gossip, [])
    this.stream(profile.node, this.#load([]))
  }

  #load(messages: readonly Uint8Array[]): Uint8Array[] {
    const { queue, table } = this.view
    const sendsMax = retransmitLimit(this.config.retransmitFactor, table.liveCount)
    return [...messages, ...queue.take(CAPACITY - bytesOf(messages), sendsMax)]
  }

  stream(to: NodeId, messages: readonly Uint8Array[]): void {
    this.perform({ type: 'stream', to, bytes: joinPacket(this.#header, messages) })
  }

  /** Asks for the peer's state, should it differ from ours. */
  streamDigest(to: NodeId): void {
    this.stream(to, [encodeMessage({ kind: 'pull', digest: this.view.table.digest })])
  }

  /** All that this node holds, over the control link. */
  streamState(to: NodeId, wantsAnswer: boolean): void {
    const claims = this.view.table.all().map((member) => this.view.claimOf(member))
    for (const bytes of statePackets(this.me, claims, wantsAnswer)) this.perform({ type: 'stream', to, bytes })
  }

  /** One that is not held alive is asked as a stranger, so that its answer carries its refutation. */
  pingMember(member: Member, seq: number): void {
    const { node, gossip } = member.profile
    const ping = encodeMessage({ kind: 'ping', seq, target: identityOf(member) })
    if (this.#needsStream(node)) this.stream(node, [this.view.claimOf(member), ping])
    if (member.state !== 'alive') return this.pingWhoever(gossip, seq, member)
    this.send(gossip, [ping])
  }

  /** In another's place, who got no answer: by every way. */
  pingFor(target: Identity, at: Endpoint, seq: number): void {
    const ping = encodeMessage({ kind: 'ping', seq, target })
    if (this.links.has(target.node)) this.stream(target.node, [ping])
    this.send(at, [ping])
  }

  #needsStream(node: NodeId): boolean {
    return this.links.has(node) && !this.ways.hearsDatagrams(node)
  }

  /** Introduces ourselves, and tells `accused` what is held against it. */
  pingWhoever(to: Endpoint, seq: number, accused: Member | undefined): void {
    const known = accused === undefined ? [this.view.self] : [this.view.self, accused]
    const claims = known.map((member) => this.view.claimOf(member))
    // The claims first: the answer to the ping then comes from one who has already refuted.
    this.send(to, [...claims, encodeMessage({ kind: 'ping', seq, target: undefined })])
  }
}
