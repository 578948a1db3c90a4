import { readFileSync } from 'node:fs'
import { fromHex, toHex } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { REASONS, type Reason } from '../../src/proxy/reasons.js'
import { encodeFrame, fitsFrame, visitFrames, writeDataHeader } from '../../src/proxy/splice-codec.js'
import type { SpliceFrame } from '../../src/proxy/splice-frame.js'
import { assert, suite } from '../harness/suite.js'
import { FRAMES } from './splice-frames.js'

const test = suite('proxy/splice-codec', 10_000)
const SEED = Number(process.env['SEED'] ?? 1)

interface Seen {
  readonly frames: SpliceFrame[]
  readonly data: { handle: number; offset: number; bytes: string }[]
  readonly problem: string | undefined
}

function read(record: Uint8Array): Seen {
  const frames: SpliceFrame[] = []
  const data: Seen['data'] = []
  const problem = visitFrames(record, {
    onDataFrame: (handle, offset, chunk) => data.push({ handle, offset, bytes: toHex(chunk) }),
    onAckFrame: (handle, written, acknowledged, window) => {
      frames.push({ kind: 'ack', handle, written, acknowledged, window })
    },
    onFrame: (frame) => frames.push(frame),
  })
  return { frames, data, problem }
}

function dataFrame(handle: number, offset: number, bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(12 + bytes.length)
  record.set(bytes, writeDataHeader(record, 0, handle, offset, bytes.length))
  return record
}

const join = (...parts: Uint8Array[]) => fromHex(parts.map(toHex).join(''))

test('the document has the bytes of every frame', () => {
  const page = readFileSync(new URL('../../docs/wire-splice.md', import.meta.url), 'utf8')
  const block = /```vectors\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const vectors = block
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/))
  assert.equal(
    vectors.map(([name]) => name),
    Object.keys(FRAMES),
  )
  for (const [name = '', hex = ''] of vectors) {
    const frame = FRAMES[name]
    assert.ok(frame)
    if (frame === undefined) continue
    assert.is(toHex(encodeFrame(frame)), hex, name)
    assert.equal(read(fromHex(hex)), { frames: [frame], data: [], problem: undefined }, name)
  }
})

test('many frames of many splices share a record, in their order', () => {
  const chunk = Uint8Array.of(1, 2, 3)
  const record = join(
    dataFrame(4, 2 ** 32 + 9, chunk),
    encodeFrame(FRAMES['fin'] as SpliceFrame),
    dataFrame(6, 0, chunk),
  )
  const { frames, data, problem } = read(record)
  assert.is(problem, undefined)
  assert.equal(data, [
    { handle: 4, offset: 9, bytes: '010203' },
    { handle: 6, offset: 0, bytes: '010203' },
  ])
  assert.equal(frames, [FRAMES['fin']])
})

test('kinds, fields and reasons of a later release are skipped', () => {
  const unknown = fromHex('02000000' + 'c8' + '030000' + 'ffffff')
  assert.equal(read(join(unknown, encodeFrame(FRAMES['thaw'] as SpliceFrame))).frames, [FRAMES['thaw']])
  const opened = encodeFrame(FRAMES['opened'] as SpliceFrame)
  const longer = join(opened, fromHex('c8' + '0200' + 'ffff'))
  longer[5] = (longer[5] ?? 0) + 5
  assert.equal(read(longer).frames, [FRAMES['opened']])
  const reset = encodeFrame(FRAMES['reset'] as SpliceFrame)
  reset[8] = 200
  assert.equal(read(reset).frames, [{ kind: 'reset', handle: 2, reason: 'other' }])
})

test('what OPEN carries outlives the record that it came in', () => {
  const record = encodeFrame(FRAMES['open'] as SpliceFrame)
  const [frame] = read(record).frames
  record.fill(0)
  assert.equal(frame, FRAMES['open'])
})

test('cut and changed records never throw, and say what is wrong or read as frames', () => {
  const random = new Prng(SEED)
  const whole = join(...Object.values(FRAMES).map(encodeFrame), dataFrame(2, 0, random.bytes(40)))
  for (let cut = 0; cut < whole.length; cut++) read(whole.slice(0, cut))
  for (let i = 0; i < 20_000; i++) {
    const record = whole.slice()
    for (let n = random.below(4); n >= 0; n--) record[random.below(record.length)] = random.u32()
    read(record)
    read(random.bytes(random.below(64)))
  }
  assert.ok(read(whole.slice(0, whole.length - 1)).problem?.includes('frame'), 'a frame that is cut off is told')
  assert.ok(read(fromHex('0200000001020000' + 'ffff')).problem?.includes('DATA'), 'DATA without its offset is told')
})

test('encode and decode are each other’s inverse for random values', () => {
  const random = new Prng(SEED + 1)
  const reasons = Object.keys(REASONS) as Reason[]
  const number = () => random.u32() * 2 ** random.below(20)
  for (let i = 0; i < 2_000; i++) {
    const handle = random.u32()
    const frames: SpliceFrame[] = [
      { kind: 'ack', handle, written: number(), acknowledged: number(), window: random.u32() },
      { kind: 'fin', handle, offset: number() },
      {
        kind: 'refused',
        handle,
        reason: reasons[random.below(reasons.length)] ?? 'other',
        detail: 'x'.repeat(random.below(200)),
      },
      {
        ...(FRAMES['open'] as Extract<SpliceFrame, { kind: 'open' }>),
        handle,
        port: random.u32(),
        proxyHeader: random.bytes(random.below(232)),
      },
    ]
    for (const frame of frames) {
      const bytes = encodeFrame(frame)
      assert.ok(fitsFrame(bytes))
      assert.equal(read(bytes).frames, [frame])
    }
  }
})

test.run()
