/** Fixed answers of a node, for the golden screens and the fake node. */

import type {
  DepartureView,
  ImportView,
  MemberView,
  ServiceDefinitionView,
  ServiceView,
  SplicesView,
  SpliceView,
  StatusView,
  WhyView,
} from '../../src/node/control/control-protocol.js'
import type { DrillPlan, DrillRecordView, DrillReport } from '../../src/node/control/drill-protocol.js'
import { recordOf } from '../../src/node/moves/drill-record.js'
import { CHOOSING_DEFAULTS } from '../../src/proxy/choosing.js'
import { CHECK_DEFAULTS } from '../../src/proxy/service-check.js'
import { HOSTING_DEFAULTS } from '../../src/proxy/service-hosting.js'
import { IDENTITY_DEFAULTS } from '../../src/proxy/service-identity.js'

export const NODES = ['1f0c22ab', '2a93bb01', '3be10c9d'].map((id, i) => ({ id: id.repeat(4), name: `node${i + 1}` }))
const [node1, node2, node3] = NODES as [(typeof NODES)[0], (typeof NODES)[0], (typeof NODES)[0]]

export const member = (i: number, more: Partial<MemberView> = {}): MemberView => ({
  ...(NODES[i] as (typeof NODES)[0]),
  self: i === 0,
  state: 'alive',
  sinceMs: 192_000,
  boot: 4,
  address: `127.0.0.1${i + 1}`,
  voter: true,
  role: 'node',
  drained: false,
  priority: 100,
  link: { state: i === 0 ? 'self' : 'up' },
  listeners: [
    { address: `127.0.0.1${i + 1}`, port: 8080, ...(i === 2 ? {} : { program: { pid: 812 + i, name: 'nginx' } }) },
  ],
  directs: i === 1 ? ['web'] : [],
  ...more,
})

export const ORDINARY_SEAT = { serves: true, priority: 1, weight: 1, state: 'healthy', why: '' } as const

export const definition: ServiceDefinitionView = {
  ...CHOOSING_DEFAULTS,
  name: 'web',
  address: '127.0.0.100',
  ports: '8080',
  own: 'tun',
  hook: '',
  interface: '',
  hide: '',
  reserve: '',
  outward: 0,
  outwardTo: '',
  outAlias: '',
  ...IDENTITY_DEFAULTS,
  proxyProtocol: 'v2',
  local: 'equal',
  connectMs: 3_000,
  idleMs: 0,
  parkMs: 0,
  keepaliveMs: 30_000,
  uploads: 'fast',
  failback: 'off',
  alone: '',
  ...CHECK_DEFAULTS,
  ...HOSTING_DEFAULTS,
}

export const web: ServiceView = {
  definition,
  director: node2,
  term: { number: 7, holder: node2 },
  alone: false,
  serving: 'yes',
  why: 'node2 directs since 3m 12s: it is the first of three candidates',
  backends: NODES.map((node, i) => ({
    node,
    port: 8080,
    address: `127.0.0.1${i + 1}`,
    splices: 30 + i,
    ...ORDINARY_SEAT,
    // The third node cannot tell.
    ...(i === 2 ? {} : { program: { pid: 812 + i, name: 'nginx' } }),
  })),
  choice: { assignments: [] },
  splices: 93,
}

export const undirected: ServiceView = {
  ...web,
  definition: { ...definition, name: 'db', address: '10.0.0.5', ports: '5432,5440-5449' },
  director: null,
  term: null,
  serving: 'no',
  why: 'no node has the address 10.0.0.5',
  problem:
    'node2 cannot listen on 10.0.0.5:5432: EADDRNOTAVAIL; this host does not have the address: add it to an interface (`ip address add ADDRESS dev DEVICE`)',
  backends: [],
  splices: 0,
}

export const healthy: StatusView = {
  node: {
    ...node1,
    boot: 4,
    version: '0.1.0',
    upMs: 192_500,
    gossip: '127.0.0.11:7440',
    control: '127.0.0.11:7440',
    data: '127.0.0.11:7441',
    lanes: { count: 2, engine: 'epoll', why: 'system calls can be made here, and are the fastest' },
    state: 'running',
  },
  electorate: { epoch: 3, voters: NODES, quorum: 2, reachable: 3 },
  members: [member(0), member(1), member(2)],
  services: [web],
  counters: {
    accepted: 12_345,
    active: 93,
    ended: 12_250,
    reset: 2,
    refused: 0,
    retried: 1,
    bytesUp: 1_288_490,
    bytesDown: 3_758_096_384,
    resumed: 4,
    retained: 81_920,
    revived: 40,
    proven: 37,
    filled: 2,
    inputLost: 1,
    clientGone: 0,
    holdsRefused: 0,
    holdsLate: 0,
  },
  discovery: [
    { way: 'lan', found: 2, state: 'on' },
    { way: 'seeds', found: 0, state: 'off', why: 'no --seed is given' },
  ],
  survival: { directed: 90, survivable: 88, mortal: { 'its program is on the director’s own host': 2 } },
  warnings: [],
}

export const broken: StatusView = {
  ...healthy,
  electorate: { epoch: 3, voters: NODES, quorum: 2, reachable: 1, pending: 'adding node4 as a voter' },
  members: [
    member(0),
    member(1, { state: 'suspect', sinceMs: 800, link: { state: 'dialing' }, directs: [] }),
    member(2, {
      state: 'down',
      sinceMs: 95_000,
      link: { state: 'down', why: 'dial 127.0.0.13:7440: connection refused' },
      listeners: [],
    }),
  ],
  services: [
    { ...web, director: null, term: null, serving: 'no', why: 'no majority of voters answers', backends: [] },
    undirected,
  ],
  warnings: [
    'service old cannot be read (ports is missing): upgrade this node, or remove it with `baton service rm old`',
  ],
}

export const longNames: StatusView = {
  ...healthy,
  members: [
    member(0, {
      name: 'a-node-with-a-name-of-some-length.rack-17.example',
      address: '2001:db8:1234:5678:9abc:def0:1234:5678',
      listeners: [80, 443, 5432, 6379, 8080, 8443, 9000, 9090].map((port) => {
        return { address: '::', port, program: { pid: 4_194_304, name: 'evil\u001b[2Jname' } }
      }),
      directs: ['a-service-of-a-length-that-nobody-would-type', 'another'],
    }),
    // A name that would clear the screen of who looks.
    member(1, { name: 'evil\u001b[2J\u202enode' }),
  ],
  services: [
    {
      ...web,
      definition: {
        ...definition,
        name: 'a-service-of-a-length-that-nobody-would-type',
        address: '2001:db8:1234:5678:9abc:def0:1234:5678',
        ports: '80,443,8000-8010,9000',
      },
    },
  ],
}

export const fresh: StatusView = {
  ...healthy,
  members: [member(0)],
  services: [],
  electorate: { epoch: 1, voters: [node1], quorum: 1, reachable: 1 },
}

const splice = (counter: number, more: Partial<SpliceView> = {}): SpliceView => ({
  id: `2a93bb01-4-${counter}`,
  service: 'web',
  here: 'client',
  state: 'open',
  director: node2,
  backend: node3,
  term: 7,
  client: { from: `10.0.0.9:${50_000 + counter}`, to: '127.0.0.100:8080' },
  server: { from: `127.0.0.1:${40_000 + counter}`, to: '127.0.0.13:8080' },
  ageMs: 1_000 * counter,
  idleMs: 400,
  bytesUp: 1_234,
  bytesDown: 3_456_789,
  mortal: '',
  ...more,
})

export const splices: SplicesView = {
  splices: [
    splice(3),
    splice(192, { state: 'half-closed', idleMs: 12_000 }),
    ...(['dialing', 'parked'] as const).map((state, i) => {
      const nobody = { backend: null, server: null, bytesUp: 0, bytesDown: 0, mortal: 'no program serves it yet' }
      return splice(1 + i, { ...nobody, state })
    }),
  ],
  total: 6,
  survival: { directed: 6, survivable: 4, mortal: { 'no program serves it yet': 2 } },
}

export const uploading: SplicesView = {
  ...splices,
  splices: [
    splice(3, { unheld: '' }),
    splice(192, { unheld: 'as many as there is room for are held already' }),
    splice(1),
  ],
}

export const why: WhyView = {
  service: 'web',
  director: node2,
  term: { number: 7, holder: node2 },
  sinceMs: 192_000,
  sentences: [
    'node2 directs web in term 7 since 3m 12s.',
    'It took over because the lease of node3 ran out, and it is the first in the order of preference among the nodes that could.',
    'It is served by nginx (812) on port 8080 of node1 and an unknown program on port 8080 of node3.',
  ],
  candidates: [
    { ...node2, rank: 1, eligible: true, note: 'directs now' },
    { ...node1, rank: 2, eligible: true, note: 'stands by' },
    {
      ...node3,
      rank: 3,
      eligible: false,
      note: 'down for 1m 35s; a node that is down is not asked, and its grant of term 6 has run out',
    },
  ],
  votes: [
    { voter: node1, answer: 'granted to node2' },
    { voter: node2, answer: 'granted to node2' },
    { voter: node3, answer: 'unreachable' },
  ],
}

export const imported: ImportView = {
  changes: [
    {
      service: 'db',
      change: 'added',
      fields: [
        { field: 'address', from: null, to: '10.0.0.101' },
        { field: 'ports', from: null, to: '5432,5440-5449' },
        { field: 'alone', from: null, to: 'node1' },
      ],
    },
    {
      service: 'web',
      change: 'changed',
      fields: [
        { field: 'ports', from: '8080', to: '80,443,8000-8010,9000' },
        { field: 'idleMs', from: 300_000, to: 0 },
        { field: 'alone', from: 'node1', to: '' },
      ],
    },
    { service: 'mail', change: 'unchanged', fields: [] },
    { service: 'a-service-of-a-length-that-nobody-would-type', change: 'removed', fields: [] },
    { service: 'old', change: 'kept', fields: [] },
  ],
  problems: [],
  applied: false,
}

/** Everything that can be wrong with a file, once. */
export const FAULTY_FILE = `bnd: 10.0.0.1
bind: 0.0.0.0
seed: [10.0.0.2, "a b"]
data-port: 7440
gossip-port: many
profile: lam
prune: perhaps
services:
  web:
    adress: 10.0.0.100
    ports: 80,443
    idle-timeout: 5
  db:
    address: 10.0.0.100
    ports: 443
    connect-timeout: 1ms
  web:
    ports: 1
  Mail: { address: 10.0.0.1, ports: }
  www:
    address: 10.0.0.100
    ports: 400-450
`

/** Two nodes and a witness of old; one of the two directs without a majority. */
export const alone: StatusView = {
  ...healthy,
  electorate: { epoch: 5, voters: NODES.slice(0, 2), quorum: 2, reachable: 1 },
  members: [
    member(0),
    member(1, { state: 'down', sinceMs: 65_000, link: { state: 'down', why: 'connection failed: ECONNREFUSED' } }),
    member(2, { role: 'witness', voter: false, listeners: [], directs: [] }),
  ],
  services: [
    {
      ...web,
      definition: { ...definition, alone: 'node1' },
      director: node1,
      term: { number: 8, holder: node1 },
      alone: true,
      why: 'node1 directs alone in term 8, for 1m 5s, without a majority: the service names it for that, and the other of two voters is gone.',
      backends: web.backends.slice(0, 1),
    },
  ],
}

export const departed: DepartureView = { gone: [node3], epoch: 6, voters: [node1, node2] }

export const drillPlan: DrillPlan = {
  service: 'web',
  fault: 'kill',
  director: node2,
  term: 7,
  by: node1,
  next: node3,
  alone: false,
  votersLeft: 2,
  quorum: 2,
  connections: {
    directed: 93,
    expected: 90,
    local: 2,
    mortal: { 'no program serves it yet': 1 },
  },
  also: [{ service: 'db', directed: 12, expected: 12, local: 0, mortal: {} }],
  forOthers: 4,
  supervised: false,
  pauseMs: 2_500,
}

export const drillReport: DrillReport = {
  ...drillPlan,
  atMs: 1_700_000_000_000,
  to: node3,
  toTerm: 8,
  verdicts: {
    revived: 88,
    proven: 85,
    filled: 1,
    reset: 1,
    gone: 0,
    unverified: 1,
    failures: { 'the address and port are in use (EADDRINUSE)': 1 },
  },
  after: 95,
  servingMs: 139.6,
  darkMs: 131.2,
  darkWhy: '',
  back: false,
}

export const drillRecord: DrillRecordView = recordOf(drillReport)
