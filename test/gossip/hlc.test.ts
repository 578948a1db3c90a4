import {
  AHEAD_MS_MAX,
  CLOCK_MS_MAX,
  compareStamps,
  formatStamp,
  HybridClock,
  isStamp,
  parseStamp,
  STAMP_MS_MAX,
  type Stamp,
} from '../../src/gossip/hlc.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId, WALL } from './knowledge.js'

const test = suite('gossip/hlc')
const A = nodeId(1)
const B = nodeId(2)

test('stamps follow the wall clock, and count where it stands still or jumps back', () => {
  const clock = new HybridClock(A)
  const stamps = [WALL, WALL, WALL - 5_000, WALL + 1].map((wall) => clock.next(wall, undefined))
  assert.equal(
    stamps.map(({ wallMs, counter }) => [wallMs - WALL, counter]),
    [
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
    ],
  )
})

test('what was observed is followed', () => {
  const clock = new HybridClock(A)
  const seen: Stamp = { wallMs: WALL + 500, counter: 7, node: B }
  clock.observe(seen, WALL)
  assert.equal(clock.next(WALL, undefined), { wallMs: WALL + 500, counter: 8, node: A })
})

test('a clock does not follow a stamp too far ahead, and its writes still come after it', () => {
  const clock = new HybridClock(A)
  const poison: Stamp = { wallMs: WALL + AHEAD_MS_MAX + 1, counter: 0, node: B }
  clock.observe(poison, WALL)
  assert.is(clock.next(WALL, undefined).wallMs, WALL)
  assert.ok(compareStamps(clock.next(WALL, poison), poison) > 0)
  assert.is(clock.next(WALL + 1, undefined).wallMs, WALL + 1)
})

test('a full counter moves on to the next millisecond', () => {
  const clock = new HybridClock(A)
  assert.equal(clock.next(WALL, { wallMs: WALL + 9, counter: 0xffff, node: B }), {
    wallMs: WALL + 10,
    counter: 0,
    node: A,
  })
})

test('no wall clock is too wrong: there is always a later stamp that others accept', () => {
  for (const wall of [-1, 0, 8.64e15, Number.MAX_SAFE_INTEGER]) {
    const clock = new HybridClock(A)
    clock.observe({ wallMs: STAMP_MS_MAX, counter: 0xffff, node: B }, wall)
    const first = clock.next(wall, undefined)
    const second = clock.next(wall, first)
    assert.ok(isStamp(first) && isStamp(second) && first.wallMs <= CLOCK_MS_MAX)
    assert.ok(compareStamps(first, second) < 0)
  }
})

test('the node decides between equal times, the same way for all', () => {
  const [a, b] = [A, B].map((node) => ({ wallMs: WALL, counter: 3, node })) as [Stamp, Stamp]
  assert.ok(compareStamps(a, b) < 0 && compareStamps(b, a) > 0)
  assert.is(compareStamps(a, { ...a }), 0)
})

test('a stamp is read back as it was written, and nonsense is not read', () => {
  const stamp: Stamp = { wallMs: WALL, counter: 65_535, node: A }
  assert.equal(parseStamp(formatStamp(stamp)), stamp)
  for (const text of ['', '1', `1.65536@${A}`, `999999999999999.0@${A}`, `-1.0@${A}`, '1.0@xyz', `1.0@${A} `]) {
    assert.is(parseStamp(text), undefined)
  }
})

test.run()
