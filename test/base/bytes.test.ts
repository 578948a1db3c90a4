import { ByteReader, ByteWriter, fromHex, fromUtf8, toHex, utf8 } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/bytes')
const U64_MAX = 2 ** 53 - 1

test('what is written is read again', () => {
  const bytes = new ByteWriter(1)
    .u8(255)
    .u16(0x1234)
    .u16be(0x1234)
    .u32(0xfedcba98)
    .u32be(0xfedcba98)
    .u64(U64_MAX)
    .text('grüße')
    .hex('00ff')
    .put(Uint8Array.of(7, 8, 9))
    .finish()
  const reader = new ByteReader(bytes)
  assert.is(reader.u8(), 255)
  assert.is(reader.u16(), 0x1234)
  assert.is(reader.u16be(), 0x1234)
  assert.is(reader.u32(), 0xfedcba98)
  assert.is(reader.u32be(), 0xfedcba98)
  assert.is(reader.u64(), U64_MAX)
  assert.is(reader.text(), 'grüße')
  assert.is(reader.hex(2), '00ff')
  assert.not(reader.exhausted)
  assert.equal([...reader.rest()], [7, 8, 9])
  assert.ok(reader.exhausted)
})

test('integers are little-endian unless they say be', () => {
  const bytes = new ByteWriter().u16(0x0102).u16be(0x0102).u32(0x01020304).u32be(0x01020304).u64(0x0102).finish()
  assert.is(toHex(bytes), '0201010204030201010203040201000000000000')
})

test('a u64 holds what a JavaScript integer holds, and no more', () => {
  for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, U64_MAX]) {
    assert.is(new ByteReader(new ByteWriter().u64(value).finish()).u64(), value)
  }
  const tooLarge = new ByteReader(new ByteWriter().u32(0).u32(0x200000).finish())
  assert.is(tooLarge.u64(), 0)
  assert.ok(tooLarge.failed)
})

test('past the end everything is zero, and failed stays failed', () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3))
  assert.is(reader.u32(), 0)
  assert.ok(reader.failed)
  // Three bytes are there, but a decoder must not go on as if nothing had been.
  assert.is(reader.u8(), 0)
  assert.is(reader.u64(), 0)
  assert.is(reader.take(1).length, 0)
  assert.is(reader.rest().length, 0)
  assert.is(reader.text(), '')
  assert.is(reader.hex(1), '')
  assert.ok(reader.failed)
  assert.not(reader.exhausted)
})

test('a negative length is no way back', () => {
  // As it comes of a length field that is smaller than what it should cover.
  const reader = new ByteReader(Uint8Array.of(1, 2, 3))
  reader.u16()
  assert.is(reader.take(-2).length, 0)
  assert.ok(reader.failed)
})

test('every cut of a message fails, and none throws', () => {
  const read = (reader: ByteReader) => [reader.u8(), reader.text(), reader.u64(), reader.hex(4), reader.u16be()]
  const bytes = new ByteWriter().u8(1).text('name').u64(2).hex('01020304').u16be(3).finish()
  for (let length = 0; length < bytes.length; length++) {
    const reader = new ByteReader(bytes.subarray(0, length))
    read(reader)
    assert.ok(reader.failed, `${length} of ${bytes.length} bytes`)
  }
  const whole = new ByteReader(bytes)
  assert.equal(read(whole), [1, 'name', 2, '01020304', 3])
  assert.ok(whole.exhausted)
})

test('random bytes under random reads never throw and never read past the end', () => {
  const random = new Prng(11)
  for (let round = 0; round < 2_000; round++) {
    const bytes = random.bytes(random.below(40))
    const reader = new ByteReader(bytes)
    let remaining = reader.remaining
    for (let i = 0; i < 10; i++) {
      const reads = [
        () => reader.u8(),
        () => reader.u16(),
        () => reader.u32(),
        () => reader.u64(),
        () => reader.text(random.below(30)),
        () => reader.take(random.below(20)),
        () => reader.hex(random.below(5)),
      ]
      reads[random.below(reads.length)]?.()
      assert.ok(reader.remaining >= 0 && reader.remaining <= remaining, `round ${round}`)
      remaining = reader.remaining
    }
  }
})

test('a text longer than allowed fails', () => {
  const bytes = new ByteWriter().text('12345').finish()
  assert.is(new ByteReader(bytes).text(5), '12345')
  const strict = new ByteReader(bytes)
  strict.text(4)
  assert.ok(strict.failed)
})

test('the longest text comes back whole; one that its length cannot say stops the writer', () => {
  const longest = 'ü'.repeat(32_767)
  assert.is(new ByteReader(new ByteWriter().text(`${longest}x`).finish()).text(), `${longest}x`)
  assert.throws(() => new ByteWriter().text(`${longest}ü`), /broken invariant: a text of 65536 bytes/)
})

test('a reader sees only its part of a larger buffer', () => {
  const reader = new ByteReader(Uint8Array.of(9, 1, 0, 9).subarray(1, 3))
  assert.is(reader.u16(), 1)
  assert.ok(reader.exhausted)
})

test('a part is read alone, and the rest goes on behind it', () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3, 4))
  const part = reader.part(2)
  assert.is(part.u8(), 1)
  assert.is(part.remaining, 1)
  assert.is(part.u16(), 0)
  assert.is(part.failed, true)
  assert.is(reader.u16(), 0x0403)
  assert.is(reader.part(1).u8(), 0)
  assert.is(reader.failed, true)
})

test('a length is patched in afterwards, also after the writer has grown', () => {
  const writer = new ByteWriter(2).u16(0).u16be(0).u32be(0)
  writer.put(new Uint8Array(300)).patchU16(0, 300).patchU16be(2, 300).patchU32be(4, 300)
  const reader = new ByteReader(writer.finish())
  assert.equal([reader.u16(), reader.u16be(), reader.u32be(), reader.remaining], [300, 300, 300, 300])
})

test('what a writer gave out does not change when it writes on', () => {
  const writer = new ByteWriter().u8(1)
  const first = writer.finish()
  writer.u8(2)
  assert.equal([...first], [1])
})

test('hex and UTF-8 come back as they were', () => {
  const bytes = new Prng(12).bytes(100)
  assert.equal(fromHex(toHex(bytes)), bytes)
  assert.is(fromUtf8(utf8('grüße 🚂')), 'grüße 🚂')
  assert.type(fromUtf8(Uint8Array.of(0xff, 0xc0)), 'string', 'no UTF-8 is a text with replacement characters')
})

test('what is no hex is found by its length', () => {
  assert.is(fromHex('abc').length, 1)
  for (const text of ['0x', '1z', '-1', ' 1', '1\n', 'ff zz']) assert.is(fromHex(text).length, 0, text)
})

test.run()
