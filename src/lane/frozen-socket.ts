/** What a director works with that takes connections over: rebuilt sockets, and what makes them. */
import type { Endpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import type { ClientNumbers } from '../handoff/client-word.js'
import type { Adopted, Inbound, OnSegment, Unfit } from '../handoff/ports.js'
import type { ClientSnapshot } from '../proxy/client-half.js'
import type { Bequest } from '../proxy/lane-protocol.js'
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
  readonly numbers: ClientNumbers
}

/** A client's connection with all that was on its way in it; see `UnservedClient`. */
export interface CapturedClient {
  readonly snapshot: Uint8Array
  readonly clock: number | undefined
  readonly unread: Uint8Array
  readonly isEnded: boolean
  readonly unsent: Uint8Array
}

/** A client's connection that stood when its lane died, and goes on. */
export interface AdoptedSocket {
  readonly socket: Socket
  readonly snapshot: ClientSnapshot
  readonly numbers: ClientNumbers
  /** Where it goes on; or why it cannot, and ends. */
  readonly offsets: Adopted | Unfit
  readonly standing: Pick<FrozenSocket, 'inbound' | 'probe'>
}

/** Reads client sockets out and rebuilds them: needs TCP_REPAIR. */
export interface Rebuilder {
  /** To be taken at accept, before anything is read or written. */
  snapshot(socket: Socket): ClientSnapshot
  /** As if the streams began so many bytes later. */
  past(snapshot: ClientSnapshot, received: number, sent?: number): ClientSnapshot
  /**
   * All that another host needs to go on with a connection whose address has left this one. It hears nothing any more and says nothing;
   * it is to be closed. `held`: what was read from it, and goes before the rest.
   */
  capture(socket: Socket, snapshot: ClientSnapshot, held: Uint8Array): CapturedClient | { readonly why: string }
  rebuild(row: LedgerRow, keepaliveMs: Millis): Rebuilt | { readonly why: string }
  /** Of a lane that died. */
  adopt(row: LedgerRow, bequest: Bequest): AdoptedSocket
  /** One that nobody has a row of: as if it were accepted now, if nothing has come or gone; otherwise it is reset. */
  adoptFresh(bequest: Bequest): Socket | undefined
  /** Shows what clients send to an address, from before it is here. */
  tap(address: string, onSegment: OnSegment): Tap | { readonly why: string }
  /** Bytes of the peer that wait in the kernel to be read; negative: that cannot be told. */
  unread(socket: Socket): number
  /** Whether a socket of this host has the connection. */
  isTaken(local: Endpoint, remote: Endpoint): boolean
}

export interface Tap {
  /** A segment, with its header, from the address. */
  send(to: string, segment: Uint8Array): void
  close(): void
}
