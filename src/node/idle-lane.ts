import type { LaneReport, ToLane } from '../proxy/lane-protocol.js'

/** In the place of a lane on a node that carries no connections: a witness. */
export class IdleLane {
  post(_message: ToLane): void {}

  async query(): Promise<LaneReport> {
    const counters = { accepted: 0, ended: 0, reset: 0, refused: 0, retried: 0, bytesUp: 0, bytesDown: 0, incidents: 0 }
    return { counters, active: 0, total: 0, splices: [], perBackend: [] }
  }

  async stop(): Promise<void> {}
}
