/** What brings the address of services to this host and takes it away again; `kernel` and a hook of the operator can. */
import type { Term } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import type { Service } from '../../proxy/service.js'

/** Of services with one address, which one lease is for. */
export interface Claim {
  /** See `contestOf`. */
  readonly contest: string
  readonly term: Term
  readonly deadline: Millis
  /** Of the lease, in the memory that all threads share. */
  readonly slot: number
  /** Oldest first, at least one. */
  readonly services: readonly Service[]
}

export type Taken =
  /** `given`: its connections come to the lanes' front door. */
  { readonly type: 'taken'; readonly given: boolean } | { readonly type: 'problem'; readonly why: string }

/** Of an address that is on this host. */
export interface AddressCounts {
  readonly device: string
  /** Connections to ports that are served, and to others; unknown without a front door. */
  readonly accepted?: number
  readonly refused?: number
  /** Frames that the kernel has dropped after a deadline; unknown where it keeps none. */
  readonly late?: number
  /** Answers to connections that are not known that the kernel has held back; unknown where it is not guarded. */
  readonly heldBack?: number
  /** Acknowledgements that the kernel has withheld while the process stood still; unknown where there is no gate. */
  readonly withheld?: number
  /** Why clients are acknowledged at once, though a service here is to hold that back; missing: it is held back, or none is to. */
  readonly unheld?: string
  /** Programs of others that frames come to before those of this node, which they may go round; missing: there are none. */
  readonly overtaken?: string
}

/** An address whose new connections wait, and what comes for it. */
export interface Catcher {
  /** Handshakes that are not over, and connections that nobody has accepted. */
  pending(): number
  /** Not only what opens a connection, but all that comes from now on. */
  catchAll(): void
  /** A packet that came; `undefined`: there is none now. */
  next(): Uint8Array | undefined
  /** New connections are taken again, if the address is here. */
  welcome(): void
  /** Nothing is caught any more. How many packets were lost. */
  close(): number
}

export interface AddressKeeper {
  /** Addresses that are on this host now. */
  readonly here: readonly string[]
  /** Another host has claimed the address of these services of late, as the rest of a sentence that begins with the node. */
  dispute(services: readonly Service[]): string | undefined
  /** `undefined`: it is not here. */
  counts(address: string): AddressCounts | undefined
  /** Addresses of these services may be wanted: what takes long is done before anybody waits for it. */
  prepare(services: readonly Service[]): void
  /**
   * Who else on the network has the address of these services, in words; `undefined`: nobody answers for it. Or nobody has been heard
   * yet, and `ready` waits for the rest of the look: connections can be asked for meanwhile.
   */
  probe(services: readonly Service[], answer: (rival: string | undefined) => void): void
  /** Answers in this call or later, and not after `release`; a problem also when the address is lost again. */
  take(claim: Claim, answer: (taken: Taken) => void): void
  /** Why the address of these services cannot be had here, as the rest of a sentence that begins with the node; empty: it can. */
  problem(services: readonly Service[]): string
  /** `undefined`: nothing can be caught of what comes for the address. */
  hush(contest: string): Catcher | undefined
  /** What came to another host is heard here. `false`: it is not for an address that is here. */
  deliver(contest: string, packet: Uint8Array): boolean
  /** It is here, brought by the process before: nothing is asked of anybody. `answer`: a problem, if it is lost. */
  adopt(claim: Claim, given: boolean, answer: (taken: Taken) => void): void
  /** Its services, or the ports on which programs listen, are others now. */
  follow(contest: string, services: readonly Service[]): void
  renewed(contest: string, deadline: Millis): void
  /** Connections are accepted: the network may be told. `then`: the address is here, in this call or later. */
  ready(contest: string, then: () => void): void
  /** All connections of an earlier director are here, or will never be: whatever else comes is answered as on any host. */
  known(contest: string): void
  /** Also before `take` has answered. Nothing happens where a later term has it. */
  release(contest: string, term: Term): void
}

/** Where every host has the address. */
export const NOTHING_TO_TAKE: AddressKeeper = {
  here: [],
  dispute: () => undefined,
  counts: () => undefined,
  prepare: () => {},
  probe: (_services, answer) => answer(undefined),
  adopt: () => {},
  take: (_claim, answer) => answer({ type: 'taken', given: false }),
  problem: () => '',
  hush: () => undefined,
  deliver: () => false,
  follow: () => {},
  renewed: () => {},
  ready: (_contest, then) => then(),
  known: () => {},
  release: () => {},
}
