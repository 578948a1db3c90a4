/** What a node would measure, with something in each metric. */
import type { MetricsFacts } from '../../src/node/seeing/metrics.js'
import { sumOfCounters } from '../../src/proxy/shared-counters.js'
import { drillRecord } from '../cli/views.js'

const SWARM = { bootstrap: [], nodes: 4, connections: 6, carried: 1, strangers: 5, refused: 7 }

export const FACTS: MetricsFacts = {
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
      accessDropped: 2,
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
  warnings: 2,
  access: { lines: 40, dropped: 3 },
  tally: { acquired: 3, lost: 1, takeovers: 2, moves: { 'handed-over': 1, refused: 0, 'not-here': 0 } },
  leases: [
    { service: 'db', term: 4, leftMs: undefined },
    { service: 'web', term: 7, leftMs: 850 },
  ],
  voters: { all: 3, reachable: 2, quorum: 2 },
  discovery: [
    { way: 'lan', found: 1, state: 'on' },
    { way: 'swarm', found: 2, state: 'on', swarm: SWARM },
  ],
  links: { direct: 3, swarm: 1, noData: 2 },
  members: { alive: 2, suspect: 0, down: 1, left: 0 },
  drills: [{ service: 'web', record: drillRecord }],
}
