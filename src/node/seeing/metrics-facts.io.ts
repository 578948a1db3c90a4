/** Where the figures of a node's metrics come from. */
import type { Clock } from '../../base/clock.js'
import type { NodeId } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import { quorumOf } from '../../election/durable-state.js'
import type { MemberState } from '../../gossip/ports.js'
import type { LaneReport } from '../../proxy/lane-report.js'
import { contestOf } from '../../proxy/service.js'
import type { LanesView, LinkView } from '../control/control-protocol.js'
import type { Discovery } from '../discovery/discovery.io.js'
import { drillKey, recordFrom } from '../moves/drill-record.js'
import type { Node } from '../node.io.js'
import { roleOf } from '../roles.js'
import type { AccessCounts } from './access-log.io.js'
import type { MetricsFacts } from './metrics.js'

export interface MetricsParts {
  readonly node: Node
  readonly clock: Pick<Clock, 'now'>
  readonly startedAt: Millis
  readonly version: string
  readonly lanes: LanesView
  /** Control links that are up. */
  readonly linked: () => readonly NodeId[]
  readonly linkOf: (node: NodeId) => LinkView
  readonly discovery: Pick<Discovery, 'views'>
  /** `undefined`: no access log is kept. */
  readonly accessLog: () => AccessCounts | undefined
}

export function metricsFacts(parts: MetricsParts, report: LaneReport, warnings: number): MetricsFacts {
  const { node, clock, startedAt, version, lanes, linked, linkOf, discovery } = parts
  const { knowledge, machines, self } = node
  const now = clock.now()
  const { voters } = machines.elections.electorate()
  const here = new Set([self.node, ...linked()])
  const members: Record<MemberState, number> = { alive: 0, suspect: 0, down: 0, left: 0 }
  for (const { state } of knowledge.members) members[state]++
  const names = knowledge.services.active.map(({ name }) => name).sort()
  return {
    version,
    upMs: now - startedAt,
    lanes: lanes.count,
    drained: roleOf(self.flags).drained,
    report,
    warnings,
    access: parts.accessLog(),
    tally: node.tally.counts,
    leases: [...knowledge.services.active]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((service) => {
        const { term, deadline } = machines.elections.explain(contestOf(service), now)
        const leftMs = deadline === undefined ? undefined : Math.max(0, deadline - now)
        return { service: service.name, term: term?.number ?? 0, leftMs }
      }),
    backends: knowledge.services.active.flatMap((service) => {
      return node.programs.states.backends(service).map(({ name, port, state }) => {
        return { service: service.name, node: name, port, state }
      })
    }),
    hosting: node.programs.hosting.rows(),
    voters: {
      all: voters.length,
      reachable: voters.filter((voter) => here.has(voter)).length,
      quorum: quorumOf({ voters }),
    },
    members,
    discovery: discovery.views(knowledge.members),
    links: linkCounts(linked().map(linkOf)),
    drills: names.flatMap((service) => {
      const record = recordFrom(machines.registry.get(drillKey(service)))
      return record === undefined ? [] : [{ service, record }]
    }),
  }
}

function linkCounts(links: readonly LinkView[]): MetricsFacts['links'] {
  const swarm = links.filter(({ by }) => by === 'swarm').length
  return { direct: links.length - swarm, swarm, noData: links.filter(({ noData }) => noData === true).length }
}
