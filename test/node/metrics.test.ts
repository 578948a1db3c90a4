import { readFileSync } from 'node:fs'
import { exposition } from '../../src/node/exposition.js'
import { type MetricsFacts, metricsOf } from '../../src/node/metrics.js'
import { sumOfCounters } from '../../src/proxy/shared-counters.js'
import { drillRecord } from '../cli/views.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('node/metrics')
const DOCUMENT = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')

const SWARM = { bootstrap: [], nodes: 4, connections: 6, carried: 1, strangers: 5, refused: 7 }

const FACTS: MetricsFacts = {
  version: '0.1.0',
  upMs: 61_500,
  lanes: 2,
  drained: false,
  hosting: [{ service: 'db', state: 'active' }],
  backends: [
    { service: 'web', node: 'node-a', port: 80, state: 'healthy' },
    { service: 'web', node: 'node-b', port: 80, state: 'unhealthy' },
  ],
  report: {
    counters: {
      ...sumOfCounters([]),
      accepted: 12,
      bytesUp: 1_000,
      bytesDown: 2_000,
      revived: 5,
      proven: 4,
      inputLost: 1,
      holdsRefused: 7,
      holdsLate: 6,
    },
    active: 9,
    total: 0,
    directed: 8,
    survivable: 6,
    mortal: {},
    splices: [],
    perBackend: [],
    perService: [
      {
        service: 'web',
        directed: 8,
        survivable: 6,
        mortal: { 'no program serves it yet': 2 },
        revivals: { revived: 5, proven: 4, filled: 0, reset: 1, gone: 0, unverified: 3, failures: { EADDRINUSE: 2 } },
        uploads: { held: 5, unheld: { 'no room': 3 } },
      },
    ],
    doors: [],
    forOthers: 1,
  },
  tally: { acquired: 3, lost: 1, takeovers: 2, moves: { 'handed-over': 1, refused: 0, 'not-here': 0 } },
  leases: [
    { service: 'db', term: 4, leftMs: undefined },
    { service: 'web', term: 7, leftMs: 850 },
  ],
  voters: { all: 3, reachable: 2, quorum: 2 },
  members: { alive: 2, suspect: 0, down: 1, left: 0 },
  discovery: [
    { way: 'lan', found: 1, state: 'on' },
    { way: 'swarm', found: 2, state: 'on', swarm: SWARM },
  ],
  links: { direct: 3, swarm: 1, noData: 2 },
  drills: [{ service: 'web', record: drillRecord }],
}

test('figures stand under their names and labels', () => {
  const lines = new Set(exposition(metricsOf(FACTS)).split('\n'))
  for (const line of [
    'baton_build_info{version="0.1.0"} 1',
    'baton_uptime_seconds 61.5',
    'baton_connections_accepted_total 12',
    'baton_bytes_total{direction="down"} 2000',
    'baton_splices_directed{service="web"} 8',
    'baton_splices_survivable{service="web"} 6',
    'baton_splices_mortal{service="web",reason="no program serves it yet"} 2',
    'baton_splices_for_others 1',
    'baton_revivals_total 5',
    'baton_uploads_held{service="web"} 5',
    'baton_uploads_unheld{service="web",reason="no room"} 3',
    'baton_uploads_refused_total 7',
    'baton_uploads_late_total 6',
    'baton_revival_verdicts_total{verdict="reset"} 1',
    'baton_revivals_unverified{service="web"} 3',
    'baton_revivals_failed{service="web"} 2',
    'baton_lease_held{service="db"} 0',
    'baton_lease_held{service="web"} 1',
    'baton_lease_remaining_seconds{service="web"} 0.85',
    'baton_takeovers_total 2',
    'baton_moves_total{outcome="handed-over"} 1',
    'baton_members{state="down"} 1',
    'baton_drill_dark_seconds{service="web",fault="kill"} 0.1312',
  ])
    assert.ok(lines.has(line), line)
})

test('names follow the conventions: a counter ends in _total, units are base units, nothing twice', () => {
  const metrics = metricsOf(FACTS)
  assert.is(new Set(metrics.map(({ name }) => name)).size, metrics.length)
  for (const { name, type, help, samples } of metrics) {
    assert.match(name, /^baton_[a-z_]+$/)
    assert.is(name.endsWith('_total'), type === 'counter', name)
    assert.not.match(name, /_(ms|millis|milliseconds|kib)\b/)
    assert.ok(help.endsWith('.'), `${name}: ${help}`)
    const series = samples.map(({ labels }) => JSON.stringify(labels ?? {}))
    assert.is(new Set(series).size, series.length, name)
  }
})

test('each is in docs/metrics.md, and nothing else is', () => {
  const documented = [...DOCUMENT.matchAll(/^\| `(baton_[a-z_]+)/gm)].map(([, name]) => name ?? '')
  assert.equal(
    documented.sort(),
    metricsOf(FACTS)
      .map(({ name }) => name)
      .sort(),
  )
})

test.run()
