import type { Program } from '../base/program.js'

/** What the kernel says of one socket in the state LISTEN. */
export interface ListeningSocket {
  /** Canonical; `0.0.0.0` or `::` for all addresses. */
  readonly address: string
  readonly port: number
  readonly uid: number
  readonly inode: number
  /** Whether `::` leaves IPv4 alone; `undefined` where the source cannot tell. */
  readonly v6only?: boolean
  /** Who holds it, where that has been found (`listener-programs`). */
  readonly program?: Program
}

/** More than these are not looked at, since a look stops the loop: 10 ms for 5,000, 35 to 75 ms for 15,000. */
export const LISTENING_SOCKETS_MAX = 8_192

export interface SourceProblem {
  /** `unsupported` stays; `unreadable` may pass, such as a full descriptor table. */
  readonly code: 'unsupported' | 'unreadable' | 'too-many'
  /** The same for the same problem, whatever the numbers of the moment. */
  readonly why: string
  /** Of too many: those that were looked at, which are better than what was seen before there were so many. */
  readonly seen?: readonly ListeningSocket[]
}

export function tooManySockets(seen: readonly ListeningSocket[]): SourceProblem {
  const why = `${LISTENING_SOCKETS_MAX} listening sockets or more: only so many are looked at`
  return { code: 'too-many', why, seen: seen.slice(0, LISTENING_SOCKETS_MAX) }
}

/** Where the kernel's table is read. A look takes as long as it takes: both sources answer from memory. */
export interface SocketSource {
  readonly name: string
  look(): readonly ListeningSocket[] | SourceProblem
  close(): void
}

export function isProblem(answer: readonly ListeningSocket[] | SourceProblem): answer is SourceProblem {
  return 'code' in answer
}
