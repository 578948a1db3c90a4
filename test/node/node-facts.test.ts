import { ByteWriter, utf8 } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { FACT_BYTES_MAX } from '../../src/gossip/facts.js'
import { decodeNodeFacts, encodeNodeFacts, type Serving } from '../../src/node/node-facts.js'
import { LISTENERS_PER_NODE_MAX } from '../../src/proxy/listener.js'
import { decodeListeners, encodeListeners } from '../../src/proxy/listener-codec.js'
import { assert, suite } from '../harness/suite.js'
import { listener } from './sample.js'

const test = suite('node/node-facts')
const SERVING: readonly Serving[] = [
  { service: 'web', term: 7, state: 'serving', problem: '' },
  { service: 'mail', term: 0, state: 'unable', problem: 'größer als gedacht' },
]
const FACTS = { listeners: Uint8Array.of(1, 2, 3), serving: SERVING, health: [], hosting: [] }

test('facts come back as they were said', () => {
  assert.equal(decodeNodeFacts(encodeNodeFacts(FACTS)), FACTS)
  const nothing = { listeners: new Uint8Array(0), serving: [], health: [], hosting: [] }
  assert.equal(decodeNodeFacts(encodeNodeFacts(nothing)), nothing)
})

test('how busy a host is comes back as well; one that is damaged is none, and the rest is well', () => {
  for (const loadPermille of [0, 950, 10_000]) {
    const facts = { ...FACTS, loadPermille }
    assert.equal(decodeNodeFacts(encodeNodeFacts(facts)), facts)
  }
  const damaged = new ByteWriter().u8(5).u32(2).u16(7).put(encodeNodeFacts(FACTS)).finish()
  assert.equal(decodeNodeFacts(damaged), FACTS)
})

test('what a node runs comes back as well; what a terminal would obey, or is too long, is nothing', () => {
  const facts = { ...FACTS, release: '0.2.0-dev' }
  assert.equal(decodeNodeFacts(encodeNodeFacts(facts)), facts)
  for (const release of ['\u001b[2J', 'x'.repeat(64)]) {
    const bytes = new ByteWriter().put(encodeNodeFacts(FACTS)).u8(6).u32(release.length).put(utf8(release)).finish()
    assert.equal(decodeNodeFacts(bytes), FACTS)
  }
})

test('a section of a newer release is skipped, and so is a service in a state that it made up', () => {
  const serving = new ByteWriter().u16(2).text('new').u64(1).u8(99).text('').text('web').u64(7).u8(1).text('').finish()
  const bytes = new ByteWriter().u8(77).u32(2).u16(0).u8(2).u32(serving.length).put(serving).finish()
  assert.equal(decodeNodeFacts(bytes)?.serving, [SERVING[0]])
})

test('facts that are cut off anywhere say nothing at all, unless the cut leaves whole sections', () => {
  const bytes = encodeNodeFacts(FACTS)
  const listenersOnly = 5 + FACTS.listeners.length
  for (let length = 1; length < bytes.length; length++) {
    const decoded = decodeNodeFacts(bytes.subarray(0, length))
    if (length === listenersOnly)
      assert.equal(decoded, { listeners: FACTS.listeners, serving: [], health: [], hosting: [] })
    else assert.is(decoded, undefined, `${length} of ${bytes.length} bytes`)
  }
})

test('a damaged section says nothing, whole as it may look from outside', () => {
  const serving = new ByteWriter().u16(2).text('web').u64(7).u8(1).text('').finish()
  assert.is(decodeNodeFacts(new ByteWriter().u8(2).u32(serving.length).put(serving).finish()), undefined)
})

test('random bytes never throw', () => {
  const random = new Prng(3)
  for (let i = 0; i < 2_000; i++) decodeNodeFacts(random.bytes(random.below(60)))
})

test('facts fit what gossip carries: listeners always, then as many services as there is room for', () => {
  const listeners = encodeListeners(
    Array.from({ length: LISTENERS_PER_NODE_MAX }, (_, i) => listener(i + 1, `2001:db8:1234:5678:9abc:def0:1234:${i}`)),
  )
  const serving = Array.from({ length: 1_000 }, (_, i): Serving => {
    return { service: `service-${i}`, term: i, state: 'unable', problem: i < 9 ? 'ü'.repeat(400) : '' }
  })
  const bytes = encodeNodeFacts({ listeners, serving, health: [], hosting: [] })
  assert.ok(bytes.length <= FACT_BYTES_MAX, `${bytes.length} bytes`)
  const decoded = decodeNodeFacts(bytes)
  const read = decodeListeners(decoded?.listeners ?? new Uint8Array(0))
  assert.is(read.type === 'listeners' ? read.listeners.length : 0, LISTENERS_PER_NODE_MAX)
  const told = decoded?.serving ?? []
  assert.ok(told.length > 100 && told.length < 1_000, `${told.length} services`)
  assert.equal(
    told.map(({ service, term }) => [service, term]),
    serving.slice(0, told.length).map(({ service, term }) => [service, term]),
  )
  assert.is(told[0]?.problem, 'ü'.repeat(300), 'a problem is cut to 300 characters')
})

test.run()
