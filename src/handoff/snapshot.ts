/** What two ends of a connection have agreed on, and what each may send. */
export interface Traits {
  /** Largest segment that the peer takes, without options. */
  readonly mss: number
  readonly sack: boolean
  /** Shifts, 0 to 14; `undefined`: not negotiated. */
  readonly windowScale: { readonly send: number; readonly receive: number } | undefined
  /** TSval (RFC 7323), in milliseconds, of the next segment; `undefined`: not negotiated. */
  readonly timestamp: number | undefined
  /** Bytes that the peer takes beyond what it has acknowledged, the most it ever took, and what it was told that we take. */
  readonly sendWindow: number
  readonly maxWindow: number
  readonly receiveWindow: number
}

/**
 * What a client's socket was at accept, and stays for life: with the offsets that the backend half counts it says all that a
 * rebuilt socket needs (architecture, *The one idea*). Addresses are in OPEN beside it.
 */
export interface Snapshot extends Traits {
  /** Sequence numbers of the first byte each way, unsigned 32 bits: ISS + 1 and IRS + 1. */
  readonly firstSent: number
  readonly firstReceived: number
}
