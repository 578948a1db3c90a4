/** What is asked of a node on behalf of a client. */
import type { Endpoint } from '../base/address.js'
import type { SpliceId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { Counterpart } from './counterpart.js'
import type { Introduction } from './introduction.js'
import type { Reason } from './reasons.js'
import type { Service } from './service.js'

/** What an attempt asks of the chosen node. */
export interface OpenRequest {
  readonly id: SpliceId
  readonly term: Term
  readonly service: Service
  readonly port: number
  readonly client: Endpoint
  readonly destination: Endpoint
  /** Who the client is, where that is not the other end of its connection; and what the proxy in front has said of it. */
  readonly source: Endpoint | undefined
  readonly introduction: Introduction | undefined
  /** For how long this director had directed when the client came. */
  readonly sinceMs: Millis
  readonly window: number
  readonly snapshot: Uint8Array
  /** From 1; beyond it, the same node may have been asked before. */
  readonly attempt: number
  /** What this very node is to dial, and no program of the service. */
  readonly sorry: Endpoint | undefined
  /** Whose wish it is, of that node's programs; not given: the client has come by itself. */
  readonly call?: number
}

/** As handoff's snapshot-codec has it. */
export interface ClientSnapshot {
  readonly bytes: Uint8Array
  /** When it was taken. */
  readonly at: Millis
  /** Of one that is empty: why. */
  readonly why?: string
}

/** One OPEN that was sent; its answer comes as `onOpened` or `onRefused`. */
export interface Attempt {
  readonly counterpart: Counterpart
  /** No answer is wanted any more. */
  cancel(reason: Reason): void
}
