/** Whether enough healthy nodes serve a service, with a band in which nothing changes; and who tells of a change. */
import type { Clock } from '../../base/clock.js'
import type { Millis } from '../../base/time.js'

export interface QuorumRules {
  readonly quorum: number
  readonly quorumSlack: number
}

export interface QuorumChange {
  readonly quorate: boolean
  readonly able: number
}

/** Lost below quorum − slack, there again from quorum + slack on; at the first look the bare number decides. */
export function isQuorate({ quorum, quorumSlack }: QuorumRules, able: number, before: boolean | undefined): boolean {
  if (before === undefined) return able >= quorum
  return able >= (before ? quorum - quorumSlack : quorum + quorumSlack)
}

/**
 * So long before a node began to direct it may have seen what nobody has told: the director before stood still, or was dead. The
 * longest time without a director that is no outage of its own.
 */
const UNTOLD_MS: Millis = 30_000

export interface QuorumLook {
  readonly quorate: boolean
  /** This node is the one to tell of a change. */
  readonly tells: boolean
}

interface State {
  readonly quorate: boolean
  /** When it became so without this node having told it. */
  readonly untoldAt: Millis | undefined
}

export class Quorums {
  readonly #states = new Map<string, State>()

  constructor(
    private readonly directs: (service: string) => boolean,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /**
   * Each node sees every change, and the director tells it. Who begins to direct tells the last one again, if it is that new: told twice is better than by nobody.
   */
  look(service: string, rules: QuorumRules, able: number): QuorumLook {
    if (rules.quorum === 0) {
      this.#states.delete(service)
      return { quorate: true, tells: false }
    }
    const before = this.#states.get(service)
    const quorate = isQuorate(rules, able, before?.quorate)
    const isNew = before !== undefined && before.quorate !== quorate
    const now = this.clock.now()
    const at = isNew ? now : before?.untoldAt
    const directs = this.directs(service)
    this.#states.set(service, { quorate, untoldAt: directs ? undefined : at })
    return { quorate, tells: directs && at !== undefined && now <= at + UNTOLD_MS }
  }

  of(service: string): boolean {
    return this.#states.get(service)?.quorate ?? true
  }

  forget(service: string): void {
    this.#states.delete(service)
  }
}
