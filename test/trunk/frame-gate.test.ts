import { Prng } from '../../src/base/prng.js'
import { FrameGate, GREETING_FRAME_BYTES_MAX, MESSAGE_BYTES_MAX } from '../../src/trunk/frame-gate.js'
import { assert, suite } from '../harness/suite.js'
import { splitRandomly } from './splits.js'

const test = suite('trunk/frame-gate')

function frame(length: number): Uint8Array {
  const bytes = new Uint8Array(3 + length).fill(0xff)
  bytes.set([length & 255, (length >>> 8) & 255, length >>> 16])
  return bytes
}

test('frames up to the limit pass, one byte more does not', () => {
  const gate = new FrameGate()
  assert.is(gate.inspect(frame(GREETING_FRAME_BYTES_MAX)), undefined)
  assert.is(gate.inspect(frame(0)), undefined)
  assert.is(gate.inspect(frame(GREETING_FRAME_BYTES_MAX + 1)), 'a frame of 1025 bytes, above 1024')
})

test('a proven peer may send whole messages, and no more', () => {
  const gate = new FrameGate()
  gate.raise()
  assert.is(gate.inspect(frame(MESSAGE_BYTES_MAX + 17)), undefined)
  assert.type(gate.inspect(frame(MESSAGE_BYTES_MAX + 18)), 'string')
})

test('the limit is found in every split, with the third byte of the length', () => {
  const random = new Prng(1)
  for (let round = 0; round < 200; round++) {
    const gate = new FrameGate()
    const good = Array.from({ length: random.below(4) }, () => frame(random.below(60)))
    const bytes = Uint8Array.from([...good.flatMap((one) => [...one]), 0xff, 0xff, 0xff])
    const problems = splitRandomly(bytes, random).map((piece) => gate.inspect(piece))
    const first = problems.findIndex((problem) => problem !== undefined)
    assert.is(problems[first], 'a frame of 16777215 bytes, above 1024', `round ${round}`)
    assert.is(
      first,
      problems.findLastIndex((problem) => problem !== undefined),
    )
  }
})

test.run()
