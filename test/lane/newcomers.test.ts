/** Connections of proxies in front, at a lane without a kernel: the test is the proxy, the clock and the program. */
import type { Rebuilder } from '../../src/lane/frozen-socket.js'
import { INTRODUCTION_MS_MAX } from '../../src/lane/newcomers.js'
import type { ServiceReport, SpliceReport } from '../../src/proxy/lane-report.js'
import { findTlv, TLV, tlvText } from '../../src/proxy/proxy-protocol/tlv.js'
import { decodeProxyV2, encodeProxyV2 } from '../../src/proxy/proxy-protocol/v2.js'
import { assert, suite } from '../harness/suite.js'
import { type ClientSocket, DirectingLane } from './directing-lane.js'
import { A, bytesOf, textOf } from './link-under-test.js'

const test = suite('lane/newcomers')

/** That of FakeSocket. */
const PROXY = '192.0.2.20'
const SOURCE = { address: '198.51.100.7', port: 51_000 }
const DESTINATION = { address: '203.0.113.9', port: 443 }
const LINE = `PROXY TCP4 ${SOURCE.address} ${DESTINATION.address} ${SOURCE.port} ${DESTINATION.port}\r\n`
const V2 = encodeProxyV2({
  command: 'proxy',
  transport: 'stream',
  source: SOURCE,
  destination: DESTINATION,
  tlvs: [
    { type: TLV.authority, value: bytesOf('shop.example') },
    { type: TLV.uniqueId, value: bytesOf('front-1') },
  ],
})

function lane(settings = {}, rebuilder?: Rebuilder) {
  return new DirectingLane(0, rebuilder, { acceptProxy: `${PROXY}/32`, ...settings })
}

function reportOf(room: DirectingLane): { splices: readonly SpliceReport[]; service: ServiceReport } {
  room.lane.receive({ type: 'query', query: 1, limit: 10 })
  const answer = room.heard.at(-1)
  if (answer?.type !== 'answer') throw new Error('no answer')
  const [service] = answer.report.perService
  if (service === undefined) throw new Error('no service')
  return { splices: answer.report.splices, service }
}

const countsOf = (room: DirectingLane) => reportOf(room).service.introductions

/** What the program has got, once it has accepted. */
function toProgram(room: DirectingLane): string {
  room.openLast()
  return textOf(room.lastProgram?.delivered ?? [])
}

test('no node is asked before the header is whole, and then the program gets what came after it', () => {
  const room = lane()
  const client = room.accept()
  for (const byte of bytesOf(LINE.slice(0, -1))) client.say(Uint8Array.of(byte))
  assert.is(room.lastProgram, undefined)
  assert.equal(countsOf(room), { waiting: 1, taken: 0, malformed: 0, late: 0, ended: 0 })
  client.say(bytesOf(`${LINE.slice(-1)}first`))
  assert.ok(client.paused, 'what follows waits in the kernel until a program stands')
  assert.is(toProgram(room), 'first')
  client.say(bytesOf(' and second'))
  assert.is(toProgram(room), 'first and second')
  const { splices, service } = reportOf(room)
  assert.equal([splices[0]?.client, splices[0]?.via?.address], [SOURCE, PROXY])
  assert.is(splices[0]?.bytesUp, 'first and second'.length)
  assert.equal(service.introductions, { waiting: 0, taken: 1, malformed: 0, late: 0, ended: 0 })
})

test('whichever way header and bytes are cut, the program gets the same', () => {
  const whole = [...bytesOf(LINE), ...bytesOf('hello')]
  for (let cut = 1; cut < whole.length; cut++) {
    const room = lane()
    const client = room.accept()
    client.say(Uint8Array.from(whole.slice(0, cut)))
    if (cut >= LINE.length) room.openLast()
    client.say(Uint8Array.from(whole.slice(cut)))
    assert.is(toProgram(room), 'hello', `cut at ${cut}`)
  }
})

test('what is passed on has the client, the TLVs of the proxy, and our own', () => {
  const room = lane({ proxyProtocol: 'v2' })
  room.accept().say(V2)
  room.openLast()
  const decoded = decodeProxyV2(Uint8Array.from(room.lastProgram?.delivered ?? []))
  if (decoded.type !== 'header' || decoded.header.source === undefined) throw new Error(decoded.type)
  const { source, destination, tlvs } = decoded.header
  assert.equal([source, destination], [SOURCE, DESTINATION])
  const texts = [TLV.authority, TLV.uniqueId, TLV.service, TLV.node].map((type) => tlvText(tlvs, type))
  assert.equal(texts, ['shop.example', 'front-1', 'web', 'a'])
  assert.match(tlvText(tlvs, TLV.splice) ?? '', /-1-1$/)
  assert.is(findTlv(tlvs, TLV.since)?.byteLength, 4)
})

test('version 1 in and out', () => {
  const room = lane({ proxyProtocol: 'v1' })
  room.accept().say(bytesOf(`${LINE}hi`))
  assert.is(toProgram(room), `${LINE}hi`)
})

test('a check of the proxy itself, and a client that it cannot name, have the addresses of the connection', () => {
  const own = `PROXY TCP4 ${PROXY} 192.0.2.10 40000 80\r\n`
  for (const bytes of [encodeProxyV2({ command: 'local' }), bytesOf('PROXY UNKNOWN\r\n')]) {
    const room = lane({ proxyProtocol: 'v1' })
    room.accept().say(bytes)
    assert.is(toProgram(room), own)
    assert.is(reportOf(room).splices[0]?.via, undefined)
  }
})

test('a header in front of a larger one is passed on whole, beyond what we would send ourselves', () => {
  const value = new Uint8Array(600).fill(7)
  const header = { command: 'proxy', transport: 'stream', source: SOURCE, destination: DESTINATION } as const
  const front = encodeProxyV2({ ...header, tlvs: [{ type: TLV.ssl, value }] }, 4_096)
  const room = lane({ proxyProtocol: 'v2' })
  room.accept().say(front)
  room.openLast()
  const decoded = decodeProxyV2(Uint8Array.from(room.lastProgram?.delivered ?? []))
  if (decoded.type !== 'header' || decoded.header.source === undefined) throw new Error(decoded.type)
  assert.equal(findTlv(decoded.header.tlvs, TLV.ssl), value)
  assert.ok(decoded.bytesUsed <= front.byteLength + 7)
})

const REFUSED: readonly [what: string, act: (client: ClientSocket, room: DirectingLane) => void, why: string][] = [
  ['says something else', (client) => client.say(bytesOf('GET / HTTP/1.0\r\n')), 'malformed'],
  ['speaks of datagrams', (client) => client.say(datagrams()), 'malformed'],
  ['ends before', (client) => client.sayEnd(), 'ended'],
  ['resets before', (client) => client.close('reset'), 'ended'],
  [
    'takes too long',
    (client, room) => {
      client.say(bytesOf(LINE.slice(0, -1)))
      room.now += INTRODUCTION_MS_MAX - 1
      room.lane.sweep(room.now)
      assert.is(client.resets, 0)
      room.now += 1
      room.lane.sweep(room.now)
    },
    'late',
  ],
]

for (const [what, act, why] of REFUSED) {
  test(`a connection that ${what} is reset and counted, and its later words are nobody's`, () => {
    const room = lane()
    const client = room.accept()
    act(client, room)
    assert.ok(client.resets > 0)
    assert.equal(countsOf(room), { waiting: 0, taken: 0, malformed: 0, late: 0, ended: 0, [why]: 1 })
    client.say(bytesOf(LINE))
    assert.equal([room.lastProgram, countsOf(room)?.taken], [undefined, 0])
    const told = room.heard.filter((message) => message.type === 'log' && message.event === 'not-introduced')
    assert.equal(
      told.map((message) => message.type === 'log' && message.fields['why']),
      [why],
    )
  })
}

test('from others none is looked for: their bytes are the client’s own', () => {
  const room = lane({ acceptProxy: '192.0.2.21/32,2001:db8::/32' })
  room.accept().say(bytesOf(LINE))
  assert.is(toProgram(room), LINE)
})

test('a director that stops ends them', () => {
  const room = lane()
  const client = room.accept()
  room.lane.receive({ type: 'undirect', service: 'web', slot: 0, why: 'lease-lost' })
  assert.is(client.resets, 1)
})

test('a move waits a moment for a header that is on its way, and not for one that does not come', () => {
  const room = lane()
  room.accept()
  const isQuiet = () => {
    for (const task of room.soon.splice(0)) task()
    return room.heard.some(({ type }) => type === 'quiet')
  }
  room.lane.receive({ type: 'hush', service: 'web', term: { number: 1, holder: A } })
  room.now += 199
  assert.not(isQuiet())
  room.now += 1
  assert.ok(isQuiet())
})

test('a socket is rebuilt as if the stream had begun after the header', () => {
  const past: number[] = []
  const snapshot = { bytes: new Uint8Array(32), at: 0 }
  const rebuilder = {
    snapshot: () => snapshot,
    past: (before: typeof snapshot, bytes: number) => {
      past.push(bytes)
      return { ...before, bytes: before.bytes.fill(9) }
    },
  } as unknown as Rebuilder
  const room = lane({}, rebuilder)
  room.accept().say(bytesOf(`${LINE}abc`))
  // Its address does not come and go with this director: there is nothing to rebuild.
  assert.equal(past, [LINE.length])
})

test('another process goes on with a header that has not all come, within its time', () => {
  const before = lane()
  const client = before.accept()
  client.say(bytesOf(LINE.slice(0, 20)))
  const rows = [...before.lane.rows()].map(({ row }) => row).filter(({ kind }) => kind === 'newcomer')
  assert.is(rows.length, 1)
  const [row] = rows
  if (row?.kind !== 'newcomer') throw new Error('no row')
  assert.is(textOf([...row.heard]), LINE.slice(0, 20))

  const after = lane()
  const socket = after.inherit(row)
  assert.equal(countsOf(after)?.waiting, 1)
  socket.say(bytesOf(`${LINE.slice(20)}on`))
  assert.is(toProgram(after), 'on')
  assert.equal(reportOf(after).splices[0]?.client, SOURCE)
})

test('a client that waits for its program is the same in another process: who it is, and its first bytes', () => {
  const before = lane({ proxyProtocol: 'v1' })
  before.accept().say(bytesOf(`${LINE}first`))
  const [row] = [...before.lane.rows()].map(({ row: one }) => one).filter(({ kind }) => kind === 'client')
  if (row?.kind !== 'client') throw new Error('no row')
  const after = lane({ proxyProtocol: 'v1' })
  const socket = after.inherit(row)
  assert.is(toProgram(after), `${LINE}first`)
  socket.say(bytesOf(' second'))
  assert.is(textOf(after.lastProgram?.delivered ?? []), `${LINE}first second`)
  assert.equal(reportOf(after).splices[0]?.client, SOURCE)
})

function datagrams(): Uint8Array {
  const ends = { source: SOURCE, destination: DESTINATION }
  return encodeProxyV2({ command: 'proxy', transport: 'datagram', ...ends, tlvs: [] })
}

test.run()
