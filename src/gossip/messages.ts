import type { Endpoint } from '../base/address.js'
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'

/** What a member says of itself. Only the member changes it, and each change has an incarnation of its own. */
export interface MemberProfile {
  readonly node: NodeId
  /** 1 … 2³² − 1. */
  readonly boot: number
  /** At most 63 bytes of UTF-8. */
  readonly name: string
  readonly gossip: Endpoint
  readonly control: Endpoint
  /** Port 0 until the data listener stands. */
  readonly data: Endpoint
  /** 32 bits; their meaning is the wiring's. */
  readonly flags: number
}

export const NAME_BYTES_MAX = 63

/** `left` is the member's own word that it goes; `down` is what others concluded. */
export type MemberState = 'alive' | 'suspect' | 'down' | 'left'

export interface Member {
  readonly profile: MemberProfile
  readonly state: MemberState
  /** Raised only by the member itself, to refute an accusation or to announce a new profile. */
  readonly incarnation: number
  /** When this node saw the state begin. */
  readonly since: Millis
}

/** One life of one node. */
export interface Identity {
  readonly node: NodeId
  readonly boot: number
}

/** A statement about a member, complete enough to introduce it to somebody who never heard of it. */
export interface Claim {
  readonly profile: MemberProfile
  readonly state: MemberState
  readonly incarnation: number
  /** Who concluded `suspect` or `down` (independent accusers shorten a suspicion); the member itself otherwise. */
  readonly accuser: NodeId
}

export type Message =
  /** `target` undefined: whoever is there shall answer and introduce itself. `seq` 0: no one waits for the answer. */
  | { readonly kind: 'ping'; readonly seq: number; readonly target: Identity | undefined }
  | { readonly kind: 'ping-req'; readonly seq: number; readonly target: Identity; readonly at: Endpoint }
  /** `subject` is who was reached; on the way back through a helper it is not the sender. */
  | { readonly kind: 'ack'; readonly seq: number; readonly subject: Identity }
  /** A helper lives but got no answer in time: the asker's own network is not to blame. */
  | { readonly kind: 'nack'; readonly seq: number }
  | { readonly kind: 'claim'; readonly claim: Claim }
  /**
   * Streams only: answer with all that you hold. With a digest (16 hex digits) only if yours is another one, and then the
   * sender wants to be asked in turn; without, the claims beside this are all that the sender holds.
   */
  | { readonly kind: 'pull'; readonly digest: string | undefined }

export interface Packet {
  readonly sender: Identity
  readonly messages: readonly Message[]
}

export function isLive(state: MemberState): boolean {
  return state === 'alive' || state === 'suspect'
}

export function identityOf(member: { readonly profile: MemberProfile }): Identity {
  return { node: member.profile.node, boot: member.profile.boot }
}

export function sameIdentity(a: Identity, b: Identity): boolean {
  return a.node === b.node && a.boot === b.boot
}
