/** What a director works with that takes connections over: rebuilt sockets, and what makes them. */
import type { Endpoint } from '../base/address.js'
import type { Inbound, OnSegment } from '../handoff/ports.js'
import type { ClientSnapshot } from '../proxy/client-half.js'
import type { LedgerRow } from '../proxy/ledger-frames.js'
import type { Socket } from '../proxy/ports.js'

/** A socket in repair mode, on which nothing comes or goes. What is written to it is kept until `letGo`. */
export interface FrozenSocket extends Socket {
  /** All that was written goes into the kernel as sent already, and the client is asked what of it has arrived. */
  letGo(): void
  /** Its clock goes on as the client knows it. */
  isClockTrue: boolean
  /** There is nothing to settle, or it is done. */
  readonly isSettled: boolean
  /** How many bytes the client has acknowledged since it was let go. */
  bytesAcknowledged(): number
  /**
   * What was put in as sent and has not arrived is sent; to be called when the client has said what has arrived, and the socket has
   * heard it. `false`: not now.
   */
  settle(): boolean
  /** From the client, since it was let go. */
  inbound(): Inbound
  /** Asks the client once more. */
  probe(): void
}

export interface Rebuilt {
  readonly socket: FrozenSocket
  readonly snapshot: ClientSnapshot
  /** Of the next byte that it takes from the client, and of the first that it may send to it. */
  readonly receiveSeq: number
  readonly sendSeq: number
}

/** Reads client sockets out and rebuilds them: needs TCP_REPAIR. */
export interface Rebuilder {
  /** To be taken at accept, before anything is read or written. Empty: this socket cannot be rebuilt. */
  snapshot(socket: Socket): Uint8Array
  rebuild(row: LedgerRow): Rebuilt | { readonly why: string }
  /** Shows what clients send to an address, from before it is here. */
  tap(address: string, onSegment: OnSegment): Tap | { readonly why: string }
  /** Whether a socket of this host has the connection. */
  isTaken(local: Endpoint, remote: Endpoint): boolean
}

export interface Tap {
  /** A segment, with its header, from the address. */
  send(to: string, segment: Uint8Array): void
  close(): void
}
