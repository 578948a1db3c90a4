/** How a service chooses nodes for its connections, and what becomes of those whose node can no longer be chosen. */
import type { Millis } from '../base/time.js'
import type { ChoosingRules, Weighting } from './schedule/rules.js'
import { SCHEDULERS, type SchedulerName } from './schedule/schedulers.js'

/** Connections to a node that is not healthy any more: they stay, the idle ones are closed, or all are. */
export type Closing = 'keep' | 'idle' | 'all'

export interface ChoosingSettings extends Omit<ChoosingRules, 'local'> {
  readonly scheduler: SchedulerName
  /** Connections that wait while every node is full; 0: none waits. */
  readonly queue: number
  /** So long at most. */
  readonly queueMs: Millis
  /** `10.0.0.9:80`: who answers when no node can; reached from the director. Empty: nobody. */
  readonly sorry: string
  /** Healthy nodes that must be there; with fewer the sorry backend answers, and the hook is called. 0: nobody counts. */
  readonly quorum: number
  /** Lost below quorum − slack, there again from quorum + slack on. */
  readonly quorumSlack: number
  /** The program that is told; empty: none. */
  readonly quorumHook: string
  /** When a check finds the node unhealthy; and when its program does not listen any more, or it is not to serve. */
  readonly onUnhealthy: Closing
  readonly onRemoved: Closing
  /** Each at a time of its own within so long. */
  readonly closeOverMs: Millis
  /** What `idle` means. */
  readonly closeIdleMs: Millis
}

export const CHOOSING_DEFAULTS: ChoosingSettings = Object.freeze({
  scheduler: 'round-robin',
  weighting: 'turns',
  load: 'off',
  slowStartMs: 0,
  nodeConnections: 0,
  // A client waits some seconds without being told; more of them than this wait in vain as a rule.
  queue: 1_024,
  queueMs: 5_000,
  sorry: '',
  quorum: 0,
  quorumSlack: 0,
  quorumHook: '',
  // A check may be wrong, and what it says of new connections is not true of those that work.
  onUnhealthy: 'keep',
  onRemoved: 'keep',
  // Clients that are cut off connect again, all at once if they were cut off so.
  closeOverMs: 10_000,
  closeIdleMs: 5_000,
})

export const WEIGHTINGS: readonly Weighting[] = ['turns', 'smooth']
export const ON_OFF = ['off', 'on'] as const
export const CLOSINGS: readonly Closing[] = ['keep', 'idle', 'all']

/** Words of which a newer release may know more, and where every other serves the clients as well. */
export const CHOOSING_WORDS = {
  scheduler: SCHEDULERS,
  weighting: WEIGHTINGS,
  load: ON_OFF,
  onUnhealthy: CLOSINGS,
  onRemoved: CLOSINGS,
} as const

/** The highest that each may be; whole numbers from 0. */
export const COUNT_LIMITS = {
  nodeConnections: 1_000_000,
  // Each costs a socket and some memory of the director.
  queue: 65_536,
  quorum: 1_024,
  quorumSlack: 1_024,
} as const

export type CountField = keyof typeof COUNT_LIMITS
