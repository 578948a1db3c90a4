import { ByteWriter, utf8 } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import type { CloseCode } from '../../src/trunk/close-code.js'
import { writeField } from '../../src/trunk/fields.js'
import { GREETING_FRAME_BYTES_MAX } from '../../src/trunk/frame-gate.js'
import {
  checkNodeName,
  decodeGreeting,
  encodeGreeting,
  type Greeting,
  type Hello,
  negotiate,
} from '../../src/trunk/hello.js'
import { assert, suite } from '../harness/suite.js'
import { fakeNodeId } from './fake-proofs.js'

const test = suite('trunk/hello')

const hello: Hello = {
  kind: 'hello',
  versions: { lowest: 1, highest: 2 },
  features: 0x80000001,
  node: fakeNodeId(0),
  boot: 7,
  name: 'zürich-1',
  proofs: [new Uint8Array(32).fill(5)],
}

function drawGreeting(random: Prng): Greeting {
  const codes: CloseCode[] = ['wrong-key', 'version', 'duplicate', 'other']
  const lowest = random.below(9)
  const greetings: Greeting[] = [
    { kind: 'welcome' },
    { kind: 'refused', code: codes[random.below(4)] ?? 'other' },
    {
      ...hello,
      versions: { lowest, highest: lowest + random.below(9) },
      features: random.u32(),
      boot: 1 + random.below(2 ** 32 - 1),
      name: 'ü'.repeat(1 + random.below(31)),
      proofs: Array.from({ length: 1 + random.below(4) }, () => random.bytes(32)),
    },
  ]
  return greetings[random.below(3)] as Greeting
}

test('what is encoded is decoded', () => {
  const random = new Prng(1)
  for (let round = 0; round < 300; round++) {
    const greeting = drawGreeting(random)
    assert.equal(decodeGreeting(encodeGreeting(greeting)), { type: 'greeting', greeting })
  }
})

test('the longest HELLO leaves most of a first frame to later releases', () => {
  const longest = { ...hello, name: 'x'.repeat(63), proofs: Array.from({ length: 4 }, () => new Uint8Array(32)) }
  assert.ok(encodeGreeting(longest).byteLength < GREETING_FRAME_BYTES_MAX / 3)
})

test('fields of a later release are skipped, and so are bytes that it added to a field', () => {
  const writer = new ByteWriter()
  for (const [tag, value] of fieldsOf(hello)) writeField(writer, tag, tag === 2 ? Uint8Array.of(...value, 9, 9) : value)
  writeField(writer, 200, new Uint8Array(40))
  const later = Uint8Array.of(...utf8('BTN'), 1, ...writer.finish())
  assert.equal(decodeGreeting(later), { type: 'greeting', greeting: hello })
})

test('what the sender runs is for people: what cannot be shown is not, and the HELLO stands', () => {
  const told = { ...hello, release: '0.2.0-dev' }
  assert.equal(decodeGreeting(encodeGreeting(told)), { type: 'greeting', greeting: told })
  for (const release of ['\u001b[2J', 'x'.repeat(64)]) {
    assert.equal(decodeGreeting(encodeGreeting({ ...hello, release })), { type: 'greeting', greeting: hello })
  }
})

test('a HELLO that lacks a field, or has one twice, is malformed', () => {
  const fields = fieldsOf(hello)
  for (const missing of [1, 2, 3, 4, 5]) {
    const rest = fields.filter(([tag]) => tag !== missing)
    assert.is(decodeGreeting(helloOf(rest)).type, 'malformed', `without field ${missing}`)
  }
  assert.is(decodeGreeting(helloOf([...fields, fields[0] as [number, Uint8Array]])).type, 'malformed')
})

test('a HELLO without proof is understood, so that its sender can be told', () => {
  const decoded = decodeGreeting(helloOf(fieldsOf(hello).filter(([tag]) => tag !== 6)))
  assert.equal(decoded, { type: 'greeting', greeting: { ...hello, proofs: [] } })
})

test('every cut is malformed or a shorter HELLO, and none throws', () => {
  const bytes = encodeGreeting(hello)
  for (let end = 0; end < bytes.byteLength; end++) decodeGreeting(bytes.subarray(0, end))
  assert.is(decodeGreeting(bytes.subarray(0, 20)).type, 'malformed')
})

test('random bytes never throw, nor do flipped bits', () => {
  const seed = 3
  const random = new Prng(seed)
  for (let round = 0; round < 3_000; round++) {
    const bytes = round % 2 === 0 ? random.bytes(random.below(200)) : encodeGreeting(drawGreeting(random))
    if (bytes.byteLength > 0) bytes[random.below(bytes.byteLength)] = random.u32()
    decodeGreeting(bytes)
  }
})

test('a close code of a later release is read as some other reason', () => {
  const writer = new ByteWriter().put(utf8('BTN')).u8(3)
  writeField(writer, 7, Uint8Array.of(0xff, 0xff))
  assert.equal(decodeGreeting(writer.finish()), { type: 'greeting', greeting: { kind: 'refused', code: 'other' } })
})

test('the highest common version is spoken', () => {
  const rows: [[number, number], [number, number], number][] = [
    [[1, 1], [1, 1], 1],
    [[1, 2], [1, 1], 1],
    [[1, 3], [2, 5], 3],
    [[2, 3], [1, 2], 2],
  ]
  for (const [[a, b], [c, d], version] of rows) {
    const ours = { lowest: a, highest: b }
    const theirs = { lowest: c, highest: d }
    assert.equal(negotiate(ours, theirs, 'x'), { type: 'version', version })
    assert.equal(negotiate(theirs, ours, 'x'), { type: 'version', version })
  }
})

test('without a common version it is said which node must be upgraded', () => {
  const old = { lowest: 1, highest: 2 }
  const fresh = { lowest: 3, highest: 4 }
  assert.equal(negotiate(old, fresh, 'b'), {
    type: 'none',
    why: 'b speaks versions 3 to 4, this node versions 1 to 2; upgrade this node',
  })
  assert.equal(negotiate(fresh, old, 'b'), {
    type: 'none',
    why: 'b speaks versions 1 to 2, this node versions 3 to 4; upgrade b',
  })
})

test('a name that could play tricks on a terminal is refused', () => {
  assert.equal(checkNodeName('edge-1'), [])
  assert.is(checkNodeName('').length, 1)
  assert.is(checkNodeName('x'.repeat(64)).length, 1)
  assert.is(checkNodeName('a\u001b[2J').length, 1)
  assert.is(decodeGreeting(encodeGreeting({ ...hello, name: 'a\u001b[2J' })).type, 'malformed')
})

function fieldsOf(greeting: Hello): [number, Uint8Array][] {
  const bytes = encodeGreeting(greeting)
  const fields: [number, Uint8Array][] = []
  for (let at = 4; at < bytes.byteLength; ) {
    const length = (bytes[at + 1] as number) | ((bytes[at + 2] as number) << 8)
    fields.push([bytes[at] as number, bytes.subarray(at + 3, at + 3 + length)])
    at += 3 + length
  }
  return fields
}

function helloOf(fields: [number, Uint8Array][]): Uint8Array {
  const writer = new ByteWriter().put(utf8('BTN')).u8(1)
  for (const [tag, value] of fields) writeField(writer, tag, value)
  return writer.finish()
}

test.run()
