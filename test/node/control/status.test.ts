import {
  countersView,
  definitionView,
  type MemberFacts,
  memberView,
  Names,
  type ServiceFacts,
  serviceView,
  spliceView,
} from '../../../src/node/control/status.js'
import type { Serving } from '../../../src/node/node-facts.js'
import type { LaneReport, SpliceReport } from '../../../src/proxy/lane-report.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B, C, member, service } from '../sample.js'

const test = suite('node/control/status')
const NAMES = new Names([member(A), member(B)])
const NOW = 10_000
const WEB = service('web', 80)
const COUNTERS = {
  dialled: 0,
  undialled: 0,
  accepted: 9,
  ended: 1,
  reset: 2,
  refused: 3,
  retried: 4,
  bytesUp: 5,
  bytesDown: 6,
  incidents: 7,
  resumed: 0,
  retained: 0,
  revived: 0,
  proven: 0,
  filled: 0,
  inputLost: 0,
  clientGone: 0,
  holdsRefused: 0,
  holdsLate: 0,
  accessDropped: 0,
}

function report(more: Partial<LaneReport> = {}): LaneReport {
  const survival = { directed: 0, survivable: 0, mortal: {} }
  return {
    counters: COUNTERS,
    active: 8,
    total: 0,
    ...survival,
    splices: [],
    perBackend: [],
    perService: [],
    forOthers: 0,
    doors: [],
    ...more,
  }
}

function memberFacts(more: Partial<MemberFacts> = {}): MemberFacts {
  return {
    self: A,
    now: NOW,
    names: NAMES,
    voters: new Set([B]),
    servicePorts: (port) => port === 80,
    listenersOf: () => [22, 80].map((port) => ({ address: '0.0.0.0', port })),
    linkOf: () => ({ state: 'up' }),
    directs: (node) => (node === B ? ['web'] : []),
    releaseOf: () => undefined,
    ...more,
  }
}

const HEALTHY = { state: 'healthy', why: '' } as const

function serviceFacts(more: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    names: NAMES,
    term: { number: 3, holder: B },
    alone: false,
    why: 'because',
    backends: [],
    report: report(),
    serving: undefined,
    drill: undefined,
    problem: undefined,
    here: undefined,
    choice: { assignments: [] },
    seatOf: () => ({ serves: true, priority: 1, weight: 1 }),
    ...more,
  }
}

test('a node that gossip has not told of yet is shown by its short id', () => {
  assert.equal(NAMES.ref(B), { id: B, name: 'node-b' })
  assert.equal(NAMES.ref(C), { id: C, name: 'cccccccc' })
})

test('a member: its listeners on ports of services only, its link as this node has it, its time in the state', () => {
  const { name, self, sinceMs, voter, link, listeners, directs } = memberView(
    member(B, 'suspect', 4_000),
    memberFacts(),
  )
  assert.equal([name, self, sinceMs, voter, directs], ['node-b', false, 6_000, true, ['web']])
  assert.equal(link, { state: 'up' })
  assert.equal(listeners, [{ address: '0.0.0.0', port: 80 }])
})

test('this node has no link to itself, and no state lasts less than no time', () => {
  const { self, link, voter, sinceMs } = memberView(member(A, 'alive', NOW + 1), memberFacts())
  assert.equal([self, link, voter, sinceMs], [true, { state: 'self' }, false, 0])
})

test('a service is served when its director says so in the very term in force', () => {
  const said = (term: number, state: Serving['state']): Serving => ({ service: 'web', term, state, problem: '' })
  const servingOf = (serving: Serving | undefined) => serviceView(WEB, serviceFacts({ serving })).serving
  assert.equal(
    [
      servingOf(said(3, 'serving')),
      servingOf(said(3, 'starting')),
      servingOf(said(2, 'serving')),
      servingOf(undefined),
    ],
    ['yes', 'no', 'unknown', 'unknown'],
  )
  const none = serviceView(WEB, serviceFacts({ term: undefined, serving: said(3, 'serving') }))
  assert.equal([none.serving, none.director, none.term], ['no', null, null])
})

test('what keeps others from directing is no problem while somebody serves', () => {
  const problem = 'node-a cannot listen'
  const serving: Serving = { service: 'web', term: 3, state: 'serving', problem: '' }
  assert.not('problem' in serviceView(WEB, serviceFacts({ serving, problem })))
  assert.is(serviceView(WEB, serviceFacts({ problem })).problem, problem)
  const disputed = 'node-b has it, and another claims it too'
  assert.is(serviceView(WEB, serviceFacts({ serving: { ...serving, problem: disputed }, problem })).problem, disputed)
})

test('splices are counted for the service and for each backend; one that listens no more still counts', () => {
  const perBackend = [
    { service: 'web', node: A, splices: 2 },
    { service: 'web', node: C, splices: 3 },
    { service: 'mail', node: A, splices: 50 },
  ]
  const one = { name: '', address: '10.0.0.10', port: 80, local: false }
  const program = { pid: 812, name: 'nginx' }
  const backends = [
    { ...one, ...HEALTHY, node: A, program },
    { ...one, ...HEALTHY, node: B },
  ]
  const view = serviceView(WEB, serviceFacts({ backends, report: report({ perBackend }) }))
  assert.is(view.splices, 5)
  assert.equal(
    view.backends.map(({ node, splices, program: of }) => [node.name, splices, of]),
    [
      ['node-a', 2, program],
      ['node-b', 0, undefined],
    ],
  )
})

test('a definition is shown in the words of the command line', () => {
  const ports = [
    { first: 80, last: 80 },
    { first: 90, last: 99 },
  ]
  assert.is(definitionView({ ...WEB, ports }).ports, '80,90-99')
})

test('counters: active ones are those of now, incidents are for the log, lines of another log for its metric', () => {
  const { incidents: _, accessDropped: __, ...counters } = COUNTERS
  assert.equal(countersView(report()), { ...counters, active: 8 })
})

test('a splice before its backend stands has neither backend nor server', () => {
  const dialing: SpliceReport = {
    id: 'x',
    service: 'web',
    here: 'client',
    direction: 'in',
    state: 'dialing',
    term: { number: 3, holder: B },
    director: B,
    backend: undefined,
    client: { address: '2001:db8::1', port: 5_000 },
    destination: { address: '10.0.0.100', port: 80 },
    server: undefined,
    startedAt: NOW - 500,
    activeAt: NOW + 1,
    bytesUp: 1,
    bytesDown: 2,
    mortal: 'no program serves it yet',
  }
  const view = spliceView(dialing, NAMES, NOW)
  assert.equal([view.backend, view.server, view.ageMs, view.idleMs], [null, null, 500, 0])
  assert.equal(view.client, { from: '[2001:db8::1]:5000', to: '10.0.0.100:80' })
  const server = { from: { address: '10.0.0.10', port: 1 }, to: { address: '10.0.0.10', port: 80 } }
  const open = spliceView({ ...dialing, backend: A, server }, NAMES, NOW)
  assert.equal([open.backend?.name, open.server], ['node-a', { from: '10.0.0.10:1', to: '10.0.0.10:80' }])
})

test.run()
