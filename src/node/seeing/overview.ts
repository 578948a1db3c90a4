/** What the status page shows, put together from what `status` says and what this node remembers. */
import type { Millis } from '../../base/time.js'
import type { BackendDot, Happening, NodeCard, Overview, ServiceCard } from '../../page/ports.js'
import type { LaneReport } from '../../proxy/lane-report.js'
import type { BackendView, MemberView, ServiceView, StatusView } from '../control/control-protocol.js'
import { type Hour, SAMPLE_MS } from './hour.js'
import type { EventView } from './seeing-protocol.js'

export interface OverviewFacts {
  readonly status: StatusView
  readonly report: LaneReport | undefined
  readonly hour: Hour
  readonly events: readonly EventView[]
  /** Wall clock. */
  readonly at: Millis
}

export function overviewOf({ status, report, hour, events, at }: OverviewFacts): Overview {
  const { node, electorate, members, services, counters, survival, warnings } = status
  const history = hour.view
  const last = (values: readonly number[]) => values.at(-1) ?? 0
  return {
    at,
    node: { name: node.name, version: node.version, upMs: node.upMs },
    voters: { all: electorate.voters.length, reachable: electorate.reachable, quorum: electorate.quorum },
    nodes: members.filter(({ state }) => state !== 'left').map(nodeCard),
    services: services.map((service) => serviceCard(service, report, hour)),
    totals: {
      splices: counters.active,
      ...survival,
      accepted: counters.accepted,
      refused: counters.refused,
      rates: { accepted: last(history.accepted), up: last(history.up), down: last(history.down) },
    },
    history: { stepMs: SAMPLE_MS, endAt: at, ...history },
    events: events.flatMap(happening).reverse(),
    warnings,
  }
}

function nodeCard({ name, self, state, sinceMs, address, role, voter, drained, link }: MemberView): NodeCard {
  const words = link.state === 'up' || link.state === 'self' ? '' : `link ${link.state}`
  return { name, self, state, sinceMs, address, role, voter, drained, link: state === 'alive' ? words : '' }
}

function serviceCard(service: ServiceView, report: LaneReport | undefined, hour: Hour): ServiceCard {
  const { definition, director, term, serving, why, problem, backends, splices } = service
  const { name, address, ports } = definition
  const survival = report?.perService.find((row) => row.service === name)
  return {
    name,
    address,
    ports,
    director: director?.name,
    term: term?.number,
    serving,
    why,
    problem,
    backends: backends.map(backendDot),
    splices,
    survival: survival && { directed: survival.directed, survivable: survival.survivable },
    trend: hour.trend(name),
  }
}

function backendDot({ node, port, state, why, splices }: BackendView): BackendDot {
  return { node: node.name, port, state, why, splices }
}

function happening({ at, level, text, service, isHandover = false }: EventView): Happening[] {
  if (text === undefined) return []
  const tone = level === 'error' ? 'bad' : level === 'warn' ? 'warn' : isHandover ? 'change' : 'note'
  return [{ at, tone, text, service, isHandover }]
}
