import { encodeAckPacket } from '../../../src/handoff/ack-packet.js'
import type { HeldState } from '../../../src/handoff/ports.js'
import { TCX_DROP, TCX_NEXT } from '../../../src/kernel/bpf/abi.js'
import { AckHold, HELD_MAX } from '../../../src/kernel/bpf/ack-hold.io.js'
import { HELD } from '../../../src/kernel/bpf/ack-hold-program.js'
import { HeldAcks } from '../../../src/kernel/bpf/held-acks.io.js'
import { assert, type Scope, suite } from '../../harness/suite.js'
import { ethernet } from './frames.js'
import { permitted } from './permitted.js'

const test = suite('kernel/bpf/ack-hold-program')

const CLOCK = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]
const BLOCK = [1, 1, 5, 10, 0, 0, 0x27, 0x10, 0, 0, 0x4e, 0x20]
const FAMILIES = [
  ['ip4', '10.77.9.9', '10.77.0.1'],
  ['ip6', 'fd77::99', 'fd77::1'],
] as const
/** Sequence numbers go round within this test. */
const FIRST = 0xffffff00

/** Nothing was said yet. */
const begunAt = (seq: number): HeldState => ({ released: seq, told: seq })

interface Said {
  readonly ack: number
  readonly payload?: number
  readonly options?: readonly number[]
  readonly port?: number
}

function heldAt(scope: Scope, [family, service, client]: (typeof FAMILIES)[number]) {
  const hold = permitted(scope, AckHold.open())
  if (hold === undefined) return undefined
  const holder = HeldAcks.open({ ...hold.maps, slots: HELD_MAX, first: 0, count: 2 }, encodeAckPacket)
  if ('why' in holder) throw new Error(holder.why)
  const ends = [
    { address: client, port: 40_000 },
    { address: service, port: 80 },
  ] as const
  const held = holder.hold(...ends, begunAt(FIRST), 7)
  if (held === undefined) throw new Error('nothing is held')
  const judge = ({ ack, payload = 0, options = CLOCK, port = 80 }: Said) => {
    const words = { seq: 1, ack: (FIRST + ack) >>> 0, window: 500, options: Uint8Array.from(options) }
    const packet = encodeAckPacket({ address: service, port }, ends[0], words)
    const whole = new Uint8Array(packet.byteLength + payload)
    whole.set(packet)
    // The kernel would fill in the length.
    new DataView(whole.buffer).setUint16(family === 'ip4' ? 2 : 4, whole.byteLength - (family === 'ip4' ? 0 : 40))
    const answer = hold.judge(ethernet(family, whole))
    return answer === TCX_DROP ? 'drop' : answer === TCX_NEXT ? 'pass' : String(answer)
  }
  const release = (bytes: number) => held.release((FIRST + bytes) >>> 0)
  const word = (field: number) => holder.words[field / 4] as number
  return { hold, holder, ends, held, judge, release, word }
}

for (const family of FAMILIES) {
  test(`${family[0]}: nothing leaves that says too much, and what is dropped would say nothing new`, (scope) => {
    const site = heldAt(scope, family)
    if (site === undefined) return
    const { held, judge, release, word } = site
    assert.is(judge({ ack: 1_000, port: 81 }), 'pass', 'another connection')
    assert.is(judge({ ack: 0 }), 'pass')
    assert.is(judge({ ack: 1_000 }), 'drop')
    assert.is(judge({ ack: 1_000, options: [] }), 'drop')
    assert.equal([held.held, held.owed], [1_000, 0])
    assert.is(judge({ ack: 1_000, payload: 100 }), 'pass', 'with a lower number')
    assert.is(word(HELD.changed), 1)
    release(400)
    assert.equal([held.held, held.owed], [600, 400])
    assert.is(judge({ ack: 1_000, options: [...CLOCK, ...BLOCK] }), 'drop', 'what is held would be taken for lost')
    assert.is(judge({ ack: 1_000 }), 'pass', 'with what was released')
    assert.is(held.owed, 0)
    assert.is(judge({ ack: 1_000 }), 'drop')
    release(1_000)
    assert.equal([held.held, held.owed], [0, 600])
    assert.is(judge({ ack: 1_000, options: [...CLOCK, ...BLOCK] }), 'pass')
    assert.is(held.owed, 0)
    assert.is(word(HELD.optionBytes), CLOCK.length + BLOCK.length)
    assert.equal([...new Uint8Array(site.holder.memory, HELD.options, 24)], [...CLOCK, ...BLOCK])
    assert.is(judge({ ack: 1_200 }), 'drop')
    held.releaseAll()
    assert.is(judge({ ack: 1_200 }), 'pass')
    held.end()
    assert.is(judge({ ack: 9_000 }), 'pass')
  })
}

test('what a lane has left holds nobody back, whoever comes by the same ends and whoever has its slot', (scope) => {
  const site = heldAt(scope, FAMILIES[0])
  if (site === undefined) return
  const { hold, ends, judge } = site
  assert.is(judge({ ack: 10 }), 'drop')
  const heir = HeldAcks.open({ ...hold.maps, slots: HELD_MAX, first: 0, count: 2 }, encodeAckPacket)
  if ('why' in heir) throw new Error(heir.why)
  assert.is(judge({ ack: 10 }), 'pass')
  const [client, service] = ends
  heir.hold({ ...client, port: 40_001 }, service, begunAt(FIRST), 0)
  assert.is(judge({ ack: 10 }), 'pass', 'the slot is another’s')
  heir.hold(client, service, begunAt(FIRST), 0)
  assert.is(judge({ ack: 10 }), 'drop')
})

test('one that is over leaves the hold of who has come by the same ends since, in another lane or in its own', (scope) => {
  const site = heldAt(scope, FAMILIES[0])
  if (site === undefined) return
  const { hold, held, ends, judge } = site
  const other = HeldAcks.open({ ...hold.maps, slots: HELD_MAX, first: 2, count: 2 }, encodeAckPacket)
  if ('why' in other) throw new Error(other.why)
  const newer = other.hold(...ends, begunAt(FIRST), 7)
  held.end()
  assert.is(judge({ ack: 10 }), 'drop', 'it is held by the other lane')
  const newest = other.hold(...ends, begunAt(FIRST), 7)
  newer?.end()
  assert.is(judge({ ack: 10 }), 'drop')
  const heir = HeldAcks.open({ ...hold.maps, slots: HELD_MAX, first: 0, count: 2 }, encodeAckPacket)
  if ('why' in heir) throw new Error(heir.why)
  assert.is(judge({ ack: 10 }), 'drop', 'also when a lane begins anew')
  newest?.end()
  assert.is(judge({ ack: 10 }), 'pass')
})

test('another process goes on where this one is: what it releases it can say, though the kernel says nothing more', (scope) => {
  const site = heldAt(scope, FAMILIES[0])
  if (site === undefined) return
  const { hold, held, ends, judge, release } = site
  assert.is(held.state.last, undefined, 'nothing was heard')
  assert.is(judge({ ack: 1_000, options: [...CLOCK, ...BLOCK] }), 'drop')
  release(400)
  const other = HeldAcks.open({ ...hold.maps, slots: HELD_MAX, first: 2, count: 1 }, encodeAckPacket)
  if ('why' in other) throw new Error(other.why)
  const next = other.hold(...ends, held.state, 7)
  if (next === undefined) throw new Error('nothing is held')
  held.end()
  assert.equal(next.state, held.state)
  assert.equal([...(next.state.last?.options ?? [])], [...CLOCK, ...BLOCK])
  assert.equal([next.held, next.owed], [600, 400], 'what was released and not said is still owed')
  next.release((FIRST + 1_200) >>> 0)
  assert.equal([next.held, next.owed], [0, 1_200], 'the kernel has said more to the other program')
  assert.is(judge({ ack: 1_100 }), 'pass')
  next.release((FIRST + 1_300) >>> 0)
  assert.equal([next.held, next.owed], [0, 0], 'and from here on says it here')
})

test('slots are bounded, and given again in the order in which they came back', (scope) => {
  const site = heldAt(scope, FAMILIES[0])
  if (site === undefined) return
  const { holder, held, ends } = site
  const [client, service] = ends
  const other = holder.hold({ ...client, port: 40_001 }, service, begunAt(5), 0)
  assert.ok(other !== undefined)
  assert.is(holder.hold({ ...client, port: 40_002 }, service, begunAt(5), 0), undefined)
  held.end()
  held.end()
  assert.ok(holder.hold({ ...client, port: 40_002 }, service, begunAt(7), 0) !== undefined)
  assert.is(holder.hold({ ...client, port: 40_003 }, service, begunAt(5), 0), undefined)
  held.release(1)
  assert.is(holder.words[HELD.released / 4], 7, 'one that is over touches nobody’s slot')
})

test.run()
