/**
 * A program error in a lane is an incident of the splice that it happened in, named with its id; the others go on. What
 * cannot be told apart is logged with its place in the code.
 */
import { messageOf } from '../base/errors.js'
import { formatSpliceId, type SpliceId } from '../base/ids.js'
import { BackendHalf } from '../proxy/backend-half.js'
import { ClientHalf } from '../proxy/client-half.js'
import type { Half } from '../proxy/half.js'
import { type LaneContext, logFrom } from './lane-context.js'

/** What the fault happened in. */
export interface Faulty {
  readonly id: SpliceId
  readonly service: string
  readonly half: Half
}

export function faultyClient({ id, service, half }: ClientHalf): Faulty {
  return { id, service: service.name, half }
}

export function faultyBackend({ request, half }: BackendHalf): Faulty {
  return { id: request.id, service: request.service, half }
}

/** Whose half it is. */
export function faultyHalf({ owner }: Half): Faulty | undefined {
  if (owner instanceof ClientHalf) return faultyClient(owner)
  return owner instanceof BackendHalf ? faultyBackend(owner) : undefined
}

/** Whatever `act` throws is contained, and what comes after it has its turn. */
export function contained(context: LaneContext, act: () => void, faulty?: () => Faulty | undefined): void {
  try {
    act()
  } catch (error) {
    containFault(context, error, faulty?.())
  }
}

export function containFault(context: LaneContext, error: unknown, faulty: Faulty | undefined): void {
  context.counters.incidents++
  const stack = error instanceof Error ? error.stack : undefined
  const splice = faulty === undefined ? {} : { splice: formatSpliceId(faulty.id), service: faulty.service }
  logFrom(context, 'error', 'lane-fault', { lane: context.setup.lane, ...splice, why: messageOf(error), stack })
  if (faulty === undefined) return
  const { half } = faulty
  const goesWell = (end: () => void): boolean => {
    try {
      end()
      return true
    } catch (second) {
      logFrom(context, 'error', 'lane-fault', { lane: context.setup.lane, ...splice, why: messageOf(second) })
      return false
    }
  }
  // One that was over when it failed has not come to its last act, and does not do it a second time.
  const wasOver = half.isClosed
  if (goesWell(() => half.abort('other', messageOf(error))) && !wasOver) return
  // The way to the other half may be what is broken: then this one ends alone, or at the very least its socket.
  goesWell(() => half.drop('other', messageOf(error)))
  goesWell(() => half.socket.reset())
}
