/** Performs what the link broker decides: makes keys, sends offers on the control link, tells the lane what to do. */
import { randomBytes } from 'node:crypto'
import type { Endpoint } from '../../base/address.js'
import { toHex } from '../../base/bytes.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { LinkKeys, NodeName, ToLane } from '../../proxy/lane-protocol.js'
import {
  type DataLinkMessage,
  decodeDataLinkMessage,
  encodeDataLinkMessage,
  LINK_KEY_BYTES,
} from '../../trunk/data-link-offer.js'
import { LINK_ID_BYTES } from '../../trunk/link-preamble.js'
import { chooseSuite, type Suite } from '../../trunk/suites.js'
import { PAIRS_MAX } from './link-broker.js'

export interface LinkOffersPorts {
  /** Where each lane of this node listens for data links. */
  readonly dataAt: readonly Endpoint[]
  /** What this node's lanes can seal with, and should. */
  readonly suites: readonly Suite[]
  readonly nameOf: (node: NodeId) => string
  readonly send: (to: NodeId, message: Uint8Array) => void
  readonly toLane: (message: ToLane) => void
  readonly onLanes: (peer: NodeId, lanes: number) => void
  readonly logger: Logger
}

/** The accepter chooses the suite. */
type OfferedKeys = Omit<LinkKeys, 'suite'>

export class LinkOffers {
  /** Offers that still wait for their answer: one for each pair of lanes. */
  readonly #offered = new Map<NodeId, Map<number, OfferedKeys>>()

  constructor(private readonly ports: LinkOffersPorts) {}

  offer(peer: NodeId, pair: number): void {
    const keys = {
      linkId: randomBytes(LINK_ID_BYTES),
      out: randomBytes(LINK_KEY_BYTES),
      in: randomBytes(LINK_KEY_BYTES),
    }
    const offered = this.#offered.get(peer) ?? new Map<number, OfferedKeys>()
    const { suites } = this.ports
    this.#offered.set(peer, offered)
    offered.set(pair, keys)
    this.#send(peer, {
      kind: 'offer',
      linkId: keys.linkId,
      keyOfOfferer: keys.out,
      keyOfAccepter: keys.in,
      pair,
      suites,
    })
  }

  forget(peer: NodeId): void {
    this.#offered.delete(peer)
  }

  receive(from: NodeId, bytes: Uint8Array): void {
    const decoded = decodeDataLinkMessage(bytes)
    if (decoded.type === 'unknown') return
    if (decoded.type === 'malformed') {
      return this.ports.logger.log('warn', 'offer-malformed', { peer: this.ports.nameOf(from), why: decoded.why })
    }
    const { message } = decoded
    const peer: NodeName = { node: from, name: this.ports.nameOf(from) }
    if (message.kind === 'offer') {
      const { linkId, keyOfOfferer, keyOfAccepter, pair } = message
      const { dataAt } = this.ports
      const at = dataAt[pair % dataAt.length]
      if (at === undefined || pair >= PAIRS_MAX) {
        return this.#send(from, { kind: 'refuse', linkId, reason: `no lane for pair ${pair}` })
      }
      // The lane expects the link before the peer hears that it may dial.
      const suite = chooseSuite(this.ports.suites, message.suites)
      const keys = { linkId, out: keyOfAccepter, in: keyOfOfferer, suite }
      this.ports.toLane({ type: 'link-expect', peer, pair, keys })
      return this.#send(from, { kind: 'accept', linkId, at, lanes: dataAt.length, suite })
    }
    const [pair, keys] = this.#meant(from, message.linkId)
    if (keys === undefined) return
    this.#offered.get(from)?.delete(pair)
    if (message.kind === 'accept' && !this.ports.suites.includes(message.suite)) {
      return this.ports.logger.log('warn', 'offer-malformed', {
        peer: peer.name,
        why: `${message.suite} was not offered`,
      })
    }
    if (message.kind === 'accept') {
      const { suite, at } = message
      this.ports.toLane({ type: 'link-dial', peer, pair, keys: { ...keys, suite }, to: at })
      return this.ports.onLanes(from, message.lanes)
    }
    this.ports.logger.log('warn', 'offer-refused', { peer: peer.name, why: message.reason })
  }

  /** The offer that an answer names. */
  #meant(peer: NodeId, linkId: Uint8Array): readonly [number, OfferedKeys | undefined] {
    for (const [pair, keys] of this.#offered.get(peer) ?? []) {
      if (toHex(keys.linkId) === toHex(linkId)) return [pair, keys]
    }
    return [0, undefined]
  }

  #send(to: NodeId, message: DataLinkMessage): void {
    this.ports.send(to, encodeDataLinkMessage(message))
  }
}
