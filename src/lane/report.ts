/** What a lane answers to a query: its counters, its splices, and of the services that it directs who would live on. */
import { formatSpliceId, type NodeId, type SpliceId } from '../base/ids.js'
import type { BackendHalf } from '../proxy/backend-half.js'
import type { LaneCounters, LaneReport, ServiceReport, SpliceReport } from '../proxy/lane-protocol.js'
import { sumsOf } from '../proxy/service-report.js'
import type { Direction } from './direction.js'

export interface Reported {
  readonly node: NodeId
  readonly counters: Readonly<LaneCounters>
  readonly directions: Iterable<Direction>
  readonly backends: Iterable<BackendHalf>
}

/** `service`: splices of that one alone are listed; whatever is counted is counted for all. */
export function laneReport(
  { node, counters, directions, backends }: Reported,
  service: string | undefined,
  limit: number,
): LaneReport {
  const splices: SpliceReport[] = []
  const perBackend = new Map<string, { service: string; node: NodeId; splices: number }>()
  const perService: ServiceReport[] = []
  let [total, active, forOthers] = [0, 0, 0]
  const add = (id: SpliceId, report: Omit<SpliceReport, 'id'>) => {
    active++
    if (report.backend !== undefined) {
      const key = `${report.service} ${report.backend}`
      const row = perBackend.get(key) ?? { service: report.service, node: report.backend, splices: 0 }
      row.splices++
      perBackend.set(key, row)
    }
    if (service !== undefined && report.service !== service) return
    total++
    if (splices.length < limit) splices.push({ id: formatSpliceId(id), ...report })
  }
  for (const direction of directions) {
    const mortal: Record<string, number> = {}
    let [directed, survivable] = [0, 0]
    for (const client of direction.clients) {
      const report = client.report(node)
      add(client.id, report)
      directed++
      if (report.mortal === '') survivable++
      else mortal[report.mortal] = (mortal[report.mortal] ?? 0) + 1
    }
    const { revivals, places } = direction
    const { name } = direction.service
    perService.push({ service: name, directed, survivable, mortal, revivals, placement: places.report })
  }
  for (const backend of backends) {
    // The client half has told of a splice whose both halves are here.
    if (backend.isTombstone || backend.term.holder === node) continue
    forOthers++
    add(backend.request.id, backend.report(node))
  }
  return {
    counters: { ...counters },
    active,
    total,
    ...survivalOf(perService),
    splices,
    perBackend: [...perBackend.values()],
    perService,
    forOthers,
  }
}

function survivalOf(rows: readonly ServiceReport[]): Pick<LaneReport, 'directed' | 'survivable' | 'mortal'> {
  const sum = (field: 'directed' | 'survivable') => rows.reduce((total, row) => total + row[field], 0)
  return { directed: sum('directed'), survivable: sum('survivable'), mortal: sumsOf(rows.map(({ mortal }) => mortal)) }
}
