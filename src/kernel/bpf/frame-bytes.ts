import { FUNC_SKB_LOAD_BYTES_RELATIVE, HDR_START_NET } from './abi.js'
import {
  add,
  type Code,
  call,
  jumpIf,
  type Label,
  move,
  R0,
  R1,
  R2,
  R3,
  R4,
  R5,
  R10,
  type Register,
} from './assembler.js'

/**
 * Copies from the frame's network header, or from `start` behind it, to `to` on the stack; a frame that is too short goes on to
 * `otherwise`.
 */
export function copyBytes(
  frame: Register,
  start: Register | undefined,
  from: number,
  bytes: number,
  to: number,
  otherwise: Label,
): Code {
  return [
    move(R1, frame),
    start === undefined ? move(R2, from) : [move(R2, start), add(R2, from)],
    move(R3, R10),
    add(R3, to),
    move(R4, bytes),
    move(R5, HDR_START_NET),
    call(FUNC_SKB_LOAD_BYTES_RELATIVE),
    jumpIf(R0, 'ne', 0, otherwise),
  ]
}
