/**
 * A service that runs on one node at a time, as one node sees it. Who may run it is decided by a lease of the elections, and what
 * keeps two from running it is time: a program is stopped by its guard when no lease has come for `holdMs`, at the latest `stopMs`
 * later; and whoever holds the next lease waits for as long, unless it is known that the program was stopped in the term before.
 *
 *     idle ─(lease)─► waiting ─(clear)─► starting ─► active ─(failure, order)─► stopping ─► waiting, or the lease goes
 *       ▲                                  └─────────┴──(no lease for holdMs: the guard stops it)──► idle
 *       └── lease lost
 *
 * A lease that is lost and comes back while the program still runs changes nothing: nobody else can have begun meanwhile.
 */
import type { Machine } from '../base/machine.js'
import type { Millis } from '../base/time.js'
import { Failures, type Verdict } from './failures.js'
import type { HostingEffect, HostingEvent, HostingRules, Others, Remains } from './ports.js'
import type { TenureState } from './tenure-rows.js'

/** For clocks that differ, a guard that is woken late, and a kill that takes its time. */
export const FENCE_MARGIN_MS: Millis = 1_000
/** A program that listens anew within so long has only been reloaded. */
const UNHEARD_MS: Millis = 1_000
/** A lease that could not be given away by then is acted on again. */
const GIVE_MS: Millis = 2_000
const NOBODY: Others = { stoppedTerm: 0, stopMs: 0, isAnybody: false }

type Phase = 'idle' | 'waiting' | 'starting' | 'active' | 'stopping' | 'unknown'
type Gift = Extract<HostingEffect, { type: 'give' }>

export class Tenancy implements Machine<HostingEvent, HostingEffect> {
  readonly #effects: HostingEffect[] = []
  readonly #failures = new Failures()
  #phase: Phase
  #lease: { readonly term: number; deadline: Millis } | undefined
  /** In the present term: nothing that was started before can run any more. */
  #clear = false
  #clearAt: Millis = 0
  /** The last term in which it ran here, and the highest as of which it runs nowhere. */
  #ranTerm: number
  #stoppedTerm: number
  #others = NOBODY
  #obstacle = ''
  #words = ''
  /** What follows when it is stopped. */
  #next: Gift | undefined
  #isEnding = false
  /** The lease is being given away: nothing is begun on it before then. */
  #givenUntil: Millis = 0
  /** When the guard stops it, as it was told last. */
  #until: Millis
  #now: Millis = 0
  #activeSince: Millis | undefined
  #unheardSince: Millis | undefined
  #wasHeard = false

  constructor(
    private rules: HostingRules,
    /** Of all leases. */
    private readonly leaseMs: Millis,
    remains: Remains = { term: 0, state: 'stopped' },
  ) {
    this.#phase = remains.state === 'stopped' ? 'idle' : remains.state === 'running' ? 'active' : 'unknown'
    this.#ranTerm = remains.term
    this.#until = remains.until ?? 0
    this.#stoppedTerm = remains.state === 'stopped' ? remains.term : 0
    // What nobody guards is stopped first of all.
    if (remains.state === 'unknown') this.#stop()
  }

  handle(event: HostingEvent, now: Millis): void {
    this.#now = now
    switch (event.type) {
      case 'lease':
        this.#onLease(event.term, event.deadline, now)
        break
      case 'lease-lost':
        this.#onLost()
        break
      case 'done':
        if (event.verb === 'start') this.#onStarted(event.isGood, event.words, now)
        else this.#onStopped(event.isGood, event.words, now)
        break
      case 'fenced':
        this.#onStopped(event.isGood, event.words, now)
        break
      case 'health':
        if (this.#phase === 'active' && !event.isGood) this.#fail(event.words, now)
        break
      case 'listening':
        this.#onListening(event.isThere, now)
        break
      case 'others':
        this.#others = event.others
        break
      case 'obstacle':
        this.#say(this.#words, event.why)
        break
      case 'rules':
        this.rules = event.rules
        break
      case 'relocate':
        this.#relocate({ type: 'give', to: event.to, unableMs: 0, why: event.why }, now)
        break
      case 'end':
        this.#isEnding = true
        this.#relocate({ type: 'give', to: undefined, unableMs: 0, why: 'it is to run here no more' }, now)
    }
    this.tick(now)
  }

  tick(now: Millis): void {
    this.#now = now
    if (this.#phase === 'active') this.#listen(now)
    if (this.#phase !== 'waiting' || this.#lease === undefined || this.#isEnding) return
    const { term, deadline } = this.#lease
    const known = Math.max(this.#stoppedTerm, this.#others.stoppedTerm)
    if (!this.#clear && (term === 1 || known >= term - 1 || now >= this.#clearAt)) {
      this.#clear = true
      this.#effects.push({ type: 'changed' })
    }
    if (!this.#clear || this.#obstacle !== '' || now >= deadline) return
    if (now < this.#failures.retryAt || now < this.#givenUntil) return
    this.#begin(deadline)
  }

  poll(): HostingEffect | undefined {
    return this.#effects.shift()
  }

  nextDeadline(): Millis | undefined {
    if (this.#phase === 'active' && this.#unheardSince !== undefined) return this.#unheardSince + UNHEARD_MS
    if (this.#phase !== 'waiting' || this.#lease === undefined || this.#isEnding) return undefined
    if (!this.#clear) return this.#clearAt
    const at = Math.max(this.#failures.retryAt, this.#givenUntil)
    // What is past is waited for no more: the next renewal comes anyway.
    return this.#obstacle === '' && at > this.#now ? at : undefined
  }

  /** What others are told; `undefined`: nothing that is news to anybody. */
  get state(): TenureState | undefined {
    if (this.#phase !== 'idle') return this.#phase
    return this.#stoppedTerm > 0 ? 'stopped' : undefined
  }

  /** To which the state belongs. */
  get term(): number {
    if (this.#phase === 'idle') return this.#stoppedTerm
    return this.#lease?.term ?? this.#ranTerm
  }

  /** How long stopping it may take from the end of a lease on. */
  get stopMs(): Millis {
    return this.rules.isRun ? this.rules.holdMs + this.rules.stopMs : 0
  }

  /** Nothing that ran before can run any more. */
  get isClear(): boolean {
    return this.#clear
  }

  /** It may run here, as far as this node knows. */
  get mayRun(): boolean {
    return this.#phase !== 'idle' && this.#phase !== 'waiting'
  }

  get isActive(): boolean {
    return this.#phase === 'active'
  }

  words(now: Millis): string {
    if (this.#phase !== 'waiting') return this.#words
    if (this.#clear) return this.#obstacle || this.#words
    const seconds = Math.ceil(Math.max(0, this.#clearAt - now) / 1_000)
    return `waits up to ${seconds} s until it must have been stopped where it ran before`
  }

  #onLease(term: number, deadline: Millis, now: Millis): void {
    const isNew = this.#lease?.term !== term
    this.#lease = { term, deadline }
    if (this.#phase === 'idle') this.#wait(now)
    else if (isNew && this.mayRun && now >= this.#until) {
      // Its guard has stopped it, or does so now; in the meantime another may have begun.
      if (this.#phase !== 'stopping') this.#stop()
      return
    } else if (isNew && this.#phase !== 'waiting') {
      // It still runs, so nobody else can have begun: it runs in this term as well.
      this.#clear = true
      this.#ranTerm = term
      this.#effects.push({ type: 'changed' })
    } else if (isNew) this.#wait(now)
    if (this.mayRun) this.#guard(deadline)
  }

  #wait(now: Millis): void {
    this.#enter('waiting')
    this.#clear = !this.rules.isRun
    const longest = Math.max(this.stopMs, this.#others.stopMs)
    // A grant may be freed before it has run out, where its holder's process is known to be gone.
    this.#clearAt = now + this.leaseMs + longest * 1.01 + FENCE_MARGIN_MS
    this.#effects.push({ type: 'changed' })
  }

  #onLost(): void {
    if (this.#lease === undefined) return
    const { term } = this.#lease
    this.#lease = undefined
    this.#givenUntil = 0
    if (this.#phase !== 'waiting' && this.rules.isRun) return
    // Nothing was begun here, and nothing from before was left.
    if (this.#clear) this.#stoppedTerm = Math.max(this.#stoppedTerm, term)
    this.#enter('idle')
    this.#next = undefined
    this.#effects.push({ type: 'changed' })
  }

  #begin(deadline: Millis): void {
    this.#ranTerm = this.#lease?.term ?? 0
    this.#wasHeard = false
    this.#unheardSince = undefined
    this.#say('', '')
    if (!this.rules.isRun) {
      this.#enter('active')
      return
    }
    this.#enter('starting')
    this.#guard(deadline)
    this.#effects.push({ type: 'start' })
  }

  #guard(deadline: Millis): void {
    this.#until = Math.max(this.#until, deadline + this.rules.holdMs)
    this.#effects.push({ type: 'until', deadline: this.#until })
  }

  #onStarted(isGood: boolean, words: string, now: Millis): void {
    if (this.#phase !== 'starting') return
    this.#activeSince = now
    this.#enter('active')
    this.#say(words, '')
    if (!isGood) this.#fail(words, now)
  }

  #onListening(isThere: boolean, now: Millis): void {
    if (isThere) this.#wasHeard = true
    this.#unheardSince = isThere || !this.#wasHeard ? undefined : (this.#unheardSince ?? now)
  }

  #listen(now: Millis): void {
    if (this.#unheardSince === undefined || now < this.#unheardSince + UNHEARD_MS) return
    this.#unheardSince = undefined
    this.#fail('nothing listens on its ports any more', now)
  }

  #fail(words: string, now: Millis): void {
    const activeMs = this.#activeSince === undefined ? 0 : now - this.#activeSince
    const rules = this.rules.isRun ? this.rules : { ...this.rules, restartAttempts: 0 }
    const verdict = this.#failures.add(rules, this.#others.isAnybody, activeMs, now)
    this.#next = giftAfter(verdict, words)
    this.#say(words, '')
    this.#stop(now)
  }

  #relocate(gift: Gift, now: Millis): void {
    if (this.#phase === 'idle') return
    if (this.#phase !== 'waiting' && this.rules.isRun) {
      this.#next = gift
      if (this.#phase !== 'stopping') this.#stop(now)
      return
    }
    this.#enter(this.#lease === undefined ? 'idle' : 'waiting')
    this.#next = gift
    this.#giveNext(now)
  }

  #stop(now = this.#now): void {
    this.#activeSince = undefined
    if (!this.rules.isRun) {
      this.#enter(this.#lease === undefined ? 'idle' : 'waiting')
      return this.#giveNext(now)
    }
    this.#enter('stopping')
    this.#effects.push({ type: 'stop' }, { type: 'changed' })
  }

  #onStopped(isGood: boolean, words: string, now: Millis): void {
    if (!this.mayRun) return
    if (!isGood) {
      // Its lease is kept as long as it can be: whoever got it would start a second one.
      this.#enter('unknown')
      this.#next = undefined
      return this.#say(words, '')
    }
    this.#stoppedTerm = Math.max(this.#stoppedTerm, this.#ranTerm)
    this.#activeSince = undefined
    if (words !== '') this.#say(words, '')
    this.#enter('idle')
    this.#effects.push({ type: 'changed' })
    if (this.#lease === undefined) {
      this.#next = undefined
      return
    }
    const isSame = this.#ranTerm === this.#lease.term
    this.#wait(now)
    if (isSame) this.#clear = true
    this.#giveNext(now)
  }

  #giveNext(now: Millis): void {
    if (this.#next !== undefined && this.#lease !== undefined) {
      this.#effects.push(this.#next)
      this.#givenUntil = now + GIVE_MS
    }
    this.#next = undefined
    this.#effects.push({ type: 'changed' })
  }

  #enter(phase: Phase): void {
    this.#phase = phase
    this.#effects.push({ type: 'changed' })
  }

  #say(words: string, obstacle: string): void {
    if (words === this.#words && obstacle === this.#obstacle) return
    this.#words = words
    this.#obstacle = obstacle
    this.#effects.push({ type: 'changed' })
  }
}

function giftAfter(verdict: Verdict, words: string): Gift | undefined {
  if (verdict.type === 'again') return undefined
  return { type: 'give', to: undefined, unableMs: verdict.unableMs, why: `it failed here: ${words}` }
}
