/**
 * The probes that are under way, our own and those in which we help another member (SWIM, section 4.1; nacks after
 * Lifeguard). An own probe asks directly; unanswered after the timeout it becomes indirect and helpers are asked; at the
 * deadline it has failed. Probes overlap: a new one starts before the last has had all its time. Only the book-keeping
 * is here; packets and verdicts are `Swim`'s.
 */
import type { Endpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import { type Identity, sameIdentity } from './messages.js'

export interface Probe {
  readonly seq: number
  readonly target: Identity
  readonly phase: 'direct' | 'indirect'
  /** When the phase ends. */
  readonly deadline: Millis
  readonly failsAt: Millis
  readonly helpersAsked: number
  readonly nacksHeard: number
}

/** A probe that we make for `asker`, who knows it as `askerSeq`. */
export interface Errand {
  readonly seq: number
  readonly target: Identity
  readonly asker: Endpoint
  readonly askerSeq: number
  readonly deadline: Millis
}

export type ProbeStep =
  | { readonly type: 'ask-helpers'; readonly probe: Probe }
  | { readonly type: 'failed'; readonly probe: Probe }
  | { readonly type: 'nack'; readonly errand: Errand }

/** Beyond this many errands at once an asker hears nothing: it has other helpers. */
const ERRANDS_MAX = 256

export class Prober {
  readonly #probes = new Map<number, Probe>()
  readonly #errands = new Map<number, Errand>()

  /** `firstSeq` is random: an ack recorded in an earlier life must not fit. */
  constructor(private nextSeq: number) {}

  /** Never 0, which means that no answer is awaited. */
  seq(): number {
    this.nextSeq = (this.nextSeq + 1) >>> 0 || 1
    return this.nextSeq
  }

  isProbing(target: Identity): boolean {
    for (const probe of this.#probes.values()) if (sameIdentity(probe.target, target)) return true
    return false
  }

  begin(target: Identity, times: { readonly deadline: Millis; readonly failsAt: Millis }): Probe {
    const probe: Probe = { seq: this.seq(), target, phase: 'direct', ...times, helpersAsked: 0, nacksHeard: 0 }
    this.#probes.set(probe.seq, probe)
    return probe
  }

  askedHelpers(seq: number, helpersAsked: number): void {
    const probe = this.#probes.get(seq)
    if (probe !== undefined) this.#probes.set(seq, { ...probe, helpersAsked })
  }

  run(errand: Omit<Errand, 'seq'>): Errand | undefined {
    if (this.#errands.size >= ERRANDS_MAX) return undefined
    const started = { ...errand, seq: this.seq() }
    this.#errands.set(started.seq, started)
    return started
  }

  /** Ends the probe or the errand that this answers; an answer of somebody else at that address ends neither. */
  ack(seq: number, subject: Identity): Probe | Errand | undefined {
    const answered = this.#probes.get(seq) ?? this.#errands.get(seq)
    if (answered === undefined || !sameIdentity(answered.target, subject)) return undefined
    this.#probes.delete(seq)
    this.#errands.delete(seq)
    return answered
  }

  nack(seq: number): void {
    const probe = this.#probes.get(seq)
    if (probe !== undefined && probe.nacksHeard < probe.helpersAsked) {
      this.#probes.set(seq, { ...probe, nacksHeard: probe.nacksHeard + 1 })
    }
  }

  /** We were not listening for `ms`; what arrived meanwhile must first be read, for which `graceMs` is left at least. */
  excuse(ms: Millis, graceMs: Millis, now: Millis): void {
    for (const [seq, probe] of this.#probes) {
      const deadline = Math.max(probe.deadline + ms, now + graceMs)
      this.#probes.set(seq, { ...probe, deadline, failsAt: deadline + (probe.failsAt - probe.deadline) })
    }
  }

  nextDeadline(): Millis | undefined {
    let earliest: Millis | undefined
    for (const waiting of [this.#probes, this.#errands]) {
      for (const { deadline } of waiting.values()) {
        if (earliest === undefined || deadline < earliest) earliest = deadline
      }
    }
    return earliest
  }

  expire(now: Millis): ProbeStep[] {
    const steps: ProbeStep[] = []
    for (const probe of this.#probes.values()) {
      if (probe.deadline > now) continue
      if (probe.phase === 'direct' && probe.failsAt > now) {
        this.#probes.set(probe.seq, { ...probe, phase: 'indirect', deadline: probe.failsAt })
        steps.push({ type: 'ask-helpers', probe })
      } else {
        this.#probes.delete(probe.seq)
        steps.push({ type: 'failed', probe })
      }
    }
    for (const errand of this.#errands.values()) {
      if (errand.deadline > now) continue
      this.#errands.delete(errand.seq)
      steps.push({ type: 'nack', errand })
    }
    return steps
  }
}
