import { encode } from 'dns-packet'
import { Prng } from '../../src/base/prng.js'
import {
  answersOf,
  asksFor,
  candidatesIn,
  type MdnsRecord,
  mayConcern,
  questionDelay,
  questionOf,
} from '../../src/gossip/discovery/mdns.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('gossip/mdns')
const [TAG, OTHER] = ['0123456789abcdef', 'fedcba9876543210']
const AT = { address: '10.0.0.1', port: 7440 }

test('what a node answers tells the others where it is, and itself nothing', () => {
  for (const at of [AT, { address: '2001:db8::1', port: 65_535 }]) {
    const answers = answersOf(TAG, 'aaaa', at)
    assert.equal(candidatesIn(answers, TAG, 'bbbb'), [at])
    assert.equal(candidatesIn(answers, TAG, 'aaaa'), [])
  }
})

test('clusters on one LAN do not hear each other', () => {
  assert.ok(asksFor([questionOf(TAG)], TAG))
  assert.not(asksFor([questionOf(OTHER)], TAG))
  assert.equal(candidatesIn(answersOf(OTHER, 'aaaa', AT), TAG, 'bbbb'), [])
})

test('names are the same in any case, and several nodes may be in one answer', () => {
  const shout = (record: MdnsRecord) => ({ ...record, name: record.name.toUpperCase() })
  const second = { address: '10.0.0.2', port: 7_000 }
  const records = [...answersOf(TAG, 'aaaa', AT), ...answersOf(TAG, 'cccc', second)].map(shout)
  assert.equal(candidatesIn(records, TAG, 'bbbb'), [AT, second])
  assert.ok(asksFor([{ ...questionOf(TAG), name: questionOf(TAG).name.toUpperCase() }], TAG))
})

test('an address that is nobody\u2019s, a port that is none, and what belongs to no node of ours are passed over', () => {
  for (const at of [
    { address: '0.0.0.0', port: 7440 },
    { address: '127.0.0.1', port: 7440 },
    { address: 'nonsense', port: 7440 },
    { address: '10.0.0.1', port: 0 },
    { address: '10.0.0.1', port: 70_000 },
  ]) {
    assert.equal(candidatesIn(answersOf(TAG, 'aaaa', at), TAG, 'bbbb'), [], `${at.address}:${at.port}`)
  }
  const [, service, address] = answersOf(TAG, 'aaaa', AT)
  assert.equal(candidatesIn([service, address], TAG, 'bbbb'), [], 'nobody points there')
})

test('whatever comes in place of records, nothing is thrown', () => {
  const odd = [undefined, null, 7, 'text', {}, [], [null], [7], [{}], [{ name: 7, type: 'PTR', data: {} }]]
  const pointed: unknown[] = []
  const [pointer] = answersOf(TAG, 'aaaa', AT)
  const name = pointer?.data
  for (const data of [
    undefined,
    null,
    7,
    'x',
    [],
    { target: 7, port: 'x' },
    { target: 'aaaa.local', port: Number.NaN },
  ]) {
    pointed.push([pointer, { name, type: 'SRV', data }, { name: 'aaaa.local', type: 'A', data }])
  }
  for (const records of odd) assert.not(asksFor(records, TAG))
  for (const records of [...odd, ...pointed]) assert.equal(candidatesIn(records, TAG, 'bbbb'), [])
})

test('a thousand answers in one packet give no more than 64 candidates', () => {
  const records = Array.from({ length: 1_000 }, (_, i) => {
    return answersOf(TAG, `n${i}`, { address: `10.0.${i >> 8}.${i & 255}`, port: 7440 })
  }).flat()
  assert.is(candidatesIn(records, TAG, 'bbbb').length, 64)
})

test('records that all name each other are each looked at but a few times', () => {
  let looks = 0
  const counted = (record: MdnsRecord): unknown => ({
    ...record,
    get type() {
      looks++
      return record.type
    },
  })
  const records = Array.from({ length: 300 }, (_, i) => {
    return answersOf(TAG, 'aaaa', { address: `10.0.${i >> 8}.${i & 255}`, port: i + 1 }).map(counted)
  }).flat()
  assert.is(candidatesIn(records, TAG, 'bbbb').length, 64)
  assert.ok(looks < 10 * records.length, `${looks} looks at ${records.length} records`)
})

test('only datagrams that name the cluster are taken apart, and none that is longer than a frame', () => {
  const question = encode({ type: 'query', questions: [questionOf(TAG)] })
  const shouted = encode({
    type: 'query',
    questions: [{ ...questionOf(TAG), name: questionOf(TAG).name.toUpperCase() }],
  })
  const answer = encode({ type: 'response', answers: answersOf(TAG, 'aaaa', AT) as never })
  for (const datagram of [question, shouted, answer]) {
    assert.ok(mayConcern(datagram, TAG))
    assert.not(mayConcern(datagram, OTHER))
  }
  assert.not(mayConcern(new Uint8Array(0), TAG))
  assert.not(
    mayConcern(
      Uint8Array.from({ length: 512 }, (_, i) => i & 255),
      TAG,
    ),
  )
  assert.not(mayConcern(Buffer.concat([answer, Buffer.alloc(1_500)]), TAG))
})

test('questions come soon after the start, then less and less often', () => {
  const random = new Prng(1)
  const delays = Array.from({ length: 12 }, (_, asked) => questionDelay(asked, random))
  assert.ok((delays[0] ?? 0) >= 20 && (delays[0] ?? 0) < 120)
  assert.equal(
    delays.slice(1),
    [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60].map((s) => s * 1_000),
  )
})

test.run()
