/** What the kernel says of one socket in the state LISTEN. */
export interface ListeningSocket {
  /** Canonical; `0.0.0.0` or `::` for all addresses. */
  readonly address: string
  readonly port: number
  readonly uid: number
  readonly inode: number
  /** Whether `::` leaves IPv4 alone; `undefined` where the source cannot tell. */
  readonly v6only?: boolean
}

/** More than these are not looked at, since a look stops the loop: 10 ms for 5,000, 35 to 75 ms for 15,000. */
export const LISTENING_SOCKETS_MAX = 8_192

export interface SourceProblem {
  /** `unsupported` stays; `unreadable` may pass, such as a full descriptor table. */
  readonly code: 'unsupported' | 'unreadable' | 'too-many'
  readonly why: string
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
