/** What Baton is meant to reach, as ratios to HAProxy, or to another way to run Baton, of the same round, and as bytes. */
import { type Quantity, type Results, ratioIn, spreadIn } from './results.js'
import type { Spread } from './statistics.js'
import type { WorkName } from './work.js'

export interface Goal {
  readonly what: string
  /** Variants of Baton, of which the best counts. */
  readonly peers: readonly string[]
  /** None where the goal is a value by itself. */
  readonly base?: string
  readonly works: readonly WorkName[]
  readonly quantity: Quantity
  readonly atMost: number
}

export interface Judgement {
  readonly goal: Goal
  readonly work: WorkName
  readonly peer: string
  readonly found: Spread | undefined
  readonly isHeld: boolean
}

const SEALED = ['baton-sealed']
const SECRETSTREAM = ['baton-secretstream']
const PLAIN = ['baton-plain']
const BULK: readonly WorkName[] = ['bulk-up', 'bulk-down']
const SURVIVABLE = ['baton-survivable']
const MORTAL = { base: 'baton-sealed', quantity: 'cpuUs' } as const
const TLS = { base: 'haproxy-tls', quantity: 'cpuUs' } as const
const ONE_HOP = { base: 'haproxy', quantity: 'cpuUs' } as const

export const GOALS: readonly Goal[] = [
  { what: 'sealed, two hops: CPU per GB, fastest cipher', peers: SEALED, ...TLS, works: BULK, atMost: 0.65 },
  { what: 'sealed, two hops: CPU per GB, secretstream', peers: SECRETSTREAM, ...TLS, works: BULK, atMost: 0.85 },
  { what: 'sealed, two hops: CPU per kept request', peers: SEALED, ...TLS, works: ['kept-64'], atMost: 0.5 },
  { what: 'sealed, two hops: CPU per new connection', peers: SEALED, ...TLS, works: ['new'], atMost: 0.1 },
  { what: 'sealed, two hops: CPU per new connection', peers: SEALED, ...ONE_HOP, works: ['new'], atMost: 1.3 },
  { what: 'one host: CPU per GB', peers: PLAIN, ...ONE_HOP, works: BULK, atMost: 1 },
  { what: 'one host: CPU per kept request', peers: PLAIN, ...ONE_HOP, works: ['kept-64'], atMost: 1.2 },
  { what: 'one host: CPU per new connection', peers: PLAIN, ...ONE_HOP, works: ['new'], atMost: 1.3 },
  { what: 'outliving the director: CPU per GB', peers: SURVIVABLE, ...MORTAL, works: BULK, atMost: 1.1 },
  {
    what: 'outliving the director: CPU per kept request',
    peers: SURVIVABLE,
    ...MORTAL,
    works: ['kept-64'],
    atMost: 1.1,
  },
  { what: 'outliving the director: CPU per new connection', peers: SURVIVABLE, ...MORTAL, works: ['new'], atMost: 1.1 },
  {
    what: 'sealed, two hops: latency p99 at half load',
    peers: SEALED,
    base: 'haproxy-tls',
    quantity: 'p99Ms',
    works: ['latency'],
    atMost: 1,
  },
  {
    what: 'director: resident bytes of an idle splice',
    peers: SEALED,
    quantity: 'memoryBytes',
    works: ['idle'],
    atMost: 4_096,
  },
]

/** A row for each goal and work; the median decides. */
export function judge(results: Results): Judgement[] {
  return GOALS.flatMap((goal) => goal.works.map((work) => judgeWork(results, goal, work)))
}

function judgeWork(results: Results, goal: Goal, work: WorkName): Judgement {
  const candidates = goal.peers.map((peer) => ({
    peer,
    found:
      goal.base === undefined
        ? spreadIn(results, work, peer, goal.quantity)
        : ratioIn(results, work, peer, goal.base, goal.quantity),
  }))
  const median = (found: Spread | undefined) => found?.median ?? Number.POSITIVE_INFINITY
  const best = candidates.reduce((a, b) => (median(b.found) < median(a.found) ? b : a))
  return { goal, work, ...best, isHeld: median(best.found) <= goal.atMost }
}
