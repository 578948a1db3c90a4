/** How the swarm is doing, in words. */
import type { Millis } from '../../base/time.js'

export interface SwarmReport {
  /** Why there is none; empty: there is. */
  readonly failure: string
  /** Its bootstrap nodes were asked, whether one has answered or not. */
  readonly isReady: boolean
  /** Nodes of the DHT that answer. */
  readonly nodes: number
  /** None: the public network's. */
  readonly bootstrap: readonly string[]
  /** Members that have proven themselves on one of its connections. */
  readonly met: number
  readonly connections: number
  /** Of those, the ones that carry a control link. */
  readonly carried: number
  /** Who was there under our topic without our key. */
  readonly strangers: number
  /** Connections beyond the limit. */
  readonly refused: number
}

export type SwarmWord = 'starting' | 'online' | 'no-bootstrap' | 'failed'

const REFRESH_FIRST_MS: Millis = 2_000
const REFRESH_MS_MAX: Millis = 120_000
const OFFLINE_MS: Millis = 10_000

export function onlineWord({ failure, isReady, nodes }: SwarmReport): SwarmWord {
  if (failure !== '') return 'failed'
  if (nodes > 0) return 'online'
  return isReady ? 'no-bootstrap' : 'starting'
}

/** What an operator should look at; `undefined`: nothing. */
export function swarmProblem(report: SwarmReport): string | undefined {
  const { failure, bootstrap } = report
  switch (onlineWord(report)) {
    case 'failed':
      return `discovery by swarm does not work: ${failure}; other ways of discovery go on`
    case 'no-bootstrap':
      return bootstrap.length === 0
        ? 'discovery by swarm: no bootstrap node of the public network answers; without the internet run `baton bootstrap` on a host that all reach, and give its address to --bootstrap'
        : `discovery by swarm: no bootstrap node answers (${bootstrap.join(', ')}): is \`baton bootstrap\` up there, and does UDP get through?`
    default:
      return undefined
  }
}

/** How long until it announces and looks again; `done`: how often it has. A bootstrap node that does not answer is asked steadily. */
export function refreshDelay(done: number, isOnline: boolean): Millis {
  if (!isOnline) return OFFLINE_MS
  return Math.min(REFRESH_MS_MAX, REFRESH_FIRST_MS * 2 ** Math.min(done, 16))
}
