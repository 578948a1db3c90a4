/** What a client half goes through: it chooses a node, asks it, and is joined with a backend half there. */
import type { Endpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import type { Attempt } from './attempt.js'
import type { Counterpart } from './counterpart.js'
import type { Socket } from './endpoint.js'
import type { CarriedHalf } from './half-book.js'
import type { HalfStart, Leftover } from './half-tools.js'
import type { Introduction } from './introduction.js'
import type { ChosenNode } from './places.js'

/**
 * What a client half goes on with that was another director's before, or another process's, or came by a proxy in front. `parkedUntil`: its
 * program is gone, and it waits so long for the next.
 */
export type Revival = (HalfStart | CarriedHalf) & {
  readonly startedAt: Millis
  readonly source?: Endpoint | undefined
  readonly introduction?: Introduction | undefined
  readonly parkedUntil?: Millis | undefined
  /** It has begun to wait for a node with room, and gives up then. */
  readonly waitsUntil?: Millis | undefined
}

/** What is left of a client half that has given its socket away before any program served it. */
export type Departed = Pick<Revival, 'parkedUntil' | 'waitsUntil'> & Leftover

export interface Dialing {
  readonly phase: 'dialing'
  readonly node: ChosenNode
  readonly deadline: Millis
  attempt: Attempt | undefined
}

export interface Joined {
  readonly phase: 'joined'
  readonly node: ChosenNode
  readonly counterpart: Counterpart
  readonly server: ServerEnds
}

export type ClientState = { readonly phase: 'choosing' | 'waiting' | 'parked' | 'closed' } | Dialing | Joined

/** The backend's connection as its node sees it. */
export type ServerEnds = Pick<Socket, 'local' | 'remote'>
