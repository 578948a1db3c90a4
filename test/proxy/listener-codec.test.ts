import { formatIp } from '../../src/base/address.js'
import { ByteReader, ByteWriter, toHex, utf8 } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { LISTENERS_PER_NODE_MAX, type PublishedListener } from '../../src/proxy/listener.js'
import { decodeListeners, encodeListeners, LISTENERS_BYTES_MAX } from '../../src/proxy/listener-codec.js'
import { assert, suite } from '../harness/suite.js'
import { SEED } from './random-headers.js'

const test = suite('proxy/listener-codec')

function randomListeners(random: Prng, count: number): PublishedListener[] {
  const listeners = Array.from({ length: count }, (_, i) => {
    const v6only = [undefined, true, false][random.below(3)]
    const address = formatIp(random.bytes(random.chance(0.5) ? 4 : 16))
    const program = random.chance(0.5) ? { pid: 1 + random.below(2 ** 22), name: `p${random.u32()}` } : undefined
    return {
      address,
      port: i + 1,
      uid: random.u32(),
      ...(v6only === undefined ? {} : { v6only }),
      ...(program && { program }),
    }
  })
  return listeners
}

test('the bytes of two listeners', () => {
  const bytes = encodeListeners([
    { address: '::', port: 443, uid: 0, v6only: false },
    { address: '10.0.0.1', port: 80, uid: 1_000 },
  ])
  assert.is(toHex(bytes), ['01', '0c040a0000015000e803000000', `1810${'00'.repeat(16)}bb010000000001`].join(''))
})

test('the bytes of a listener whose program is known, which an earlier release reads as it always did', () => {
  const listener = { address: '10.0.0.1', port: 80, uid: 0, v6only: false }
  const bytes = encodeListeners([{ ...listener, program: { pid: 812, name: 'nginx' } }])
  assert.is(toHex(bytes), ['01', '16040a0000015000', '0000000001', '2c030000', '056e67696e78'].join(''))
  // As 0.1 without programs decoded an entry: by its length, and not beyond v6only.
  const r = new ByteReader(bytes, 1)
  const entry = new ByteReader(r.take(r.u8()))
  assert.equal([formatIp(entry.take(entry.u8())), entry.u16(), entry.u32(), entry.u8()], ['10.0.0.1', 80, 0, 1])
  assert.is(r.remaining, 0)
})

test('the name of a program from a peer is made fit: nothing that a terminal obeys, no longer than the kernel has', () => {
  const rows: readonly (readonly [number, string | number[], unknown])[] = [
    [812, 'nginx: worker process', { pid: 812, name: 'nginx: worker p' }],
    [812, 'a\u001b[2Jb', { pid: 812, name: 'a?[2Jb' }],
    [812, [0xff, 0x61, 0xc3], { pid: 812, name: '?a?' }],
    [812, '\u202e\u2028é', { pid: 812, name: '??é' }],
    [812, '', undefined],
    [0, 'nginx', undefined],
  ]
  for (const [pid, name, program] of rows) {
    const text = typeof name === 'string' ? utf8(name) : Uint8Array.from(name)
    const out = new ByteWriter()
      .u8(1)
      .u8(12 + 5 + text.length)
      .put(Uint8Array.of(4, 10, 0, 0, 1, 80, 0, 0, 0, 0, 0, 0))
    const answer = decodeListeners(out.u32(pid).u8(text.length).put(text).finish())
    assert.equal(answer.type === 'listeners' && answer.listeners[0]?.program, program)
  }
})

test('programs never cost a listener, nor room beyond what listeners have: those on the lowest ports are named', () => {
  const program = { pid: 4_194_304, name: 'a-name-of-15-by' }
  const one = { address: '2001:db8::1', uid: 0, v6only: true, program }
  const full = Array.from({ length: LISTENERS_PER_NODE_MAX }, (_, i) => ({ ...one, port: i + 1 }))
  const named = (listeners: readonly PublishedListener[]) => {
    const bytes = encodeListeners(listeners)
    assert.ok(bytes.length <= 51_201, `${bytes.length} bytes`)
    const answer = decodeListeners(bytes)
    if (answer.type !== 'listeners') throw new Error(answer.why)
    assert.is(answer.listeners.length, listeners.length)
    return answer.listeners.filter(({ program: of }) => of !== undefined).map(({ port }) => port)
  }
  assert.equal(named(full), [])
  assert.equal(named(full.slice(4)), [5, 6, 7, 8, 9])
  assert.is(named(full.slice(0, 1_000)).length, 1_000)
})

test('what was written is read', () => {
  const random = new Prng(SEED)
  for (let i = 0; i < 300; i++) {
    const listeners = randomListeners(random, random.below(20))
    assert.equal(decodeListeners(encodeListeners(listeners)), { type: 'listeners', listeners }, `SEED=${SEED}`)
  }
})

test('as many as one node may publish fit a fact, and the lowest ports are kept', () => {
  const random = randomListeners(new Prng(SEED), LISTENERS_PER_NODE_MAX + 100)
  const listeners = random.map(({ program: _, ...listener }) => ({ ...listener, address: '2001:db8::1' }))
  const bytes = encodeListeners([...listeners].reverse())
  assert.ok(bytes.length <= LISTENERS_BYTES_MAX, `${bytes.length} bytes`)
  assert.equal(decodeListeners(bytes), { type: 'listeners', listeners: listeners.slice(0, LISTENERS_PER_NODE_MAX) })
})

test('fields of a newer release are skipped, and those of an older one may be missing', () => {
  const newer = Uint8Array.of(1, 21, 4, 10, 0, 0, 1, 80, 0, 0, 0, 0, 0, 2, 7, 0, 0, 0, 1, 97, 9, 9, 9)
  const listener = { address: '10.0.0.1', port: 80, uid: 0 }
  const program = { pid: 7, name: 'a' }
  assert.equal(decodeListeners(newer), { type: 'listeners', listeners: [{ ...listener, v6only: true, program }] })
  const unnamed = Uint8Array.of(1, 12, 4, 10, 0, 0, 1, 80, 0, 0, 0, 0, 0, 2)
  assert.equal(decodeListeners(unnamed), { type: 'listeners', listeners: [{ ...listener, v6only: true }] })
  const older = Uint8Array.of(1, 11, 4, 10, 0, 0, 1, 80, 0, 0, 0, 0, 0)
  assert.equal(decodeListeners(older), { type: 'listeners', listeners: [listener] })
})

test('nothing of a damaged fact is believed', () => {
  const rows: [number[], RegExp][] = [
    [[], /empty/],
    [[2], /version 2/],
    [[1, 12, 4, 10], /bad entry 0/],
    [[1, 11, 5, 10, 0, 0, 1, 0, 80, 0, 0, 0, 0], /bad entry 0/],
    [[1, 11, 4, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0], /bad entry 0/],
    [[1, 0], /bad entry 0/],
    [[1, 15, 4, 10, 0, 0, 1, 80, 0, 0, 0, 0, 0, 2, 9, 9, 9], /bad entry 0/],
    [[1, 18, 4, 10, 0, 0, 1, 80, 0, 0, 0, 0, 0, 2, 7, 0, 0, 0, 2, 97], /bad entry 0/],
  ]
  for (const [bytes, why] of rows) {
    const answer = decodeListeners(Uint8Array.from(bytes))
    assert.match(answer.type === 'malformed' ? answer.why : answer.type, why)
  }
  assert.is(decodeListeners(new Uint8Array(LISTENERS_BYTES_MAX + 1)).type, 'malformed')
})

test('no bytes make it throw, and no cut is read as the whole', () => {
  const random = new Prng(SEED)
  const whole = encodeListeners(randomListeners(random, 5))
  for (let i = 0; i < 3_000; i++) {
    const noise = random.bytes(random.below(200))
    if (noise.length > 0) noise[0] = 1
    decodeListeners(noise)
  }
  for (let length = 0; length < whole.length; length++) {
    const answer = decodeListeners(whole.subarray(0, length))
    assert.ok(answer.type === 'malformed' || answer.listeners.length < 5, `SEED=${SEED}`)
  }
})

test.run()
