import { toHex } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { planRestore, snapshotAfter, snapshotPast, timestampAfter } from '../../src/handoff/restore-plan.js'
import { distance } from '../../src/handoff/sequence.js'
import type { Snapshot } from '../../src/handoff/snapshot.js'
import { decodeSnapshot, encodeSnapshot, SNAPSHOT_BYTES } from '../../src/handoff/snapshot-codec.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('handoff/snapshot')

const SNAPSHOT: Snapshot = {
  firstSent: 0xfffffff0,
  firstReceived: 1_000,
  mss: 1_460,
  sack: true,
  windowScale: { send: 7, receive: 10 },
  timestamp: 5_000,
  sendWindow: 64_256,
  maxWindow: 65_535,
  receiveWindow: 65_160,
}
const ENDS = { local: { address: '192.0.2.1', port: 80 }, remote: { address: '192.0.2.2', port: 40_000 } }
const BEGINNING = {
  received: 0,
  finReceived: false,
  acknowledged: 0,
  finAcknowledged: false,
  ageMs: 0,
  clock: undefined,
}

test('its bytes, as docs/wire-splice.md has them', () => {
  const hex = '0107a700b4050000f0ffffffe80300008813000000fb0000ffff000088fe0000'
  assert.is(toHex(encodeSnapshot(SNAPSHOT)), hex)
  assert.is(encodeSnapshot(SNAPSHOT).byteLength, SNAPSHOT_BYTES)
})

test('every form comes back as it was', () => {
  for (const windowScale of [undefined, { send: 0, receive: 14 }]) {
    for (const timestamp of [undefined, 0, 0xfffffffe]) {
      for (const sack of [true, false]) {
        const snapshot = { ...SNAPSHOT, windowScale, timestamp, sack }
        assert.equal(decodeSnapshot(encodeSnapshot(snapshot)), snapshot)
      }
    }
  }
})

test('what is appended by a later release is passed over; what is cut, of another version or out of bounds is nothing', () => {
  const bytes = encodeSnapshot(SNAPSHOT)
  assert.equal(decodeSnapshot(Uint8Array.of(...bytes, 1, 2, 3)), SNAPSHOT)
  for (let length = 0; length < bytes.length; length++) assert.is(decodeSnapshot(bytes.slice(0, length)), undefined)
  assert.is(decodeSnapshot(bytes.with(0, 2)), undefined)
  assert.is(decodeSnapshot(bytes.with(2, 15)), undefined, 'a shift of 15')
  const random = new Prng(1)
  for (let run = 0; run < 2_000; run++) decodeSnapshot(bytes.with(random.below(32), random.below(256)))
})

test('sequence numbers are the first ones and what has gone since; each FIN is one more', () => {
  const plan = planRestore(SNAPSHOT, { ...ENDS, ...BEGINNING, received: 2 ** 32 + 24, acknowledged: 20 })
  assert.equal([plan.receiveSeq, plan.sendSeq], [1_024, 4])
  const ended = planRestore(SNAPSHOT, { ...ENDS, ...BEGINNING, finReceived: true, finAcknowledged: true })
  assert.equal([ended.receiveSeq, ended.sendSeq], [1_001, 0xfffffff1])
})

test('a clock that the client was told when its director gave it up goes on from there, and no further', () => {
  for (const clock of [1_000, 1_001, 0xffffffff]) {
    const plan = planRestore(SNAPSHOT, { ...ENDS, ...BEGINNING, ageMs: 50.5, clock })
    const ahead = distance(clock, plan.timestamp as number)
    assert.ok(ahead > 51 && ahead <= 53, `${ahead} ms ahead`)
    assert.is((plan.timestamp as number) & 1, 0)
  }
})

test('the clock is never behind what the client has seen, over a hundred directors in succession, and even', () => {
  let snapshot = SNAPSHOT
  let seen = SNAPSHOT.timestamp as number
  const random = new Prng(7)
  for (let takeover = 0; takeover < 100; takeover++) {
    const ageMs = random.below(86_400_000)
    // The client has seen the clock go on, at worst 500 ppm faster than that of the node that counts its age.
    seen = (seen + Math.floor(ageMs * 1.000_5)) >>> 0
    const plan = planRestore(snapshot, { ...ENDS, ...BEGINNING, ageMs })
    const timestamp = plan.timestamp as number
    assert.ok(distance(seen, timestamp) > 0, `takeover ${takeover}`)
    assert.is(timestamp & 1, 0)
    snapshot = snapshotAfter(snapshot, plan)
    seen = timestamp
  }
  assert.is(planRestore({ ...SNAPSHOT, timestamp: undefined }, { ...ENDS, ...BEGINNING }).timestamp, undefined)
  assert.is(timestampAfter(0xffffffff, 0) >>> 0, timestampAfter(0xffffffff, 0))
})

test('a header before the stream is counted by the numbers of TCP, and by no offset', () => {
  const standing = { ...ENDS, ...BEGINNING, received: 100, acknowledged: 20 }
  const [whole, past] = [planRestore(SNAPSHOT, standing), planRestore(snapshotPast(SNAPSHOT, 28), standing)]
  assert.is(past.receiveSeq, (whole.receiveSeq + 28) % 2 ** 32)
  assert.is(past.sendSeq, whole.sendSeq)
  const turned = snapshotPast({ ...SNAPSHOT, firstReceived: 2 ** 32 - 8 }, 28)
  assert.is(turned.firstReceived, 20)
})

test.run()
