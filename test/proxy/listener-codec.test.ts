import { formatIp } from '../../src/base/address.js'
import { toHex } from '../../src/base/bytes.js'
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
    return { address, port: i + 1, uid: random.u32(), ...(v6only === undefined ? {} : { v6only }) }
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

test('what was written is read', () => {
  const random = new Prng(SEED)
  for (let i = 0; i < 300; i++) {
    const listeners = randomListeners(random, random.below(20))
    assert.equal(decodeListeners(encodeListeners(listeners)), { type: 'listeners', listeners }, `SEED=${SEED}`)
  }
})

test('as many as one node may publish fit a fact, and the lowest ports are kept', () => {
  const listeners = randomListeners(new Prng(SEED), LISTENERS_PER_NODE_MAX + 100).map((listener) => ({
    ...listener,
    address: '2001:db8::1',
  }))
  const bytes = encodeListeners([...listeners].reverse())
  assert.ok(bytes.length <= LISTENERS_BYTES_MAX, `${bytes.length} bytes`)
  assert.equal(decodeListeners(bytes), { type: 'listeners', listeners: listeners.slice(0, LISTENERS_PER_NODE_MAX) })
})

test('fields of a newer release are skipped, and those of an older one may be missing', () => {
  const newer = Uint8Array.of(1, 15, 4, 10, 0, 0, 1, 80, 0, 0, 0, 0, 0, 2, 9, 9, 9)
  const listener = { address: '10.0.0.1', port: 80, uid: 0 }
  assert.equal(decodeListeners(newer), { type: 'listeners', listeners: [{ ...listener, v6only: true }] })
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
