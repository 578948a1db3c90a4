import { ByteWriter } from '../base/bytes.js'
import type { Instruction } from './classic-filter.js'
import { SO_ATTACH_FILTER, SO_DETACH_FILTER, SOL_SOCKET } from './constants.js'
import type { ControlCalls } from './control-calls.io.js'
import { addressOf } from './syscalls.io.js'

/** In place of the one before. 0 or a negative errno. */
export function attachFilter(calls: ControlCalls, fd: number, filter: readonly Instruction[]): number {
  const program = new ByteWriter(8 * filter.length)
  for (const [code, yes, no, constant] of filter) program.u16(code).u8(yes).u8(no).u32(constant)
  // The kernel is told its address: it lies in memory of its own, which does not move.
  const memory = new Uint8Array(new ArrayBuffer(program.length))
  memory.set(program.view())
  const value = new ByteWriter(16).u16(filter.length).u16(0).u32(0).u64(addressOf(memory.buffer)).finish()
  return calls.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, value)
}

export function detachFilter(calls: ControlCalls, fd: number): void {
  calls.setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, new Uint8Array(4))
}
