import { judgeAdoption } from '../../src/handoff/adoption.js'
import type { SocketPosition } from '../../src/handoff/ports.js'
import { advance } from '../../src/handoff/sequence.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('handoff/adoption')
/** Both cross the end of the circle within the first bytes. */
const SNAPSHOT = { firstReceived: 0xffffff00, firstSent: 0xfffffff0 }
const TOLD = { up: 1_000, finUp: false, acknowledged: 500, down: 800 }

function standing(read: number, written: number, more: Partial<SocketPosition> = {}): SocketPosition {
  return {
    receiveSeq: advance(SNAPSHOT.firstReceived, read + 30),
    readSeq: advance(SNAPSHOT.firstReceived, read),
    writeSeq: advance(SNAPSHOT.firstSent, written),
    unacknowledged: 0,
    finReceived: false,
    finSent: false,
    ...more,
  }
}

test('all that was read has been passed on: it goes on with what was written, and what of it is acknowledged', () => {
  const goesOn = judgeAdoption(SNAPSHOT, TOLD, standing(1_000, 700, { unacknowledged: 150 }))
  assert.equal(goesOn, { received: 700, finSent: false, acknowledged: 550 })
})

test('far beyond 2³² bytes it is the same', () => {
  const far = 2 ** 33 + 7
  const told = { up: far, finUp: false, acknowledged: far, down: far + 9 }
  assert.equal(judgeAdoption(SNAPSHOT, told, standing(far, far + 9)), {
    received: far + 9,
    finSent: false,
    acknowledged: far + 9,
  })
})

test('a byte that was read and not passed on is lost: it is not gone on with', () => {
  assert.equal(judgeAdoption(SNAPSHOT, TOLD, standing(1_001, 700)), {
    verdict: 'reset',
    why: 'the lane that died had read 1 bytes that it had not passed on',
  })
})

test('what does not fit is not gone on with either', () => {
  for (const position of [standing(999, 700), standing(1_000, 499), standing(1_000, 801)]) {
    assert.ok('why' in judgeAdoption(SNAPSHOT, TOLD, position))
  }
  assert.ok('why' in judgeAdoption(SNAPSHOT, { ...TOLD, finUp: true }, standing(1_000, 700)))
})

test('ends: ours counts among what is acknowledged; a client whose end was passed on has ended', () => {
  const ended = standing(1_000, 800, { finSent: true, finReceived: true, unacknowledged: 1 })
  assert.equal(judgeAdoption(SNAPSHOT, { ...TOLD, finUp: true }, ended), {
    received: 800,
    finSent: true,
    acknowledged: 800,
  })
  // It waits in the kernel, and is read again there.
  assert.ok(!('why' in judgeAdoption(SNAPSHOT, TOLD, standing(1_000, 800, { finReceived: true }))))
})

test.run()
