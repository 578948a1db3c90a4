import { examine, type HostFacts, isFit } from '../../../src/node/doctor/doctor.js'
import { card } from '../../address/cards.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/doctor/doctor')
const eth = (index: number, subnet: string) => ({ ...card(index, [subnet]), arpAnnounce: 0, rpFilter: 0 })

const WELL: HostFacts = {
  kernel: 'Linux 6.18 x64',
  user: 'root',
  capabilities: ['NET_ADMIN', 'NET_RAW', 'BPF', 'NET_BIND_SERVICE'],
  isUserNamespace: false,
  native: { koffi: '', sodium: '', udx: '' },
  engine: { name: 'epoll', why: '' },
  device: '',
  wire: '',
  silence: { type: 'silent' },
  anyPort: '',
  leaseGate: { by: 'tcx' },
  repair: '',
  sources: '',
  steering: { cgroups: '', runAs: '', outAlias: '' },
  sourcePorts: 28_232,
  socketTable: { name: 'sock_diag' },
  processes: { open: 200, tried: 200, isHidden: false },
  firstFreePort: 1_024,
  openFiles: 1_048_576,
  somaxconn: 4_096,
  nonlocalBind: false,
  forwards: false,
  tracksConnections: false,
  interfaces: [eth(1, '10.0.0.1/24')],
}

/** What is not well, by id. */
const ids = (facts: Partial<HostFacts>) => {
  const findings = examine({ ...WELL, ...facts })
  return findings.flatMap(({ id, level }) => (level === 'ok' ? [] : [`${id} ${level}`]))
}

test('where acknowledgements cannot be held back, that is said', () => {
  const found = (by: string) => examine({ ...WELL, leaseGate: { by } }).find(({ id }) => id === 'lease-gate')?.found
  assert.not.match(found('tcx') ?? '', /survive/)
  assert.match(found('clsact') ?? '', /--uploads survive/)
})

test('a user who may not make cgroups is led by those that baton run makes', () => {
  const findings = examine({ ...WELL, steering: { cgroups: 'EACCES', runAs: '', outAlias: '' } })
  const runAs = findings.find(({ id }) => id === 'run-as')
  assert.is(runAs?.level, 'ok')
  assert.match(runAs?.found ?? '', /`baton run`, as root, makes it/)
})

test('how many connections to one destination there can be is told, where they are few', () => {
  const ports = examine({ ...WELL, sourcePorts: 100 }).find(({ id }) => id === 'source-ports')
  assert.match(ports?.without ?? '', /at most 90 connections to one destination/)
})

test('a host that has everything has nothing to be told', () => {
  assert.equal(ids({}), [])
  assert.ok(isFit(examine(WELL)))
})

test('each thing that is not there is told of once, with what goes without it and how to get it', () => {
  const lacks: readonly (readonly [Partial<HostFacts>, string])[] = [
    [{ engine: { name: 'net', why: 'musl' } }, 'engine degraded'],
    [{ openFiles: 1_024 }, 'open-files note'],
    [{ capabilities: [] }, 'low-ports degraded'],
    [{ device: 'EPERM' }, 'device missing'],
    [{ wire: 'EPERM' }, 'wire missing'],
    [{ silence: { type: 'untested', why: 'EPERM' } }, 'silence note'],
    [{ silence: { type: 'heard', why: 'told 8' } }, 'silence degraded'],
    [{ interfaces: [] }, 'lan degraded'],
    [{ leaseGate: { why: 'old' } }, 'lease-gate degraded'],
    [{ steering: { why: 'no cgroup2' } }, 'run-as note,out-alias note'],
    [{ steering: { cgroups: '', runAs: 'EPERM', outAlias: 'EPERM' } }, 'run-as note,out-alias note'],
    [{ steering: { cgroups: '', runAs: '', outAlias: 'Linux 5.14' } }, 'out-alias note'],
    [{ steering: { cgroups: 'EROFS', runAs: '', outAlias: '' } }, 'run-as note'],
    [{ sourcePorts: 100 }, 'source-ports note'],
    [{ anyPort: 'old' }, 'any-port degraded,tcp-repair degraded'],
    [{ socketTable: { why: 'no' } }, 'socket-table degraded'],
    [{ processes: { open: 3, tried: 200, isHidden: false } }, 'programs note'],
    [{ processes: { open: 3, tried: 3, isHidden: true } }, 'programs note'],
    [{ repair: 'EPERM' }, 'tcp-repair degraded'],
    [{ nonlocalBind: true }, 'nonlocal-bind note'],
    [{ forwards: true }, 'forwards note'],
    [{ tracksConnections: true }, 'conntrack note'],
    [{ somaxconn: 128 }, 'somaxconn note'],
    [{ interfaces: [{ ...eth(1, '10.0.0.1/24'), ignoresArp: true }] }, 'arp-ignore/eth1 note'],
    [{ interfaces: [{ ...eth(1, '10.0.0.1/24'), rpFilter: 1 }] }, 'rp-filter/eth1 note'],
    [{ interfaces: [eth(1, '10.0.0.1/24'), eth(2, '10.0.0.2/24')] }, 'one-lan/eth1+eth2 note'],
  ]
  assert.equal(ids({ interfaces: [eth(1, '10.0.0.5/25'), eth(2, '10.0.0.200/25')] }), ids({}), 'two halves of a subnet')
  for (const [facts, expected] of lacks) {
    assert.equal(ids(facts).join(), expected)
    const finding = examine({ ...WELL, ...facts }).find(({ level }) => level !== 'ok')
    assert.ok((finding?.without ?? '') !== '', expected)
  }
})

test('only what owned addresses need makes a host unfit', () => {
  for (const facts of [{ device: 'EPERM' }, { wire: 'EPERM' }]) assert.not(isFit(examine({ ...WELL, ...facts })))
  for (const facts of [{ anyPort: 'old' }, { repair: 'EPERM' }, { leaseGate: { why: 'old' } }]) {
    assert.ok(isFit(examine({ ...WELL, ...facts })))
  }
})

test('cards are in one subnet by its whole prefix', () => {
  const twins = (...subnets: string[]) => ids({ interfaces: subnets.map((subnet, i) => eth(i + 1, subnet)) })
  assert.equal(twins('10.0.0.1/20', '10.0.16.1/20'), [])
  assert.equal(twins('10.0.0.1/20', '10.0.15.1/20'), ['one-lan/eth1+eth2 note'])
})

test('ports from 0 on are free where the host says so', () => {
  assert.equal(ids({ capabilities: [], firstFreePort: 0 }), [])
})

test.run()
