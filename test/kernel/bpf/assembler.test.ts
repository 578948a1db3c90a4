import { toHex } from '../../../src/base/bytes.js'
import {
  add,
  addAtomically,
  and,
  assemble,
  type Code,
  call,
  exit,
  jump,
  jumpIf,
  Label,
  load,
  loadMap,
  move,
  R0,
  R1,
  R2,
  R3,
  R6,
  R10,
  shiftLeft,
  shiftRight,
  store,
} from '../../../src/kernel/bpf/assembler.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('kernel/bpf/assembler')

const bytesOf = (code: Code) => toHex(assemble(code)).replace(/(.{16})(?=.)/g, '$1 ')

/** Opcode, registers (the source in the high half), offset, immediate: RFC 9669, 3. */
const GOLDEN: readonly [Code, string][] = [
  [move(R6, R1), 'bf16000000000000'],
  [move(R0, -1), 'b7000000ffffffff'],
  [add(R2, -16), '07020000f0ffffff'],
  [add(R2, R3), '0f32000000000000'],
  [and(R1, 7), '5701000007000000'],
  [shiftLeft(R1, 1), '6701000001000000'],
  [shiftRight(R2, R1), '7f12000000000000'],
  [load(1, R2, R0, 3), '7102030000000000'],
  [load(2, R2, R0, 3), '6902030000000000'],
  [load(4, R2, R6, 12), '61620c0000000000'],
  [load(8, R1, R6, -8), '7961f8ff00000000'],
  [store(4, R10, -20, R2), '632aecff00000000'],
  [store(8, R10, -16, 0), '7a0af0ff00000000'],
  [store(4, R10, -8, -65_536), '620af8ff0000ffff'],
  [addAtomically(R6, 8, R1), 'db16080000000000'],
  [loadMap(R1, 5), '1811000005000000 0000000000000000'],
  [call(124), '850000007c000000'],
  [exit(), '9500000000000000'],
]

test('instructions have the bytes of the specification', () => {
  for (const [code, bytes] of GOLDEN) assert.is(bytesOf(code), bytes)
})

test('jumps count from the next instruction, forwards and backwards, over instructions of two words', () => {
  const [start, end] = [new Label('start'), new Label('end')]
  const code = [
    start,
    jumpIf(R1, 'eq', 6, end),
    jumpIf(R1, 'ne', R2, end),
    jumpIf(R1, 'above', R2, end),
    jumpIf(R1, 'at least', 2, end),
    loadMap(R1, 1),
    jump(start),
    end,
    exit(),
  ]
  assert.equal(bytesOf(code).split(' '), [
    '1501060006000000',
    '5d21050000000000',
    '2d21040000000000',
    '3501030002000000',
    '1811000001000000',
    '0000000000000000',
    '0500f9ff00000000',
    '9500000000000000',
  ])
})

test('a label that stands nowhere, or twice, is a bug', () => {
  const label = new Label('here')
  assert.throws(() => assemble([jump(label), exit()]), /label here stands nowhere/)
  assert.throws(() => assemble([label, label, exit()]), /label here stands twice/)
})

test.run()
