import type { ClientSnapshot } from '../proxy/client-half.js'
import type { LedgerRow } from '../proxy/ledger-frames.js'
import type { Socket } from '../proxy/ports.js'

/** A socket in repair mode. What is written to it is kept until `letGo`. */
export interface FrozenSocket extends Socket {
  /** All that was written goes into the kernel as sent already, and the client is asked what of it has arrived. */
  letGo(): void
  /** `true`: nothing is left to do. Otherwise the client has not answered yet: to be called again. */
  settle(): boolean
  /** Asks the client once more. */
  probe(): void
}

/** Reads client sockets out and rebuilds them: needs TCP_REPAIR. */
export interface Rebuilder {
  /** To be taken at accept, before anything is read or written. Empty: this socket cannot be rebuilt. */
  snapshot(socket: Socket): Uint8Array
  rebuild(
    row: LedgerRow,
  ): { readonly socket: FrozenSocket; readonly snapshot: ClientSnapshot } | { readonly why: string }
}
