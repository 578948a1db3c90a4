import {
  bytesToPeek,
  CAPTURE_STEPS,
  captureOf,
  noReadings,
  positionOf,
  type Readings,
  snapshotOf,
} from '../../src/handoff/capture-plan.js'
import type { RestorePlan } from '../../src/handoff/ports.js'
import { LET_GO_STEPS, restoreSteps } from '../../src/handoff/restore-plan.js'
import { assert, suite } from '../harness/suite.js'
import { refusalOf } from './kernel-rules.js'

const test = suite('handoff/plans')
const PLAN: RestorePlan = {
  local: { address: '192.0.2.1', port: 80 },
  remote: { address: '192.0.2.2', port: 40_000 },
  receiveSeq: 1_024,
  sendSeq: 0xfffffff0,
  mss: 1_460,
  sack: true,
  windowScale: { send: 7, receive: 10 },
  timestamp: 5_000,
  sendWindow: 64_256,
  maxWindow: 65_535,
  receiveWindow: 65_160,
}

const [ESTABLISHED, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE_WAIT, LAST_ACK] = [1, 4, 5, 6, 8, 9]

test('a socket is built in the order that the kernel takes', () => {
  assert.equal(restoreSteps(PLAN), [
    { op: 'deafen' },
    { op: 'repair', mode: 'on' },
    { op: 'transparent', family: 4, on: true },
    { op: 'bind', to: PLAN.local },
    { op: 'queue', queue: 'receive' },
    { op: 'set-seq', seq: 1_024 },
    { op: 'queue', queue: 'send' },
    { op: 'set-seq', seq: 0xfffffff0 },
    { op: 'queue', queue: 'none' },
    { op: 'set-mss', mss: 1_460 },
    { op: 'make-way' },
    { op: 'connect', to: PLAN.remote },
    {
      op: 'set-options',
      options: { mss: 1_460, sack: true, windowScale: { send: 7, receive: 10 }, timestamp: 5_000 },
    },
    { op: 'set-clock', timestamp: 5_000 },
    { op: 'set-window', words: [1_024, 64_256, 65_535, 65_160, 1_024] },
  ])
  assert.is(refusalOf(restoreSteps(PLAN), false), undefined)
  assert.is(refusalOf([...restoreSteps(PLAN), ...LET_GO_STEPS], false), undefined)
})

test('over IPv6, and without the options that a client did not have', () => {
  const local = { address: '2001:db8::1', port: 80 }
  const steps = restoreSteps({ ...PLAN, local, windowScale: undefined, timestamp: undefined })
  assert.equal(steps[2], { op: 'transparent', family: 6, on: true })
  assert.is(
    steps.some(({ op }) => op === 'set-clock'),
    false,
  )
  assert.is(refusalOf(steps, false), undefined)
})

test('in another order it is refused: the rules see it', () => {
  const steps = restoreSteps(PLAN)
  const before = (moved: string, other: string) => {
    const rest = steps.filter(({ op }) => op !== moved)
    const at = rest.findIndex(({ op }) => op === other)
    return refusalOf(rest.toSpliced(at, 0, ...steps.filter(({ op }) => op === moved)), false)
  }
  assert.equal(
    [
      before('bind', 'transparent'),
      before('connect', 'set-seq'),
      before('connect', 'set-mss'),
      before('connect', 'repair'),
      before('connect', 'deafen'),
      before('set-options', 'connect'),
      before('set-clock', 'connect'),
      before('set-window', 'set-options'),
      before('set-seq', 'queue'),
    ].map((why) => why?.split(':')[0]),
    ['bind', 'set-seq', 'set-mss', 'connect', 'connect', 'set-options', 'set-clock', 'set-window', 'set-seq'],
  )
  assert.is(
    refusalOf(
      steps.filter((step) => !('queue' in step && step.queue === 'none')),
      false,
    ),
    'a queue stays chosen',
  )
})

test('when it is let go, nothing is left of what it was built with', () => {
  assert.equal(
    LET_GO_STEPS.map((step) => step.op),
    ['hear', 'delay-acknowledgements', 'queue', 'transparent', 'transparent', 'repair', 'reuse-address'],
  )
  assert.equal(LET_GO_STEPS[5], { op: 'repair', mode: 'off' })
})

test('a socket is read out deaf, a queue at a time, and stays in repair mode with none chosen', () => {
  assert.equal(
    CAPTURE_STEPS.map((step) => ('queue' in step ? `${step.op} ${step.queue}` : step.op)),
    [
      'deafen',
      'repair',
      'read-info',
      'read-mss',
      'read-clock',
      'read-window',
      'queue receive',
      'read-seq receive',
      'count receive',
      'peek receive',
      'queue send',
      'read-seq send',
      'count send',
      'peek send',
      'queue none',
    ],
  )
  assert.is(refusalOf(CAPTURE_STEPS, true), undefined)
})

function readings(state: number, unread: number, waiting: number): Readings {
  const all = noReadings()
  Object.assign(all, { state, options: 7, scales: 0xa7, mss: 1_460, clock: 99, bytesReceived: 10 })
  Object.assign(all.receive, { seq: 4, count: unread, bytes: new Uint8Array(unread) })
  Object.assign(all.send, { seq: 2, count: waiting })
  all.send.bytes = new Uint8Array(bytesToPeek('send', all))
  return all
}

test('what is read out: sequence numbers of the first byte of each queue, over the end of the circle', () => {
  const capture = captureOf(readings(ESTABLISHED, 6, 5))
  assert.ok(!('why' in capture))
  if ('why' in capture) return
  assert.equal([capture.receiveSeq, capture.sendSeq], [0xfffffffe, 0xfffffffd])
  assert.equal([capture.unread.byteLength, capture.unacknowledged.byteLength], [6, 5])
  assert.equal([capture.mss, capture.timestamp, capture.windowScale], [1_460, 99, { send: 7, receive: 10 }])
})

test('ends: our FIN waits in the queue and is not shown, the peer’s is counted among its bytes', () => {
  assert.equal(
    [ESTABLISHED, FIN_WAIT1, FIN_WAIT2, LAST_ACK].map((state) => bytesToPeek('send', readings(state, 0, 3))),
    [3, 2, 3, 2],
  )
  assert.is(bytesToPeek('send', readings(FIN_WAIT1, 0, 0)), 0)
  const ends = [ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK].map((state) => {
    const capture = captureOf(readings(state, 0, 1))
    return 'why' in capture ? capture.why : [capture.finReceived, capture.finSent, capture.finAcknowledged]
  })
  assert.equal(ends, [
    [false, false, false],
    [false, true, false],
    [false, true, true],
    [true, false, false],
    [true, true, false],
  ])
  const position = positionOf(readings(LAST_ACK, 2, 3))
  assert.equal(position, {
    receiveSeq: 4,
    readSeq: 1,
    writeSeq: 1,
    unacknowledged: 3,
    finReceived: true,
    finSent: true,
  })
})

test('what is in another state, or could not be read whole, is not read out', () => {
  for (const look of [captureOf, positionOf, snapshotOf]) {
    assert.equal(look(readings(TIME_WAIT, 0, 0)), { why: 'in TCP state 6' })
  }
  assert.equal(snapshotOf(readings(FIN_WAIT1, 0, 0)), { why: 'in TCP state 4' })
  const cut = readings(ESTABLISHED, 6, 5)
  cut.receive.bytes = undefined
  assert.equal(captureOf(cut), { why: 'a queue cannot be read' })
})

test('at accept: the first byte each way', () => {
  const snapshot = snapshotOf(readings(ESTABLISHED, 0, 0))
  assert.ok(!('why' in snapshot) && snapshot.firstReceived === 4 - 10 + 2 ** 32 && snapshot.firstSent === 2)
})

test.run()
