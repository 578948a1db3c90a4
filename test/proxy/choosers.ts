/** Choosers on nodes named by letters, with counts and time in hand. */
import type { NodeId } from '../../src/base/ids.js'
import { Prng } from '../../src/base/prng.js'
import { CHOOSING_DEFAULTS } from '../../src/proxy/choosing.js'
import { Chooser } from '../../src/proxy/schedule/chooser.js'
import { Seniority } from '../../src/proxy/schedule/effective-weight.js'
import type { ChoosingRules } from '../../src/proxy/schedule/rules.js'
import type { Candidate } from '../../src/proxy/schedule/scheduler.js'
import { SEED } from './random-headers.js'

export const NONE: ReadonlySet<NodeId> = new Set()

export class Bench {
  now = 0
  readonly counts = new Map<NodeId, number>()
  readonly seniority = new Seniority()
  readonly chooser: Chooser

  constructor(rules: Partial<ChoosingRules> = {}, seed = SEED) {
    const usage = { of: (node: NodeId) => this.counts.get(node) ?? 0 }
    const parts = { usage, random: new Prng(seed), now: () => this.now, seniority: this.seniority }
    this.chooser = new Chooser({ ...CHOOSING_DEFAULTS, local: 'equal', ...rules }, parts)
  }

  /** So many connections, one after the other, each counted for good: who had them, as one text. */
  run(among: readonly Candidate[], count: number, clientOf: (i: number) => string = String): string {
    let served = ''
    for (let i = 0; i < count; i++) {
      const choice = this.chooser.pick(among, NONE, clientOf(i))
      const node = nodeOf(choice)
      if (typeof choice === 'object') this.counts.set(node, (this.counts.get(node) ?? 0) + 1)
      served += node
    }
    return served
  }
}

export function chooserOf(rules: Partial<ChoosingRules> = {}): Bench {
  return new Bench(rules)
}

/** `-`: nobody; `!`: all are full. */
export function nodeOf(choice: Candidate | 'full' | undefined): string {
  if (choice === 'full') return '!'
  return choice?.node ?? '-'
}

/** A node for each letter, with what is given for it. */
export function nodes(letters: string, more: Readonly<Record<string, Partial<Candidate>>> = {}): Candidate[] {
  return [...letters].map((node) => ({ node, name: node, port: 80, local: false, ...more[node] }))
}

export function countOf(served: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const node of served) counts[node] = (counts[node] ?? 0) + 1
  return counts
}

/** The i-th of as many different addresses as one likes. */
export function addressOf(i: number): string {
  return `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`
}
