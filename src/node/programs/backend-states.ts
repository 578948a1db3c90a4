/** Which nodes take new connections of a service, and why others do not: what nodes, the director and operators say, put together. */
import type { NodeId } from '../../base/ids.js'
import type { BackendSeat } from '../../proxy/lane-protocol.js'
import type { ListenerCandidate } from '../../proxy/listener-table.js'
import type { BackendState } from '../../proxy/schedule/scheduler.js'
import type { Service } from '../../proxy/service.js'
import type { Knowledge } from '../knowledge.js'

export interface Standing {
  readonly state: BackendState
  /** For people: the last words of its check, an operator's order; empty where there is nothing to say. */
  readonly why: string
}

export type Backend = ListenerCandidate & Standing

const HEALTHY: Standing = { state: 'healthy', why: '' }

export class BackendStates {
  constructor(
    private readonly knowledge: Pick<Knowledge, 'candidates' | 'healthAbout' | 'nameOf'>,
    private readonly orders: { readonly of: (service: Service, node: NodeId) => Standing | undefined },
  ) {}

  /** As lanes hear it. */
  seats(service: Service): BackendSeat[] {
    return this.backends(service).map(({ node, name, port, state }) => ({ node, name, port, state }))
  }

  /** Every node that listens. */
  backends(service: Service): Backend[] {
    return this.knowledge.candidates(service).map((candidate) => ({ ...candidate, ...this.of(service, candidate) }))
  }

  of(service: Service, { node, port }: Pick<ListenerCandidate, 'node' | 'port'>): Standing {
    const ordered = this.orders.of(service, node)
    if (ordered !== undefined) return ordered
    const isWatched = service.check !== 'off' || service.passiveLimit > 0 || service.program !== ''
    if (!isWatched) return HEALTHY
    let best = HEALTHY
    for (const { by, row } of this.knowledge.healthAbout(service.name, node, port)) {
      const words = by === node ? row.words : `${row.words} (seen by ${this.knowledge.nameOf(by)})`
      if (row.state === 'unhealthy') return { state: 'unhealthy', why: words }
      if (row.state === 'starting') best = { state: 'starting', why: 'its first check is under way' }
      else if (best.why === '') best = { ...best, why: words }
    }
    return best
  }
}
