/**
 * An assembler for eBPF (RFC 9669), as far as the programs of this folder need it: an instruction is a value, a macro is a
 * function that answers a list of them, and a jump names a label that stands in the same list. Little-endian, as the two
 * processors that Baton runs on. Whether a program is sound is for the kernel's verifier to say.
 */
import { assert } from '../../base/assert.js'

export interface Register {
  readonly register: number
}

/** R0: result. R1 to R5: arguments, gone after a call. R6 to R9: kept over calls. R10: top of the stack of 512 bytes. */
const register = (number: number): Register => ({ register: number })
export const R0 = register(0)
export const R1 = register(1)
export const R2 = register(2)
export const R3 = register(3)
export const R4 = register(4)
export const R5 = register(5)
export const R6 = register(6)
export const R7 = register(7)
export const R8 = register(8)
export const R9 = register(9)
export const R10 = register(10)

/** A place in a program: itself, not its name, is what a jump goes to. */
export class Label {
  constructor(readonly name: string) {}
}

interface Instruction {
  readonly code: number
  readonly to?: Register | undefined
  readonly from?: Register | undefined
  readonly offset?: number | undefined
  readonly immediate?: number | undefined
  readonly target?: Label | undefined
}

export type Code = Instruction | Label | readonly Code[]

const INSTRUCTION_BYTES = 8
/** Bit 3 of arithmetic and jumps: the second operand is a register. */
const FROM_REGISTER = 0x08
const SIZES = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 } as const
type Size = keyof typeof SIZES

const ARITHMETIC = { add: 0x07, subtract: 0x17, and: 0x57, shiftLeft: 0x67, shiftRight: 0x77, move: 0xb7 } as const
const COMPARISONS = { eq: 0x15, above: 0x25, 'at least': 0x35, ne: 0x55 } as const

/** 64 bits wide; a number is sign-extended from 32. */
export const add = (to: Register, by: Register | number): Code => arithmetic('add', to, by)
export const subtract = (to: Register, by: Register | number): Code => arithmetic('subtract', to, by)
export const and = (to: Register, mask: Register | number): Code => arithmetic('and', to, mask)
export const shiftLeft = (to: Register, by: Register | number): Code => arithmetic('shiftLeft', to, by)
export const shiftRight = (to: Register, by: Register | number): Code => arithmetic('shiftRight', to, by)
export const move = (to: Register, from: Register | number): Code => arithmetic('move', to, from)

/** The lowest `bits` of a register in the other order of bytes, zero-extended: from the network's to the machine's, and back. */
export const swap = (bits: 16 | 32, to: Register): Code => ({ code: 0xdc, to, immediate: bits })

/** `to` = the `bytes` at `from` + `offset`, zero-extended. */
export const load = (bytes: Size, to: Register, from: Register, offset: number): Code => ({
  code: 0x61 | SIZES[bytes],
  to,
  from,
  offset,
})

/** The `bytes` at `to` + `offset` = a register, or a number sign-extended from 32 bits. */
export const store = (bytes: Size, to: Register, offset: number, value: Register | number): Code =>
  typeof value === 'number'
    ? { code: 0x62 | SIZES[bytes], to, offset, immediate: value }
    : { code: 0x63 | SIZES[bytes], to, from: value, offset }

/** Adds `value` to the eight bytes at `to` + `offset`, whatever other processors do there. */
export const addAtomically = (to: Register, offset: number, value: Register): Code => ({
  code: 0xdb,
  to,
  from: value,
  offset,
})

/** `to` = the map that the process knows by this descriptor. */
export const loadMap = (to: Register, fd: number): Code => [
  { code: 0x18, to, from: register(1), immediate: fd },
  { code: 0 },
]

export const call = (helper: number): Code => ({ code: 0x85, immediate: helper })
export const exit = (): Code => ({ code: 0x95 })
export const jump = (target: Label): Code => ({ code: 0x05, target })

/** Unsigned, 64 bits wide; a number is sign-extended from 32. */
export const jumpIf = (
  left: Register,
  comparison: keyof typeof COMPARISONS,
  right: Register | number,
  target: Label,
): Code =>
  typeof right === 'number'
    ? { code: COMPARISONS[comparison], to: left, immediate: right, target }
    : { code: COMPARISONS[comparison] | FROM_REGISTER, to: left, from: right, target }

/** As the kernel loads it. A label that stands nowhere or twice is a bug of the program. */
export function assemble(code: Code): Uint8Array {
  const instructions: Instruction[] = []
  const places = new Map<Label, number>()
  const lay = (part: Code): void => {
    if (part instanceof Label) {
      assert(!places.has(part), `label ${part.name} stands twice`)
      places.set(part, instructions.length)
    } else if ('code' in part) instructions.push(part)
    else for (const one of part) lay(one)
  }
  lay(code)
  const view = new DataView(new ArrayBuffer(INSTRUCTION_BYTES * instructions.length))
  for (const [i, { code, to, from, offset = 0, immediate = 0, target }] of instructions.entries()) {
    const at = INSTRUCTION_BYTES * i
    view.setUint8(at, code)
    view.setUint8(at + 1, (to?.register ?? 0) | ((from?.register ?? 0) << 4))
    view.setInt16(at + 2, target === undefined ? offset : distance(places, target, i), true)
    view.setInt32(at + 4, immediate, true)
  }
  return new Uint8Array(view.buffer)
}

/** From the instruction after the jump. */
function distance(places: ReadonlyMap<Label, number>, target: Label, from: number): number {
  const place = places.get(target)
  assert(place !== undefined, `label ${target.name} stands nowhere`)
  return place - from - 1
}

function arithmetic(operation: keyof typeof ARITHMETIC, to: Register, operand: Register | number): Code {
  const code = ARITHMETIC[operation]
  return typeof operand === 'number'
    ? { code, to, immediate: operand }
    : { code: code | FROM_REGISTER, to, from: operand }
}
