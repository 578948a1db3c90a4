import type { ToLane } from '../../proxy/lane-protocol.js'
import type { LaneReport } from '../../proxy/lane-report.js'
import { sumOfCounters } from '../../proxy/shared-counters.js'

/** In the place of a lane on a node that carries no connections: a witness. */
export class IdleLane {
  readonly view = { count: 0, engine: 'net', why: 'a witness carries no connections' } as const

  readonly told = 0

  readonly access = undefined

  post(_message: ToLane): void {}

  giveDoor(): void {}

  giveHold(): void {}

  silence(): void {}

  async query(): Promise<LaneReport> {
    return {
      counters: sumOfCounters([]),
      active: 0,
      total: 0,
      directed: 0,
      survivable: 0,
      mortal: {},
      splices: [],
      perBackend: [],
      perService: [],
      forOthers: 0,
      doors: [],
    }
  }

  async stop(): Promise<void> {}
}
