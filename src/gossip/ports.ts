/**
 * What gossip needs from outside, and what it offers: the wiring feeds `SwimEvent`s and performs `SwimEffect`s.
 */
import type { Endpoint } from '../base/address.js'
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { Member, MemberProfile, MemberState } from './messages.js'

export type { Member, MemberProfile, MemberState } from './messages.js'

export type SwimEvent =
  | { readonly type: 'start' }
  /** What an earlier process of this very life knew; after `start`. */
  | { readonly type: 'carried'; readonly members: readonly Member[] }
  /** Already opened by the seal; `bytes` is not kept. */
  | { readonly type: 'datagram'; readonly from: Endpoint; readonly bytes: Uint8Array }
  /**
   * Discovery found an address: it is pinged until it answers or the candidate expires. It may be our own. `lasting`: a
   * member was there in an earlier boot, so it is asked on afterwards, for ever, at the pace of the members that are down.
   */
  | { readonly type: 'candidate'; readonly at: Endpoint; readonly lasting?: boolean }
  /** From the peer's control link, whose other end is proven. */
  | { readonly type: 'stream'; readonly from: NodeId; readonly bytes: Uint8Array }
  | { readonly type: 'link-up'; readonly peer: NodeId }
  | { readonly type: 'link-down'; readonly peer: NodeId }
  /** The event loop was late by `ms`: the next silence is likelier ours than a peer's. */
  | { readonly type: 'stalled'; readonly ms: Millis }
  /** Own profile changed; node and boot must not. */
  | { readonly type: 'profile'; readonly profile: MemberProfile }
  /** An operator's word that this member will not come back: nobody asks it any more, unless it speaks up itself. */
  | { readonly type: 'forget'; readonly node: NodeId }
  /** Say goodbye. Keep the machine running for `leaveLingerMs` afterwards, so that the word spreads. */
  | { readonly type: 'leave' }

export type SwimEffect =
  | { readonly type: 'send'; readonly to: Endpoint; readonly bytes: Uint8Array }
  | { readonly type: 'stream'; readonly to: NodeId; readonly bytes: Uint8Array }
  /** A visible change of state, profile or boot. `before` is undefined for a member never heard of. */
  | {
      readonly type: 'member'
      readonly member: Member
      readonly before: MemberState | undefined
      readonly why: string
    }

/** The datagram socket. `send` never throws and never calls back; what the network refuses is told to the owner. */
export interface DatagramPort {
  readonly local: Endpoint
  send(to: Endpoint, payload: Uint8Array): void
  close(): Promise<void>
}
