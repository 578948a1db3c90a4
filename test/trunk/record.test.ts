import { Prng } from '../../src/base/prng.js'
import {
  RECORD_HEADER_BYTES,
  RECORD_SEALED_BYTES_MAX,
  RecordReader,
  recordBuffers,
  SEAL_OVERHEAD_BYTES_MIN,
  writeRecordHeader,
} from '../../src/trunk/record.js'
import { assert, suite } from '../harness/suite.js'
import { splitRandomly } from './splits.js'

const test = suite('trunk/record')

function recordOf(sealed: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RECORD_HEADER_BYTES + sealed.byteLength)
  writeRecordHeader(bytes, sealed.byteLength)
  bytes.set(sealed, RECORD_HEADER_BYTES)
  return bytes
}

/** Everything that a reader makes of these pieces; records are copied, as they are valid only during the call. */
function readAll(pieces: readonly Uint8Array[]): { records: string[]; problem: string | undefined } {
  const reader = new RecordReader(recordBuffers())
  const records: string[] = []
  let problem: string | undefined
  for (const piece of pieces) {
    problem = reader.push(piece, (sealed) => {
      records.push(`${sealed.byteLength}:${sealed[0]}:${sealed.at(-1)}`)
      return undefined
    })
  }
  return { records, problem }
}

test('every split gives the same records', () => {
  const random = new Prng(1)
  for (let round = 0; round < 200; round++) {
    const lengths = Array.from({ length: 1 + random.below(6) }, () => SEAL_OVERHEAD_BYTES_MIN + random.below(300))
    const stream = Uint8Array.from(lengths.flatMap((length) => [...recordOf(random.bytes(length))]))
    const whole = readAll([stream])
    assert.is(whole.records.length, lengths.length)
    assert.equal(readAll(splitRandomly(stream, random)), whole, `round ${round}`)
    assert.equal(readAll([...stream].map((byte) => Uint8Array.of(byte))), whole)
  }
})

test('the largest record passes, whole and in pieces', () => {
  const record = recordOf(new Uint8Array(RECORD_SEALED_BYTES_MAX).fill(3))
  const expected = { records: [`${RECORD_SEALED_BYTES_MAX}:3:3`], problem: undefined }
  assert.equal(readAll([record]), expected)
  assert.equal(readAll([record.subarray(0, 40_000), record.subarray(40_000)]), expected)
})

test('a record above the limit is refused by its header alone, and for good', () => {
  const reader = new RecordReader(recordBuffers())
  const header = new Uint8Array(RECORD_HEADER_BYTES)
  writeRecordHeader(header, RECORD_SEALED_BYTES_MAX + 1)
  const problem = reader.push(header, () => undefined)
  assert.is(problem, `a record of ${RECORD_SEALED_BYTES_MAX + 1} bytes exceeds ${RECORD_SEALED_BYTES_MAX}`)
  assert.is(
    reader.push(recordOf(new Uint8Array(20)), () => 'not called'),
    problem,
  )
})

test('lengths with the highest bit, and shorter than a seal, are refused', () => {
  assert.match(readAll([Uint8Array.of(0xff, 0xff, 0xff, 0xff)]).problem ?? '', /4294967295/)
  assert.match(readAll([Uint8Array.of(16, 0, 0, 0)]).problem ?? '', /shorter than its seal/)
})

test('the handler’s problem ends the reading', () => {
  const reader = new RecordReader(recordBuffers())
  const two = Uint8Array.from([...recordOf(new Uint8Array(20)), ...recordOf(new Uint8Array(20))])
  let calls = 0
  const problem = reader.push(two, () => {
    calls++
    return 'forged'
  })
  assert.equal([problem, calls, reader.push(two, () => undefined)], ['forged', 1, 'forged'])
})

test('random bytes never throw', () => {
  const random = new Prng(4)
  for (let round = 0; round < 500; round++) readAll(splitRandomly(random.bytes(random.below(400)), random))
})

test('records that are read into the room that is left come out as they would otherwise, and few bytes are copied', () => {
  const random = new Prng(4)
  for (let round = 0; round < 200; round++) {
    const pool = recordBuffers()
    const lengths = Array.from({ length: 1 + random.below(8) }, () => {
      return random.chance(0.3)
        ? RECORD_SEALED_BYTES_MAX - random.below(3)
        : SEAL_OVERHEAD_BYTES_MIN + random.below(3_000)
    })
    const stream = new Uint8Array(lengths.reduce((sum, length) => sum + RECORD_HEADER_BYTES + length, 0))
    let end = 0
    for (const [i, length] of lengths.entries()) {
      writeRecordHeader(stream.subarray(end), length)
      stream.fill(i + 1, end + RECORD_HEADER_BYTES, end + RECORD_HEADER_BYTES + length)
      end += RECORD_HEADER_BYTES + length
    }
    const reader = new RecordReader(pool)
    const got: number[] = []
    const take = (sealed: Uint8Array) => {
      assert.ok(sealed.every((byte) => byte === got.length + 1))
      got.push(sealed.byteLength)
      return undefined
    }
    for (let at = 0; at < stream.byteLength; ) {
      const room = reader.room()
      const most = Math.min(room?.byteLength ?? 262_144, stream.byteLength - at)
      const length = random.chance(0.5) ? most : 1 + random.below(most)
      if (room === undefined) assert.is(reader.push(stream.subarray(at, at + length), take), undefined)
      else {
        room.set(stream.subarray(at, at + length))
        assert.is(reader.filled(length, take), undefined)
      }
      at += length
    }
    assert.equal(got, lengths)
    assert.is(reader.room(), undefined, 'nothing is held')
  }
})

test('a length that is too large is a problem wherever it was read to', () => {
  const reader = new RecordReader(recordBuffers())
  assert.is(
    reader.push(Uint8Array.of(255, 255), () => undefined),
    undefined,
  )
  reader.room()?.set([255, 0])
  assert.match(reader.filled(2, () => undefined) ?? '', /exceeds/)
  assert.is(reader.room(), undefined)
})

test.run()
