/**
 * When what is checked, and what is thought of it: each target again and again, at times drawn around its interval, one check of
 * it at a time, and not more than some of all at once.
 */
import type { Machine } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import type { CheckEffect, CheckEvent, Checked, CheckResult, Target } from './ports.js'
import { RiseFall } from './rise-fall.js'

/** More are not checked, and are taken for what they are taken for at first. */
export const TARGETS_MAX = 256
const RUNNING_MAX = 32
/** Nodes of one cluster, and programs of one host, are not all asked in the same instant. */
const JITTER = 0.1
const FIRST_WITHIN_MS: Millis = 200
/** Whoever runs a check holds to its limit; what is later than this does not come. */
const LOST_AFTER_MS: Millis = 2_000
const WORDS_MAX = 160

interface Row<T extends Target> {
  target: T
  readonly health: RiseFall
  words: string
  /** The next begins then. */
  dueAt: Millis
  /** The check under way, and when it is given up. */
  run: { readonly number: number; readonly until: Millis } | undefined
}

export class Checks<T extends Target> implements Machine<CheckEvent<T>, CheckEffect<T>> {
  readonly #rows = new Map<string, Row<T>>()
  readonly #runs = new Map<number, Row<T>>()
  readonly #effects: CheckEffect<T>[] = []
  #lastRun = 0

  constructor(
    private readonly random: Prng,
    private readonly runningMax = RUNNING_MAX,
  ) {}

  handle(event: CheckEvent<T>, now: Millis): void {
    if (event.type === 'targets') this.#follow(event.targets, now)
    else this.#onResult(event.run, event)
    this.tick(now)
  }

  tick(now: Millis): void {
    for (const [number, { run, target }] of [...this.#runs]) {
      if (run === undefined || run.until > now) continue
      this.#onResult(number, { isGood: false, words: `no answer within ${target.timeoutMs} ms` })
    }
    const due = [...this.#rows.values()].filter(({ run, dueAt }) => run === undefined && dueAt <= now)
    for (const row of due.sort((a, b) => a.dueAt - b.dueAt)) {
      if (this.#runs.size >= this.runningMax) return
      this.#run(row, now)
    }
  }

  poll(): CheckEffect<T> | undefined {
    return this.#effects.shift()
  }

  nextDeadline(): Millis | undefined {
    const isFull = this.#runs.size >= this.runningMax
    let next: Millis | undefined
    for (const { run, dueAt } of this.#rows.values()) {
      const at = run !== undefined ? run.until : isFull ? undefined : dueAt
      if (at !== undefined && (next === undefined || at < next)) next = at
    }
    return next
  }

  rows(): Checked<T>[] {
    return [...this.#rows.values()].map(({ target, health, words }) => ({ target, state: health.state, words }))
  }

  #follow(targets: readonly T[], now: Millis): void {
    const wanted = new Map(targets.slice(0, TARGETS_MAX).map((target) => [target.key, target]))
    let isNews = false
    for (const [key, { run }] of this.#rows) {
      if (wanted.has(key)) continue
      this.#rows.delete(key)
      if (run !== undefined) this.#runs.delete(run.number)
      isNews = true
    }
    for (const [key, target] of wanted) {
      const row = this.#rows.get(key)
      if (row !== undefined) {
        row.target = target
        row.dueAt = Math.min(row.dueAt, now + target.everyMs)
        continue
      }
      const dueAt = now + this.random.between(0, Math.min(FIRST_WITHIN_MS, target.everyMs))
      this.#rows.set(key, { target, health: new RiseFall(target.initial), words: '', dueAt, run: undefined })
      isNews = true
    }
    if (isNews) this.#effects.push({ type: 'changed' })
  }

  #run(row: Row<T>, now: Millis): void {
    const { everyMs, timeoutMs } = row.target
    const number = ++this.#lastRun
    row.run = { number, until: now + timeoutMs + LOST_AFTER_MS }
    row.dueAt = now + everyMs * this.random.between(1 - JITTER, 1 + JITTER)
    this.#runs.set(number, row)
    this.#effects.push({ type: 'run', run: number, target: row.target })
  }

  /** Of a run that is over, or of a target that is gone, nothing is to be learnt. */
  #onResult(number: number, { isGood, words }: CheckResult): void {
    const row = this.#runs.get(number)
    if (row === undefined) return
    this.#runs.delete(number)
    row.run = undefined
    const isOther = row.health.record(isGood, row.target)
    const text = oneLine(words)
    // What a healthy one says may differ each time, and is nobody's news.
    if (!isOther && (isGood || row.health.state === 'healthy' || text === row.words)) return
    row.words = text
    this.#effects.push({ type: 'changed' })
  }
}

/** It goes into tables, logs and other nodes' memory. */
export function oneLine(words: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a program says may move a terminal's cursor
  const text = words.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ').trim()
  return text.length > WORDS_MAX ? `${text.slice(0, WORDS_MAX - 1)}…` : text
}
