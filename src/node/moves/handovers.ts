/** To whom this node gives what it directs, when it leaves, stops or is drained. */
import type { Clock } from '../../base/clock.js'
import type { NodeId } from '../../base/ids.js'
import type { Elections } from '../../election/elections.js'
import type { Directing } from '../directing.js'
import type { Moves } from './moves.js'

export interface HandoverParts {
  readonly self: NodeId
  readonly elections: Pick<Elections, 'explain' | 'reaches'>
  readonly clock: Pick<Clock, 'now'>
  readonly directing: Pick<Directing, 'names' | 'isSettled'>
  readonly moves: Pick<Moves, 'move' | 'isUnderWay'>
}

export interface Given {
  readonly contest: string
  readonly to: NodeId
}

export class Handovers {
  constructor(private readonly parts: HandoverParts) {}

  /** The others that may direct, in their order. */
  standbys(contest: string): NodeId[] {
    const { elections, clock, self } = this.parts
    return elections.explain(contest, clock.now()).candidates.filter((node) => node !== self)
  }

  /** The next that can be endorsed now: without a link nobody can, nor by who holds its lease without a majority. */
  successor(contest: string): NodeId | undefined {
    const { elections, clock } = this.parts
    if (elections.explain(contest, clock.now()).alone) return undefined
    return this.standbys(contest).find((node) => elections.reaches(node))
  }

  /** Before this node goes: each to the next node in its order, where there is one: what went to whom. */
  all(): readonly Given[] {
    return this.#give(this.parts.directing.names(), true)
  }

  #give(contests: readonly string[], mustGo: boolean): readonly Given[] {
    const given = contests.flatMap((contest) => {
      const to = this.successor(contest)
      return to === undefined ? [] : [{ contest, to }]
    })
    for (const { contest, to } of given) this.parts.moves.move(contest, to, undefined, mustGo)
    return given
  }

  /**
   * What has all its connections here, and is not being moved. Of a drained node, to be tried again with each renewal: the next node
   * may have to be waited for, and so may connections that are being rebuilt. `isMeant`: of which contests; all if not given.
   */
  settled(isMeant: (contest: string) => boolean = () => true): readonly Given[] {
    const { directing, moves } = this.parts
    const isIdle = (contest: string) => directing.isSettled(contest) && !moves.isUnderWay(contest)
    return this.#give(
      directing.names().filter((contest) => isMeant(contest) && isIdle(contest)),
      false,
    )
  }
}
