/** What a lane answers to a query: its counters, its splices, and of the services that it directs who would live on. */
import { formatSpliceId, type NodeId, type SpliceId } from '../base/ids.js'
import type { BackendHalf } from '../proxy/backend-half.js'
import type { ClientHalf } from '../proxy/client-half.js'
import { mortalOf } from '../proxy/client-report.js'
import type { LaneCounters, LaneReport, ServiceReport, SpliceReport } from '../proxy/lane-report.js'
import type { DoorReport } from '../proxy/outward-report.js'
import { UNHELD } from '../proxy/reasons.js'
import { sumsOf } from '../proxy/service-report.js'
import type { Direction } from './direction.js'
import type { Holds } from './lane-context.js'

export interface Reported {
  readonly node: NodeId
  readonly counters: Readonly<LaneCounters>
  readonly directions: Iterable<Direction>
  readonly backends: Iterable<BackendHalf>
  /** Its director has given it up, and no other one has it yet. */
  readonly isForsaken: (backend: BackendHalf) => boolean
  /** Missing: there is none on this node. */
  readonly holds?: Pick<Holds, 'unheld'> | undefined
  readonly doors: readonly DoorReport[]
}

/** `service`: splices of that one alone are listed; whatever is counted is counted for all. */
export function laneReport(
  { node, counters, directions, backends, isForsaken, holds, doors }: Reported,
  service: string | undefined,
  limit: number,
): LaneReport {
  const splices: SpliceReport[] = []
  const perBackend = new PerBackend()
  const perService: ServiceReport[] = []
  const live = { up: 0, down: 0 }
  let [total, active, forOthers] = [0, 0, 0]
  // Of tens of thousands that are counted every second only those are described that somebody wants to see.
  const add = (of: string, id: SpliceId, describe: () => Omit<SpliceReport, 'id'>) => {
    active++
    if (service !== undefined && of !== service) return
    total++
    if (splices.length < limit) splices.push({ id: formatSpliceId(id), ...describe() })
  }
  for (const direction of directions) {
    const { revivals, places, parking, readmission, outward, newcomers, service: definition } = direction
    const { name, uploads } = definition
    const [mortal, unheld] = [new Tally(), new Tally()]
    for (const client of direction.clients) {
      const why = uploads === 'survive' ? unheldOf(client, holds) : undefined
      add(name, client.id, () => ({ ...client.report(node), ...(why !== undefined && { unheld: why }) }))
      const chosen = client.node
      // A program's own connections are no load that somebody has chosen its node for.
      if (chosen !== undefined && chosen.sorry === undefined && !client.isOutward) perBackend.add(name, chosen.node)
      live.up += client.half.sent
      live.down += client.half.received
      mortal.add(mortalOf(client, node))
      if (why !== undefined) unheld.add(why)
    }
    const survival = { directed: mortal.all, survivable: mortal.none, mortal: mortal.words }
    const holding = uploads === 'survive' && { uploads: { held: unheld.none, unheld: unheld.words } }
    perService.push({
      service: name,
      ...survival,
      revivals,
      placement: { ...places.report, ...parking.report, ...readmission?.report },
      outward: outward.report,
      introductions: newcomers.report,
      ...holding,
    })
  }
  for (const backend of backends) {
    // The client half has told of a splice whose both halves are here, while there is one.
    if (backend.isTombstone || (backend.term.holder === node && !isForsaken(backend))) continue
    forOthers++
    add(backend.request.service, backend.request.id, () => backend.report(node))
    if (!backend.isOutward) perBackend.add(backend.request.service, node)
  }
  return {
    counters: { ...counters, bytesUp: counters.bytesUp + live.up, bytesDown: counters.bytesDown + live.down },
    active,
    total,
    ...survivalOf(perService),
    splices,
    perBackend: perBackend.rows(),
    perService,
    forOthers,
    doors,
  }
}

/** Why it is acknowledged what is not safe yet; empty: it is not. */
function unheldOf(client: ClientHalf, holds: Reported['holds']): string {
  if (client.joined === undefined) return UNHELD.unserved
  return holds?.unheld(client) ?? UNHELD.notHere
}

/** How many splices of each service a node has. */
class PerBackend {
  readonly #counts = new Map<string, Map<NodeId, number>>()

  add(service: string, node: NodeId): void {
    const counts = this.#counts.get(service) ?? new Map<NodeId, number>()
    if (counts.size === 0) this.#counts.set(service, counts)
    counts.set(node, (counts.get(node) ?? 0) + 1)
  }

  rows(): LaneReport['perBackend'] {
    return [...this.#counts].flatMap(([service, counts]) =>
      [...counts].map(([node, splices]) => ({ service, node, splices })),
    )
  }
}

/** How many there are of each reason; the empty one is none. */
class Tally {
  readonly words: Record<string, number> = {}
  none = 0
  all = 0

  add(word: string): void {
    this.all++
    if (word === '') this.none++
    else this.words[word] = (this.words[word] ?? 0) + 1
  }
}

function survivalOf(rows: readonly ServiceReport[]): Pick<LaneReport, 'directed' | 'survivable' | 'mortal'> {
  const sum = (field: 'directed' | 'survivable') => rows.reduce((total, row) => total + row[field], 0)
  return { directed: sum('directed'), survivable: sum('survivable'), mortal: sumsOf(rows.map(({ mortal }) => mortal)) }
}
