/**
 * Planned moves of what this node directs, before the lease itself is handed over: first the address leaves and all that clients
 * have been told goes to where their programs are, and only then is a successor endorsed. Until then this node can go on by
 * itself; afterwards it never does.
 *
 *     address gone ──► lanes empty ──► endorse ──► the successor asks for the ledger, and goes on
 */
import type { Alarm, AlarmClock } from '../base/clock.js'
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { Directing } from './directing.js'

/** Clients wait. A node that has not taken its last bytes by then is more likely gone than slow. */
const MOVE_OUT_MS_MAX: Millis = 1_000

/** `not-here`: this node holds no such lease. `refused`: the successor cannot be endorsed now, and this node goes on. */
export type MoveOutcome = 'handed-over' | 'not-here' | 'refused'

export interface MovesParts {
  readonly clock: AlarmClock
  readonly directing: Pick<Directing, 'moveOut' | 'moveBack' | 'names'>
  /** Endorses the successor, if that can be. */
  readonly transfer: (contest: string, to: NodeId) => void
  readonly told?: (outcome: MoveOutcome) => void
  /** After the present turn: machines are not fed from within their own effects. */
  readonly later: (run: () => void) => void
}

export class Moves {
  readonly #late = new Map<string, Alarm>()

  constructor(private readonly parts: MovesParts) {}

  /** `answer` comes once. */
  move(contest: string, to: NodeId, answer: (outcome: MoveOutcome) => void = () => {}): void {
    const { directing, clock, later } = this.parts
    const tell = (outcome: MoveOutcome) => {
      this.parts.told?.(outcome)
      answer(outcome)
    }
    if (!directing.names().includes(contest) || this.#late.has(contest)) return tell('not-here')
    const alarm = clock.alarm(() => goOn())
    const goOn = () => {
      if (this.#late.get(contest) !== alarm) return
      this.#late.delete(contest)
      alarm.set(undefined)
      later(() => this.#handOver(contest, to, tell))
    }
    this.#late.set(contest, alarm)
    alarm.set(clock.now() + MOVE_OUT_MS_MAX)
    // Nothing is known here that the successor would lack.
    if (!directing.moveOut(contest, goOn)) goOn()
  }

  #handOver(contest: string, to: NodeId, answer: (outcome: MoveOutcome) => void): void {
    const { directing, transfer } = this.parts
    transfer(contest, to)
    if (!directing.names().includes(contest)) return answer('handed-over')
    directing.moveBack(contest)
    answer('refused')
  }
}
