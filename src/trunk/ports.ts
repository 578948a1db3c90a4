/** What trunk needs from outside, and what it hands to others. */
import type { Endpoint } from '../base/address.js'
import type { NodeId } from '../base/ids.js'
import type { Suite } from './suites.js'

/** Seals the records of one direction of one data link, in their order. */
export interface Sealer {
  /** How much longer a sealed record is than its content. */
  readonly overheadBytes: number
  /** Writes the sealed form of `plain` to the start of `into`, which must have room, and says its length. */
  seal(plain: Uint8Array, into: Uint8Array): number
  /** From the next record on a new key is derived from the old, and the old one is forgotten. */
  rekey(): void
  /** Frees what it holds; the link's owner calls it once, and nothing else afterwards. */
  close(): void
}

/** Opens the records of one direction of one data link, in the order in which they were sealed. */
export interface Opener {
  /** Writes the content to the start of `into` and says its length; `undefined`: not the next record of this peer. */
  open(sealed: Uint8Array, into: Uint8Array): number | undefined
  /** As for a sealer. */
  close(): void
}

export interface LinkSeal {
  readonly sealer: Sealer
  readonly opener: Opener
}

export interface SealFactory {
  /** `header` (24 bytes, random) travels in the clear before the first record: link-preamble. */
  sealer(suite: Suite, key: Uint8Array): { readonly sealer: Sealer; readonly header: Uint8Array }
  opener(suite: Suite, key: Uint8Array, header: Uint8Array): Opener
}

/** Which end of a control link dialled. */
export type LinkRole = 'initiator' | 'responder'

/** Makes and checks proofs of the cluster key for one Noise handshake; see hello. */
export interface ProofPort {
  /** One proof per key that this node holds, for the `role` that it plays. */
  make(role: LinkRole, handshakeHash: Uint8Array, publicKey: Uint8Array): Uint8Array[]
  /** True if one of `proofs` was made under one of our keys; in constant time for each comparison. */
  verify(proofs: readonly Uint8Array[], role: LinkRole, handshakeHash: Uint8Array, publicKey: Uint8Array): boolean
  nodeIdOf(publicKey: Uint8Array): NodeId
}

/** Who is at the other end of a control link, proven. */
export interface PeerInfo {
  readonly node: NodeId
  readonly boot: number
  readonly name: string
  /** Of Baton; releases before 0.2 do not say. */
  readonly release?: string
  /** The version of the control protocol that both speak. */
  readonly version: number
  /** Feature bits that both have. */
  readonly features: number
  readonly remote: Endpoint
}

/** How the link to a peer came about. */
export interface LinkedPeer extends PeerInfo {
  /** From here. */
  readonly dialled: boolean
  /** A connection that was found by other means carries it, since none of TCP could be made. */
  readonly carried: boolean
}

export interface WantedPeer {
  readonly node: NodeId
  readonly boot: number
  readonly control: Endpoint
}

/** For status. `why` is the last thing that went wrong. */
export interface LinkState {
  readonly phase: 'up' | 'dialing' | 'down'
  readonly carried?: true
  readonly why?: string
}
