/** What has happened on this node since it was started, counted: for metrics. */
import type { NodeId } from '../../base/ids.js'
import type { ElectionEffect } from '../../election/ports.js'
import type { MoveOutcome } from '../moves/moves.js'

export interface TallyCounts {
  readonly acquired: number
  readonly lost: number
  /** Of those acquired: another node was seen to direct before. */
  readonly takeovers: number
  readonly moves: Readonly<Record<MoveOutcome, number>>
}

export class Tally {
  readonly #counts = { acquired: 0, lost: 0, takeovers: 0 }
  readonly #moves: Record<MoveOutcome, number> = { 'handed-over': 0, refused: 0, 'not-here': 0 }
  /** By contest: who was seen to direct it last. */
  readonly #holders = new Map<string, NodeId>()

  constructor(private readonly self: NodeId) {}

  get counts(): TallyCounts {
    return { ...this.#counts, moves: { ...this.#moves } }
  }

  election(effect: ElectionEffect): void {
    if (effect.type === 'lost') this.#counts.lost++
    if (effect.type === 'observed' && effect.term !== undefined) this.#saw(effect.service, effect.term.holder)
    if (effect.type !== 'acquired') return
    this.#counts.acquired++
    if ((this.#holders.get(effect.service) ?? this.self) !== this.self) this.#counts.takeovers++
    this.#holders.set(effect.service, this.self)
  }

  moved(outcome: MoveOutcome): void {
    this.#moves[outcome]++
  }

  forget(contest: string): void {
    this.#holders.delete(contest)
  }

  /** Its own term is observed before it is acquired, and would hide whose it was. */
  #saw(contest: string, holder: NodeId): void {
    if (holder !== this.self) this.#holders.set(contest, holder)
  }
}
