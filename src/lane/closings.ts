/**
 * Connections whose node can no longer be chosen, and which the service does not want to keep: each is closed at a time of its
 * own, drawn within the span that the service gives, so that their clients do not come back all at once. A node that can be
 * chosen again keeps those that are left.
 */
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import type { Closing } from '../proxy/choosing.js'
import type { ClientHalf } from '../proxy/client-half.js'
import type { Reason } from '../proxy/reasons.js'
import type { Candidate } from '../proxy/schedule/scheduler.js'
import type { Service } from '../proxy/service.js'

export type ClosingRules = Pick<Service, 'onUnhealthy' | 'onRemoved' | 'closeOverMs' | 'closeIdleMs'>

interface Condemned {
  readonly dueAt: Millis
  readonly closing: Closing
  readonly reason: Reason
}

/** What has happened to the program that serves a connection; `undefined`: it may get new ones, or is only full or drained. */
export function lossOf(client: ClientHalf, candidates: readonly Candidate[]): 'unhealthy' | 'removed' | undefined {
  const { node } = client
  // No choice has been made for it, and none can be made again.
  if (client.isOutward) return undefined
  // Connections at the sorry backend are nobody's.
  if (client.joined === undefined || node === undefined || node.sorry !== undefined) return undefined
  const candidate = candidates.find((one) => one.node === node.node)
  if (candidate === undefined) return 'removed'
  return candidate.state === 'unhealthy' ? 'unhealthy' : undefined
}

export class Closings {
  readonly #condemned = new Map<ClientHalf, Condemned>()

  constructor(private readonly random: Prng) {}

  get size(): number {
    return this.#condemned.size
  }

  /** Looks at every connection anew. */
  look(
    clients: Iterable<ClientHalf>,
    candidates: (port: number) => readonly Candidate[],
    rules: ClosingRules,
    now: Millis,
  ): void {
    const keepsAll = rules.onUnhealthy === 'keep' && rules.onRemoved === 'keep'
    if (keepsAll) return this.#condemned.clear()
    for (const client of clients) this.#judge(client, lossOf(client, candidates(client.destination.port)), rules, now)
  }

  forget(client: ClientHalf): void {
    this.#condemned.delete(client)
  }

  /** Those whose time has come; of `idle` ones those that carry nothing. */
  due({ closeIdleMs }: ClosingRules, now: Millis): [client: ClientHalf, reason: Reason][] {
    const found: [ClientHalf, Reason][] = []
    for (const [client, { dueAt, closing, reason }] of this.#condemned) {
      const isIdle = now - client.half.activeAt >= closeIdleMs
      if (now >= dueAt && (closing === 'all' || isIdle)) found.push([client, reason])
    }
    return found
  }

  #judge(client: ClientHalf, loss: 'unhealthy' | 'removed' | undefined, rules: ClosingRules, now: Millis): void {
    const closing = loss === undefined ? 'keep' : loss === 'unhealthy' ? rules.onUnhealthy : rules.onRemoved
    if (closing === 'keep') return this.forget(client)
    const before = this.#condemned.get(client)
    // The time that was drawn stays: drawn anew at each look, it would come too early.
    const dueAt = before?.dueAt ?? now + this.random.between(0, rules.closeOverMs)
    const reason = loss === 'unhealthy' ? 'backend-unhealthy' : 'backend-removed'
    this.#condemned.set(client, { dueAt, closing, reason })
  }
}
