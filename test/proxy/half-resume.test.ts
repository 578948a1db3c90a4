import { Prng } from '../../src/base/prng.js'
import type { Half } from '../../src/proxy/half.js'
import { assert, suite } from '../harness/suite.js'
import { happen, inContext, settleDown } from './happenings.js'
import { pair, type Side } from './pipe.js'

const test = suite('proxy/half-resume', 30_000)
const SEEDS = 500
const STEPS_MAX = 200_000

/** Bytes that were sent and would be sent again. */
function retained({ progress, settled }: Half): number {
  return progress.sent - settled.acknowledged
}

type Sides = readonly [Side, Side]

/** The link breaks: whatever was on its way is lost, in both directions. */
function breakLink([a, b]: Sides): void {
  // A client half that has ended is gone: it must have been sure that nothing of it is on its way.
  if (a.half.isClosed) assert.equal([b.half.received, b.half.progress.finReceived], [a.half.sent, true])
  a.out.break(b.half.received)
  b.out.break(a.half.received)
}

/** Another link stands: each half hears how far the other has come, as in RESUME and RESUMED. */
function mendLink([a, b]: Sides): boolean[] {
  for (const { out } of [a, b]) out.mend()
  const [ofA, ofB] = [a.half.progress, b.half.progress]
  return [b.half.rejoin(ofA.received, ofA.finReceived), a.half.rejoin(ofB.received, ofB.finReceived)]
}

test('whatever the order of events, and however often the link breaks, not a byte is lost or doubled', () => {
  let breaks = 0
  let resent = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    inContext(seed, () => {
      const random = new Prng(seed)
      const windows = [1 + random.below(20_000), 1 + random.below(20_000)] as const
      const sides = pair({ windows, delayed: true, remote: true })
      const said = sides.map(() => [...random.bytes(random.below(12_000))])
      const toSay = said.map((bytes) => [...bytes])
      for (const { socket } of sides) socket.kernelRoom = random.below(2_000)
      let steps = 0
      let isBroken = false
      while (sides.some(({ finished }) => finished.length === 0)) {
        assert.ok(++steps < STEPS_MAX, 'it comes to an end')
        if (isBroken ? random.chance(0.2) : random.chance(0.03)) {
          isBroken = !isBroken
          if (isBroken) {
            breaks++
            breakLink(sides)
          } else {
            resent += sides.reduce((sum, { half }, i) => sum + half.sent - (sides[1 - i]?.half.received ?? 0), 0)
            assert.equal(mendLink(sides), [true, true])
          }
        }
        const i = random.below(2)
        const side = sides[i] as Side
        happen(random, side, toSay[i] as number[])
      }
      if (isBroken) assert.equal(mendLink(sides), [true, true], 'also halves that have ended in order')
      settleDown(sides)
      const [a, b] = sides
      assert.equal(b.socket.delivered, said[0])
      assert.equal(a.socket.delivered, said[1])
      for (const side of sides) {
        assert.equal([side.out.faults, side.incidents, side.finished], [[], [], [undefined]])
        assert.is(side.socket.resets, 0)
        side.half.discard()
        assert.is(side.pool.usedBytes, 0)
      }
    })
  }
  assert.ok(breaks > SEEDS && resent > 100_000, `${breaks} breaks, ${resent} bytes sent again`)
})

test('what is kept is bounded by what the other half has not settled', () => {
  const sides = pair({ windows: [50_000, 50_000], remote: true })
  const [a, b] = sides
  a.socket.say(new Uint8Array(30_000))
  b.socket.say(new Uint8Array(20_000))
  assert.equal([retained(a.half), retained(b.half)], [0, 0], 'told in quarters of the window, and all told')
  a.socket.say(new Uint8Array(1_000))
  assert.is(retained(a.half), 1_000)
  b.half.settle()
  assert.is(retained(a.half), 0, 'a coarse timer tells the rest')
})

test('a half whose memory was used up cannot go on after a break, and says so', () => {
  const sides = pair({ windows: [500_000, 500_000], delayed: true, remote: true })
  const [a, b] = sides
  for (let left = a.pool.limitBytes; left > 0; left -= 65_536) a.pool.take(65_536)
  a.socket.say(new Uint8Array(1_000))
  assert.not(a.half.settled.isWhole)
  breakLink(sides)
  assert.not(a.half.rejoin(b.half.received, false))
  b.half.discard()
})

test('an impossible progress is refused: more than was sent, an end that was not', () => {
  const [a] = pair({ delayed: true, remote: true })
  a.socket.say(new Uint8Array(100))
  assert.equal([a.half.rejoin(101, false), a.half.rejoin(50, true), a.half.rejoin(50, false)], [false, false, true])
})

test.run()
