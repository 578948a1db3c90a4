/**
 * How long an accused member may take to refute (Lifeguard, section IV-B). The first accusation starts with a long
 * limit; each further, independent accuser pulls it towards the short one on a log curve. A node that alone finds
 * everybody silent therefore waits long, while a real death, seen by many, is settled soon.
 */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import { type GossipConfig, suspicionMinMs } from './config.js'

export interface SuspicionLimits {
  readonly minMs: Millis
  readonly maxMs: Millis
  /** Confirmations that bring the limit down to `minMs`; 0 where nobody could confirm. */
  readonly confirmationsWanted: number
}

export function suspicionLimits(config: GossipConfig, members: number): SuspicionLimits {
  const minMs = suspicionMinMs(config, members)
  // The accuser and the accused cannot confirm.
  const confirmationsWanted = Math.max(0, Math.min(config.confirmationsWanted, members - 2))
  return { minMs, maxMs: minMs * config.suspicionMaxFactor, confirmationsWanted }
}

export function suspicionSpan(limits: SuspicionLimits, confirmations: number): Millis {
  const { minMs, maxMs, confirmationsWanted } = limits
  if (confirmations >= confirmationsWanted) return minMs
  return maxMs - (Math.log(confirmations + 1) / Math.log(confirmationsWanted + 1)) * (maxMs - minMs)
}

interface Suspicion {
  readonly startedAt: Millis
  readonly limits: SuspicionLimits
  readonly accusers: Set<NodeId>
  /** Time in which we were not listening. */
  excusedMs: Millis
}

/** The running suspicions, one for each suspect member. */
export class Suspicions {
  readonly #running = new Map<NodeId, Suspicion>()

  start(suspect: NodeId, accuser: NodeId, limits: SuspicionLimits, now: Millis): void {
    this.#running.set(suspect, { startedAt: now, limits, accusers: new Set([accuser]), excusedMs: 0 })
  }

  /** `true` if the accuser is new and its word still counts: then it is worth passing on. */
  confirm(suspect: NodeId, accuser: NodeId): boolean {
    const suspicion = this.#running.get(suspect)
    if (suspicion === undefined || suspicion.accusers.has(accuser)) return false
    if (suspicion.accusers.size > suspicion.limits.confirmationsWanted) return false
    suspicion.accusers.add(accuser)
    return true
  }

  firstAccuser(suspect: NodeId): NodeId | undefined {
    return this.#running.get(suspect)?.accusers.values().next().value
  }

  clear(suspect: NodeId): void {
    this.#running.delete(suspect)
  }

  /** We were not listening for `ms`: a refutation may lie unread. */
  excuse(ms: Millis): void {
    for (const suspicion of this.#running.values()) suspicion.excusedMs += ms
  }

  nextDeadline(): Millis | undefined {
    let earliest: Millis | undefined
    for (const suspicion of this.#running.values()) {
      const deadline = deadlineOf(suspicion)
      if (earliest === undefined || deadline < earliest) earliest = deadline
    }
    return earliest
  }

  /** Takes out and returns the suspects that had their time. */
  expire(now: Millis): { readonly suspect: NodeId; readonly accusers: number }[] {
    const due = [...this.#running].filter(([, suspicion]) => deadlineOf(suspicion) <= now)
    for (const [suspect] of due) this.#running.delete(suspect)
    return due.map(([suspect, { accusers }]) => ({ suspect, accusers: accusers.size }))
  }
}

function deadlineOf({ startedAt, limits, accusers, excusedMs }: Suspicion): Millis {
  return startedAt + excusedMs + suspicionSpan(limits, accusers.size - 1)
}
