/** What elections need from outside, and what they offer: the wiring feeds events and performs effects. */
import type { NodeId, Term } from '../base/ids.js'
import type { LogFields, LogLevel } from '../base/log.js'
import type { Millis } from '../base/time.js'
import type { DurableRecord } from './durable-state.js'

export type { DurableRecord } from './durable-state.js'

export type ElectionEvent =
  | { readonly type: 'start' }
  | { readonly type: 'message'; readonly from: NodeId; readonly bytes: Uint8Array }
  | { readonly type: 'link-up'; readonly peer: NodeId }
  | { readonly type: 'link-down'; readonly peer: NodeId }
  /** From membership: only who lives is waited for as a better candidate. */
  | { readonly type: 'member'; readonly node: NodeId; readonly alive: boolean }
  | { readonly type: 'service'; readonly name: string; readonly present: boolean }
  /** This node cannot serve it now (a port in use …): it resigns and does not stand for so long. */
  | { readonly type: 'unable'; readonly service: string; readonly forMs: Millis; readonly why: string }
  | { readonly type: 'resign'; readonly service: string }
  /** The process stood still for so long, or its host slept: no lease counts until one sent from now on comes back. */
  | { readonly type: 'clock-gap'; readonly ms: Millis }
  /** Peers remember a later life of this node: what it promised then is lost, so it must not vote. */
  | { readonly type: 'amnesia' }
  | { readonly type: 'remove-voter'; readonly node: NodeId }
  /** Resign everything in order; nothing is claimed afterwards. */
  | { readonly type: 'stop' }

export type ElectionEffect =
  | { readonly type: 'send'; readonly to: NodeId; readonly bytes: Uint8Array }
  /** Durable before the next effect is performed. */
  | { readonly type: 'persist'; readonly records: readonly DurableRecord[] }
  | { readonly type: 'acquired' | 'renewed'; readonly service: string; readonly term: Term; readonly deadline: Millis }
  | { readonly type: 'lost'; readonly service: string; readonly term: Term; readonly why: string }
  /** Who directs, as far as this node knows; it may be this node. */
  | { readonly type: 'observed'; readonly service: string; readonly term: Term | undefined }
  | { readonly type: 'electorate'; readonly epoch: number; readonly voters: readonly NodeId[] }
  | { readonly type: 'log'; readonly level: LogLevel; readonly event: string; readonly fields: LogFields }
