/** What clients saw, as numbers: pure, so that the demo's summary can be tested. */
import type { Millis } from '../base/time.js'

export interface Outcome {
  /** When the client began and when it had its answer, or gave up. */
  readonly startedAt: Millis
  readonly endedAt: Millis
  /** The node that answered; `undefined`: the connection failed. */
  readonly node: string | undefined
  readonly error?: string
}

export interface Summary {
  readonly connections: number
  readonly answered: number
  readonly failed: number
  readonly perNode: Readonly<Record<string, number>>
  /** The longest time in which no client at all got an answer. */
  readonly longestGapMs: Millis
  readonly medianMs: Millis
  readonly p99Ms: Millis
  readonly errors: Readonly<Record<string, number>>
}

export class Measure {
  readonly #outcomes: Outcome[] = []

  add(outcome: Outcome): void {
    this.#outcomes.push(outcome)
  }

  get count(): number {
    return this.#outcomes.length
  }

  /** What began within [from, to). */
  summary(from: Millis = -Infinity, to: Millis = Infinity): Summary {
    const outcomes = this.#outcomes.filter((one) => one.startedAt >= from && one.startedAt < to)
    const answered = outcomes.filter((one) => one.node !== undefined)
    const spans = answered.map((one) => one.endedAt - one.startedAt).sort((a, b) => a - b)
    return {
      connections: outcomes.length,
      answered: answered.length,
      failed: outcomes.length - answered.length,
      perNode: countBy(answered, (one) => one.node),
      longestGapMs: longestGap(answered),
      medianMs: quantile(spans, 0.5),
      p99Ms: quantile(spans, 0.99),
      errors: countBy(outcomes, (one) => one.error),
    }
  }
}

function longestGap(answered: readonly Outcome[]): Millis {
  const ends = answered.map((one) => one.endedAt).sort((a, b) => a - b)
  let longest = 0
  for (let i = 1; i < ends.length; i++) longest = Math.max(longest, (ends[i] as number) - (ends[i - 1] as number))
  return longest
}

/** Nearest rank; 0 for nothing. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}

/** How far the largest and the smallest share lie apart, relative to an even one. */
export function unevenness(perNode: Readonly<Record<string, number>>): number {
  const counts = Object.values(perNode)
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return 1
  const even = total / counts.length
  return Math.max(...counts.map((count) => Math.abs(count - even))) / even
}

function countBy<T>(items: readonly T[], key: (item: T) => string | undefined): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items) {
    const name = key(item)
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}
