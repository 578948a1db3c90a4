/** What a node measures of itself, as metrics: pure, so that whoever serves them needs nothing but this. See docs/metrics.md. */
import type { Millis } from '../../base/time.js'
import type { MemberState } from '../../gossip/ports.js'
import type { LaneReport, PlacementReport, RevivalReport } from '../../proxy/lane-report.js'
import type { BackendState } from '../../proxy/schedule/scheduler.js'
import type { DrillRecordView } from '../control/drill-protocol.js'
import { type DiscoveryFacts, discoveryMetrics } from '../discovery/discovery-metrics.js'
import type { Metric, Sample } from './exposition.js'
import type { TallyCounts } from './tally.js'

export interface MetricsFacts extends DiscoveryFacts {
  readonly version: string
  readonly upMs: Millis
  readonly lanes: number
  readonly drained: boolean
  readonly report: LaneReport
  /** What `status` warns of. */
  readonly warnings: number
  readonly tally: TallyCounts
  readonly leases: readonly LeaseFacts[]
  readonly backends: readonly {
    readonly service: string
    readonly node: string
    readonly port: number
    readonly state: BackendState
  }[]
  /** Of services of mode single that this node has to do with. */
  readonly hosting: readonly { readonly service: string; readonly state: string }[]
  readonly voters: { readonly all: number; readonly reachable: number; readonly quorum: number }
  readonly members: Readonly<Record<MemberState, number>>
  /** Lines of the access log: written, and thrown away for want of room; missing: none is kept. */
  readonly access: { readonly lines: number; readonly dropped: number } | undefined
  readonly drills: readonly { readonly service: string; readonly record: DrillRecordView }[]
}

/** Of each service that is known here. */
export interface LeaseFacts {
  readonly service: string
  /** 0: nobody directs it, as far as is known here. */
  readonly term: number
  /** How much longer it lasts unless it is renewed; `undefined`: another node holds it, or nobody. */
  readonly leftMs: Millis | undefined
}

const VERDICTS = ['proven', 'filled', 'reset', 'gone'] as const

export function metricsOf(facts: MetricsFacts): Metric[] {
  const { report, tally } = facts
  return [
    ...nodeMetrics(facts),
    ...laneMetrics(report),
    ...survivalMetrics(report),
    ...uploadMetrics(report),
    ...revivalMetrics(report),
    ...placementMetrics(report),
    ...outwardMetrics(report),
    ...introductionMetrics(report),
    ...accessMetrics(facts),
    ...leaseMetrics(facts.leases),
    backendMetric(facts.backends),
    hostingMetric(facts.hosting),
    counter('baton_leases_acquired_total', 'Leases that this node has won or was given.', tally.acquired),
    counter('baton_leases_lost_total', 'Leases that have ended here, for whatever reason.', tally.lost),
    counter('baton_takeovers_total', 'Leases acquired here that another node had before.', tally.takeovers),
    {
      name: 'baton_moves_total',
      type: 'counter',
      help: 'Planned moves away from this node.',
      samples: Object.entries(tally.moves).map(([outcome, value]) => ({ labels: { outcome }, value })),
    },
    ...discoveryMetrics(facts),
    ...drillMetrics(facts.drills),
  ]
}

function nodeMetrics({ version, upMs, lanes, drained, warnings, voters, members }: MetricsFacts): Metric[] {
  return [
    metric('baton_build_info', 'gauge', 'Always 1; the version is its label.', [{ labels: { version }, value: 1 }]),
    gauge('baton_uptime_seconds', 'Since the node was started.', secondsOf(upMs)),
    gauge('baton_lanes', 'Threads that carry connections.', lanes),
    gauge('baton_warnings', 'What baton status warns of, counted.', warnings),
    gauge('baton_drained', '1: an operator wants this node to direct nothing.', drained ? 1 : 0),
    gauge('baton_voters', 'Voters of the electorate.', voters.all),
    gauge('baton_voters_reachable', 'Voters within reach, this node among them.', voters.reachable),
    gauge('baton_voters_quorum', 'Voters that are needed.', voters.quorum),
    metric(
      'baton_members',
      'gauge',
      'Nodes as this one sees them, by state.',
      Object.entries(members).map(([state, value]) => ({ labels: { state }, value })),
    ),
  ]
}

function laneMetrics({ counters, active, forOthers }: LaneReport): Metric[] {
  const bytes = [
    { labels: { direction: 'up' }, value: counters.bytesUp },
    { labels: { direction: 'down' }, value: counters.bytesDown },
  ]
  return [
    counter('baton_connections_accepted_total', 'Client connections accepted.', counters.accepted),
    counter('baton_outward_dialled_total', 'Connections made for programs of nodes.', counters.dialled),
    counter('baton_outward_refused_total', 'Those that failed, or are not allowed.', counters.undialled),
    counter('baton_connections_ended_total', 'Splices that ended in order.', counters.ended),
    counter('baton_connections_reset_total', 'Splices that ended with an RST.', counters.reset),
    counter('baton_connections_refused_total', 'Connections for which no node answered.', counters.refused),
    counter('baton_backend_retries_total', 'Attempts made again on another node.', counters.retried),
    counter('baton_splices_resumed_total', 'Splices that went on over another data link.', counters.resumed),
    counter('baton_lane_incidents_total', 'Faults of the program that were contained.', counters.incidents),
    metric(
      'baton_bytes_total',
      'counter',
      'Payload that was passed on while this node directed; up: from the client.',
      bytes,
    ),
    gauge('baton_splices', 'Splices with a half on this node.', active),
    gauge('baton_splices_for_others', 'Of those, the ones that another node directs.', forOthers),
    gauge('baton_retained_bytes', 'Kept, to be sent again if a link or a director is lost.', counters.retained),
  ]
}

function accessMetrics({ access, report }: MetricsFacts): Metric[] {
  if (access === undefined) return []
  const dropped = access.dropped + report.counters.accessDropped
  return [
    counter('baton_access_log_lines_total', 'Lines written to the access log.', access.lines),
    counter('baton_access_log_dropped_total', 'Lines of the access log for which there was no room.', dropped),
  ]
}

function survivalMetrics({ perService }: LaneReport): Metric[] {
  const each = (value: (row: LaneReport['perService'][number]) => number): Sample[] =>
    perService.map((row) => ({ labels: { service: row.service }, value: value(row) }))
  const mortal = perService.flatMap(({ service, mortal: reasons }) =>
    Object.entries(reasons).map(([reason, value]) => ({ labels: { service, reason }, value })),
  )
  return [
    metric(
      'baton_splices_directed',
      'gauge',
      'Splices that this node directs.',
      each(({ directed }) => directed),
    ),
    metric(
      'baton_splices_survivable',
      'gauge',
      'Of those, the ones that would live on if this node died now.',
      each(({ survivable }) => survivable),
    ),
    metric('baton_splices_mortal', 'gauge', 'The others, by reason.', mortal),
  ]
}

/** Of the services with `uploads: survive` that this node directs. */
function uploadMetrics({ counters, perService }: LaneReport): Metric[] {
  const rows = perService.flatMap(({ service, uploads }) => (uploads === undefined ? [] : [{ service, ...uploads }]))
  const held = rows.map(({ service, held: value }) => ({ labels: { service }, value }))
  const unheld = rows.flatMap(({ service, unheld: reasons }) =>
    Object.entries(reasons).map(([reason, value]) => ({ labels: { service, reason }, value })),
  )
  return [
    metric('baton_uploads_held', 'gauge', 'Splices whose client is acknowledged only what is safe.', held),
    metric('baton_uploads_unheld', 'gauge', 'The others of services that want it, by reason.', unheld),
    counter('baton_uploads_refused_total', 'Connections that found no room to be held.', counters.holdsRefused),
    counter('baton_uploads_late_total', 'Times that one was acknowledged what was not safe yet.', counters.holdsLate),
  ]
}

/** Of the services that this node directs. */
function placementMetrics({ perService }: LaneReport): Metric[] {
  const each = (field: keyof PlacementReport): Sample[] =>
    perService.flatMap(({ service, placement }) =>
      placement?.[field] === undefined ? [] : [{ labels: { service }, value: placement[field] }],
    )
  const rows: readonly (readonly [name: string, type: Metric['type'], help: string, field: keyof PlacementReport])[] = [
    ['baton_queue_waiting', 'gauge', 'Connections that wait while every node is full.', 'waiting'],
    ['baton_queue_waited', 'gauge', 'Connections that had to wait, in the present term.', 'queued'],
    ['baton_queue_timeouts', 'gauge', 'Of those, the ones that waited in vain.', 'queueTimeouts'],
    ['baton_queue_overflows', 'gauge', 'Connections that found the queue full.', 'queueFull'],
    ['baton_sorry', 'gauge', 'Connections given to the sorry backend.', 'sorry'],
    ['baton_closing', 'gauge', 'Connections to be closed, since their node is lost.', 'closing'],
    ['baton_closed', 'gauge', 'Connections that were closed for that.', 'closed'],
    ['baton_parked', 'gauge', 'Connections whose program is gone, kept for the next.', 'parked'],
    [
      'baton_parked_resumed',
      'gauge',
      'Of those, the ones that another program has taken, in the present term.',
      'resumed',
    ],
    ['baton_parked_given_up', 'gauge', 'Of those, the ones that waited in vain.', 'givenUp'],
    [
      'baton_readmitted',
      'gauge',
      'Connections of the director before that no program served yet, taken on.',
      'readmitted',
    ],
    ['baton_readmitted_lost', 'gauge', 'The same that could not be taken on.', 'readmitLost'],
  ]
  return rows.map(([name, type, help, field]) => metric(name, type, help, each(field)))
}

/** Of the services that this node directs: connections of programs under their addresses. */
function outwardMetrics({ perService }: LaneReport): Metric[] {
  const made = perService.flatMap(({ service, outward }) =>
    outward === undefined ? [] : [{ labels: { service }, ...outward }],
  )
  const full = made.map(({ labels, fullest }) => ({ labels, value: fullest?.ports ?? 0 }))
  return [
    metric(
      'baton_outward_connections',
      'gauge',
      'Connections of programs that stand.',
      made.map(({ labels, connections }) => ({ labels, value: connections })),
    ),
    metric('baton_outward_ports_used', 'gauge', 'Source ports in use for the fullest destination.', full),
    metric(
      'baton_outward_ports_limit',
      'gauge',
      'As many are given for one destination; then connections are refused.',
      made.map(({ labels, limit }) => ({ labels, value: limit })),
    ),
  ]
}

/** Of services with proxies in front. */
function introductionMetrics({ perService }: LaneReport): Metric[] {
  const rows = perService.flatMap(({ service, introductions: counts }) =>
    counts === undefined || Object.values(counts).every((count) => count === 0) ? [] : [{ service, counts }],
  )
  const outcomes = ['taken', 'malformed', 'late', 'ended'] as const
  const waiting = rows.map(({ service, counts }) => ({ labels: { service }, value: counts.waiting }))
  const samples = rows.flatMap(({ service, counts }) =>
    outcomes.map((outcome) => ({ labels: { service, outcome }, value: counts[outcome] })),
  )
  return [
    metric('baton_proxy_headers_awaited', 'gauge', 'Connections whose PROXY header is still to come.', waiting),
    metric('baton_proxy_headers', 'gauge', 'PROXY headers in the present term, by what they were.', samples),
  ]
}

function revivalMetrics({ counters, perService }: LaneReport): Metric[] {
  const { revived, proven, filled, inputLost, clientGone } = counters
  const verdicts = { proven, filled, reset: inputLost, gone: clientGone }
  const unverified = perService.map(({ service, revivals }) => ({ labels: { service }, value: revivals.unverified }))
  const failed = perService.map(({ service, revivals }) => ({ labels: { service }, value: failuresIn(revivals) }))
  return [
    counter('baton_revivals_total', 'Connections of earlier directors that were rebuilt here.', revived),
    metric(
      'baton_revival_verdicts_total',
      'counter',
      'What became clear of them (docs/handoff.md).',
      VERDICTS.map((verdict) => ({ labels: { verdict }, value: verdicts[verdict] })),
    ),
    metric('baton_revivals_unverified', 'gauge', 'Rebuilt, and not heard of yet.', unverified),
    metric('baton_revivals_failed', 'gauge', 'Known, and not rebuilt, in the present term.', failed),
  ]
}

function failuresIn({ failures }: RevivalReport): number {
  return Object.values(failures).reduce((sum, count) => sum + count, 0)
}

function leaseMetrics(leases: readonly LeaseFacts[]): Metric[] {
  const each = (value: (lease: LeaseFacts) => number): Sample[] =>
    leases.map((lease) => ({ labels: { service: lease.service }, value: value(lease) }))
  const held = leases.filter(({ leftMs }) => leftMs !== undefined)
  return [
    metric(
      'baton_lease_held',
      'gauge',
      '1: this node directs the service.',
      each(({ leftMs }) => (leftMs === undefined ? 0 : 1)),
    ),
    metric(
      'baton_lease_term',
      'gauge',
      'The term in force as this node knows it; 0: nobody directs.',
      each(({ term }) => term),
    ),
    metric(
      'baton_lease_remaining_seconds',
      'gauge',
      'How much longer it lasts unless it is renewed; where this node holds it.',
      held.map(({ service, leftMs = 0 }) => ({ labels: { service }, value: secondsOf(leftMs) })),
    ),
  ]
}

function backendMetric(backends: MetricsFacts['backends']): Metric {
  const samples = backends.map(({ service, node, port, state }) => {
    return { labels: { service, node, port: String(port), state }, value: state === 'healthy' ? 1 : 0 }
  })
  return metric('baton_backend_up', 'gauge', '1: the program takes new connections; its state is a label.', samples)
}

function hostingMetric(hosting: MetricsFacts['hosting']): Metric {
  const samples = hosting.map(({ service, state }) => ({
    labels: { service, state },
    value: state === 'active' ? 1 : 0,
  }))
  return metric(
    'baton_hosting_active',
    'gauge',
    '1: this node runs the service of mode single; its state is a label.',
    samples,
  )
}

/** The last of each service: a measured figure that is old says so by its time. */
function drillMetrics(drills: MetricsFacts['drills']): Metric[] {
  const each = (value: (record: DrillRecordView) => number | null): Sample[] =>
    drills.flatMap(({ service, record }) => {
      const found = value(record)
      return found === null ? [] : [{ labels: { service, fault: record.fault }, value: found }]
    })
  const seconds = (span: Millis | null) => (span === null ? null : secondsOf(span))
  return [
    metric(
      'baton_drill_timestamp_seconds',
      'gauge',
      'When the last drill was, since 1970.',
      each(({ atMs }) => secondsOf(atMs)),
    ),
    metric(
      'baton_drill_dark_seconds',
      'gauge',
      'In the last drill: from the fault until a new connection was accepted.',
      each(({ darkMs }) => seconds(darkMs)),
    ),
    metric(
      'baton_drill_expected',
      'gauge',
      'In the last drill: connections that were expected to live on.',
      each(({ expected }) => expected),
    ),
    metric(
      'baton_drill_revived',
      'gauge',
      'In the last drill: connections that were rebuilt.',
      each(({ revived }) => revived),
    ),
    metric(
      'baton_drill_reset',
      'gauge',
      'In the last drill: of those, the ones that were reset.',
      each(({ reset }) => reset),
    ),
  ]
}

/** To the microsecond: more digits would be noise of the division. */
function secondsOf(span: Millis): number {
  return Math.round(span * 1_000) / 1_000_000
}

function metric(name: string, type: Metric['type'], help: string, samples: readonly Sample[]): Metric {
  return { name, type, help, samples }
}

function counter(name: string, help: string, value: number): Metric {
  return metric(name, 'counter', help, [{ value }])
}

function gauge(name: string, help: string, value: number): Metric {
  return metric(name, 'gauge', help, [{ value }])
}
