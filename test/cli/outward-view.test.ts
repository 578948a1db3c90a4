import { BatonError } from '../../src/base/errors.js'
import { plain } from '../../src/cli/colour.js'
import { outwardSettings } from '../../src/cli/outward-view.js'
import { steeredCgroup } from '../../src/cli/run-as.js'
import { renderSplices } from '../../src/cli/splices-view.js'
import type { ServiceView } from '../../src/node/control/control-protocol.js'
import { assert, suite } from '../harness/suite.js'
import { web } from './views.js'

const test = suite('cli/outward-view')
const OPEN = { door: '', cgroup: '/sys/fs/cgroup/baton-1/web', whyNot: '', whyNoAlias: '' }

function view(settings: Partial<ServiceView['definition']>, outward: ServiceView['outward'] = OPEN) {
  return { definition: { ...web.definition, ...settings }, outward }
}

const texts = (seen: ReturnType<typeof view>) =>
  outwardSettings(seen).map(([name, cell]) => [name, typeof cell === 'string' ? cell : cell.text])

test('a service without it has no rows', () => {
  assert.equal(outwardSettings({ definition: web.definition }), [])
})

test('door, rules, and what has been made', () => {
  const directed = { connections: 2, dialling: 1, limit: 25_408, fullest: { to: '192.0.2.7:443', ports: 2 } }
  assert.equal(texts(view({ outward: 1_080, outwardTo: 'any:443,192.0.2.7', outAlias: '25' }, { ...OPEN, directed })), [
    ['outward', 'port 1080 of each node’s loopback address, SOCKS 5 and HTTP CONNECT'],
    ['outward to', 'any:443, 192.0.2.7'],
    ['out alias', `connections to port 25 leave as ${web.definition.address}`],
    ['made here', '2 connections, 1 begun; most to 192.0.2.7:443, which take 2 of 25,408 source ports'],
  ])
})

test('several lanes at the door are told of', () => {
  const [row] = texts(view({ outward: 1_080, outwardTo: 'any' }, { ...OPEN, lanes: 2 }))
  assert.match(String(row?.[1]), /CONNECT, by 2 lanes$/)
})

test('what cannot be had on this node is said', () => {
  const shut = {
    door: 'cannot listen on 127.0.0.1:1080: EADDRINUSE',
    cgroup: '',
    whyNot: 'no BPF',
    whyNoAlias: 'no BPF',
  }
  const rows = texts(view({ outward: 1_080, outAlias: '25' }, shut))
  assert.match(rows[0]?.[1] ?? '', /not on this node: cannot listen .* EADDRINUSE$/)
  assert.equal(rows.slice(1), [
    ['outward to', 'nowhere: name destinations'],
    ['baton run', 'not on this node: no BPF'],
    ['out alias', `connections to port 25 leave as ${web.definition.address}; not on this node: no BPF`],
  ])
})

test('baton run: the cgroup, or why there is none and what else there is', () => {
  assert.is(steeredCgroup(view({ outward: 1_080 })), OPEN.cgroup)
  const failure = (seen: Parameters<typeof steeredCgroup>[0]) => {
    try {
      steeredCgroup(seen)
    } catch (error) {
      if (error instanceof BatonError) return `${error.code}: ${error.message}; ${error.hint}`
    }
    return ''
  }
  assert.match(failure({ definition: web.definition }), /^ERR_RUN_AS: service web makes no connections.*--outward 1080/)
  const forbidden = { ...OPEN, whyNot: 'the process lacks CAP_BPF' }
  assert.match(failure(view({ outward: 1_080 }, forbidden)), /lacks CAP_BPF; .*ALL_PROXY=socks5h:\/\/127.0.0.1:1080$/)
  assert.match(failure(view({ outAlias: '25' }, forbidden)), /lacks CAP_BPF; give it a port/)
})

test('where a program has connected to has an arrow before it', () => {
  const splice = {
    id: 'aaaaaaaa-1-1',
    service: 'web',
    direction: 'out',
    here: 'backend',
    state: 'open',
    director: web.backends[0]?.node ?? { id: 'a', name: 'a' },
    backend: { id: 'b', name: 'b' },
    term: 1,
    client: { from: '192.0.2.7:443', to: '10.0.0.100:40000' },
    server: { from: '127.0.0.1:1080', to: '127.0.0.1:50000' },
    ageMs: 1_000,
    idleMs: 0,
    bytesUp: 1,
    bytesDown: 2,
    mortal: '',
  } as const
  const survival = { directed: 0, survivable: 0, mortal: {} }
  const shown = (direction: 'in' | 'out') =>
    renderSplices({ splices: [{ ...splice, direction }], total: 1, survival }, { width: 200, paint: plain })
  assert.match(shown('out'), / → 192\.0\.2\.7:443 /)
  assert.not.match(shown('in'), /→/)
})

test.run()
