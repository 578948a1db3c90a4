/** Performs what the link broker decides: makes keys, sends offers on the control link, tells the lane what to do. */
import { randomBytes } from 'node:crypto'
import type { Endpoint } from '../base/address.js'
import { toHex } from '../base/bytes.js'
import type { NodeId } from '../base/ids.js'
import type { Logger } from '../base/log.js'
import type { LinkKeys, NodeName, ToLane } from '../proxy/lane-protocol.js'
import {
  type DataLinkMessage,
  decodeDataLinkMessage,
  encodeDataLinkMessage,
  LINK_KEY_BYTES,
} from '../trunk/data-link-offer.js'
import { LINK_ID_BYTES } from '../trunk/link-preamble.js'

export interface LinkOffersPorts {
  /** Where this node's lane listens for data links. */
  readonly dataAt: () => Endpoint
  readonly nameOf: (node: NodeId) => string
  readonly send: (to: NodeId, message: Uint8Array) => void
  readonly toLane: (message: ToLane) => void
  readonly logger: Logger
}

export class LinkOffers {
  /** The one offer to each peer that still waits for its answer. */
  readonly #offered = new Map<NodeId, LinkKeys>()

  constructor(private readonly ports: LinkOffersPorts) {}

  offer(peer: NodeId): void {
    const keys = {
      linkId: randomBytes(LINK_ID_BYTES),
      out: randomBytes(LINK_KEY_BYTES),
      in: randomBytes(LINK_KEY_BYTES),
    }
    this.#offered.set(peer, keys)
    this.#send(peer, { kind: 'offer', linkId: keys.linkId, keyOfOfferer: keys.out, keyOfAccepter: keys.in })
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
      const { linkId, keyOfOfferer, keyOfAccepter } = message
      // The lane expects the link before the peer hears that it may dial.
      this.ports.toLane({ type: 'link-expect', peer, keys: { linkId, out: keyOfAccepter, in: keyOfOfferer } })
      return this.#send(from, { kind: 'accept', linkId, at: this.ports.dataAt() })
    }
    const keys = this.#offered.get(from)
    if (keys === undefined || toHex(keys.linkId) !== toHex(message.linkId)) return
    this.#offered.delete(from)
    if (message.kind === 'accept') return this.ports.toLane({ type: 'link-dial', peer, keys, to: message.at })
    this.ports.logger.log('warn', 'offer-refused', { peer: peer.name, why: message.reason })
  }

  #send(to: NodeId, message: DataLinkMessage): void {
    this.ports.send(to, encodeDataLinkMessage(message))
  }
}
