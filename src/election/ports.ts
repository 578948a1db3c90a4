/** What elections need from outside, and what they offer: the wiring feeds events and performs effects. */
import type { NodeId, Term } from '../base/ids.js'
import type { LogFields, LogLevel } from '../base/log.js'
import type { Millis } from '../base/time.js'
import type { DurableRecord } from './durable-state.js'

export type { DurableRecord } from './durable-state.js'

/** What a node says of its own part in elections. */
export interface Standing {
  /** `false`: a witness, or a node that leaves or is drained; it is no candidate. */
  readonly directs: boolean
  /** An operator wants it to direct nothing: it does not stand, even where nobody else does. */
  readonly drained: boolean
  /** `false`: it leaves; it is removed from the electorate and not added. */
  readonly votes: boolean
  /** Router priority, higher first. */
  readonly priority: number
  /** How much of a director's work its host allows (rebuild sockets, enforce the deadline), higher first. */
  readonly capability: number
}

export const ORDINARY: Standing = Object.freeze({
  directs: true,
  drained: false,
  votes: true,
  priority: 0,
  capability: 0,
})

/** What elections need to know of a service. */
export interface ServiceRules {
  /** Hand it back to a more preferred node that has returned. */
  readonly failback: boolean
  /** The one node that may direct it without a majority, where the electorate is two and the other is gone. */
  readonly alone: NodeId | undefined
  /** Nodes that never direct it. */
  readonly keptOut?: readonly NodeId[]
  /** Router priorities for this one alone, in place of what nodes say of themselves. */
  readonly priorities?: readonly (readonly [node: NodeId, priority: number])[]
  /**
   * Who stands, the most preferred first, and nobody else, whatever standing and priority say; `undefined`: whoever directs, in
   * the order of preference.
   */
  readonly order?: readonly NodeId[] | undefined
}

export type ElectionEvent =
  | { readonly type: 'start' }
  | { readonly type: 'message'; readonly from: NodeId; readonly bytes: Uint8Array }
  /** A later boot than the last one tells that the earlier life is over. */
  | { readonly type: 'link-up'; readonly peer: NodeId; readonly boot: number }
  /** `byUs`: this node closed it, while its own process goes on. */
  | { readonly type: 'link-down'; readonly peer: NodeId; readonly byUs: boolean }
  /** Its link has ended, and a fresh dial to the same port was refused: nobody is left in that process. */
  | { readonly type: 'refused'; readonly peer: NodeId }
  /** From membership: only who lives is waited for as a better candidate. */
  | { readonly type: 'member'; readonly node: NodeId; readonly alive: boolean; readonly standing: Standing }
  /** New, or their rules have changed. Many at once: each by itself would have all others looked at again. */
  | { readonly type: 'services'; readonly services: readonly { readonly name: string; readonly rules: ServiceRules }[] }
  | { readonly type: 'service-gone'; readonly name: string }
  /** This node cannot serve it now (a port in use …): it resigns and does not stand for so long. */
  | { readonly type: 'unable'; readonly service: string; readonly forMs: Millis; readonly why: string }
  | { readonly type: 'resign'; readonly service: string }
  /** Hand over to a node that is linked; nothing happens where this node does not hold the lease. */
  | { readonly type: 'transfer'; readonly service: string; readonly to: NodeId }
  /** The answer to `probe-rival`: whether somebody else answers for the address. */
  | { readonly type: 'rival'; readonly service: string; readonly term: Term; readonly found: boolean }
  /** The process stood still for so long, or its host slept: no lease counts until one sent from now on comes back. */
  | { readonly type: 'clock-gap'; readonly ms: Millis }
  /** An operator's word that this node will not come back; done by a majority of the present electorate. */
  | { readonly type: 'forget'; readonly node: NodeId }
  /** The same without a majority, by this voter alone. If those that are forgotten still live, two may direct. */
  | { readonly type: 'force-forget'; readonly nodes: readonly NodeId[] }
  /** Resign everything in order; nothing is claimed afterwards. */
  | { readonly type: 'stop' }

export type ElectionEffect =
  | { readonly type: 'send'; readonly to: NodeId; readonly bytes: Uint8Array }
  /** Durable before the next effect is performed. */
  | { readonly type: 'persist'; readonly records: readonly DurableRecord[] }
  /** A majority has granted the term; before anything is announced, look whether somebody still answers. */
  | { readonly type: 'probe-rival'; readonly service: string; readonly term: Term }
  | {
      readonly type: 'acquired' | 'renewed'
      readonly service: string
      readonly term: Term
      readonly deadline: Millis
      /** Without a majority. */
      readonly alone: boolean
    }
  | { readonly type: 'lost'; readonly service: string; readonly term: Term; readonly why: string }
  /** Who directs, as far as this node knows; it may be this node. */
  | { readonly type: 'observed'; readonly service: string; readonly term: Term | undefined }
  | { readonly type: 'electorate'; readonly epoch: number; readonly voters: readonly NodeId[] }
  | { readonly type: 'log'; readonly level: LogLevel; readonly event: string; readonly fields: LogFields }
