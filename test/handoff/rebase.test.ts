import type { Capture } from '../../src/handoff/ports.js'
import { departing, rebased } from '../../src/handoff/rebase.js'
import { planRestore } from '../../src/handoff/restore-plan.js'
import type { Snapshot } from '../../src/handoff/snapshot.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('handoff/rebase')
const SNAPSHOT: Snapshot = {
  firstSent: 0xffff_fff0,
  firstReceived: 5_000,
  mss: 1_460,
  sack: true,
  windowScale: { send: 7, receive: 8 },
  timestamp: 70_000,
  sendWindow: 64_000,
  maxWindow: 65_000,
  receiveWindow: 66_000,
}
const ENDS = { local: { address: '10.0.0.100', port: 80 }, remote: { address: '10.0.0.1', port: 40_000 } }

test('counted from where it stands, it is rebuilt with the numbers that it would have had', () => {
  for (const [received, acknowledged] of [
    [0, 0],
    [17, 4],
    [2 ** 33 + 5, 2 ** 32 - 1],
  ] as const) {
    const passed = { received, acknowledged, clock: 90_000, ageMs: 20_000 }
    const common = { ...ENDS, finReceived: false, finAcknowledged: false, clock: undefined }
    const numbers = (snapshot: Snapshot, up: number, down: number, ageMs: number) => {
      return planRestore(snapshot, { ...common, received: up, acknowledged: down, ageMs })
    }
    const one = numbers(SNAPSHOT, received + 100, acknowledged + 200, 25_000)
    const other = numbers(rebased(SNAPSHOT, passed), 100, 200, 5_000)
    assert.equal([other.receiveSeq, other.sendSeq], [one.receiveSeq, one.sendSeq])
    assert.equal({ ...other, timestamp: 0 }, { ...one, timestamp: 0 })
  }
})

test('the clock goes on as the client knows it; where it cannot be asked it is set ahead', () => {
  const passed = { received: 0, acknowledged: 0, ageMs: 3_600_000 }
  assert.is(rebased(SNAPSHOT, { ...passed, clock: 3_670_321 }).timestamp, 3_670_321)
  assert.ok((rebased(SNAPSHOT, { ...passed, clock: undefined }).timestamp ?? 0) > 70_000 + 3_600_000)
  const { timestamp } = rebased({ ...SNAPSHOT, timestamp: undefined }, { ...passed, clock: 5 })
  assert.is(timestamp, undefined)
})

const CAPTURE: Capture = {
  ...SNAPSHOT,
  receiveSeq: 3,
  sendSeq: 0xffff_fffa,
  unread: Uint8Array.of(1, 2, 3, 4),
  unacknowledged: Uint8Array.of(5),
  finReceived: false,
  finSent: false,
  finAcknowledged: false,
}

test('read out whole, it is rebuilt where it stood: behind all that its kernel has acknowledged, an end as well', () => {
  for (const [held, finReceived] of [
    [0, false],
    [5, false],
    [5, true],
  ] as const) {
    // The kernel counts the end with the bytes before it.
    const capture = { ...CAPTURE, finReceived, receiveSeq: CAPTURE.receiveSeq + (finReceived ? 1 : 0) }
    const received = held + capture.unread.byteLength
    const plan = planRestore(departing(capture, held, undefined), {
      ...ENDS,
      received,
      finReceived,
      acknowledged: 0,
      finAcknowledged: false,
      ageMs: 10,
      clock: capture.timestamp,
    })
    assert.is(plan.receiveSeq, 3 + 4 + (finReceived ? 1 : 0))
    assert.is(plan.sendSeq, capture.sendSeq)
  }
  assert.is(departing(CAPTURE, 5, undefined).firstReceived, 0xffff_fffe, 'on the ring')
})

test('of its windows those count that its client was told', () => {
  const closed = { ...CAPTURE, receiveWindow: 0, maxWindow: 10 }
  const { receiveWindow, maxWindow } = departing(closed, 0, SNAPSHOT)
  assert.equal([receiveWindow, maxWindow], [SNAPSHOT.receiveWindow, SNAPSHOT.maxWindow])
  assert.is(departing(closed, 0, undefined).receiveWindow, 0)
})

test.run()
