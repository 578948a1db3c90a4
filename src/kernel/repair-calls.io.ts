/** The options of TCP_REPAIR (tcp(7), net/ipv4/tcp.c) as calls, and what they answer in one buffer. */
import type { RepairFault } from '../handoff/ports.js'
import {
  EINVAL,
  IPPROTO_TCP,
  SO_ATTACH_FILTER,
  SO_DETACH_FILTER,
  SO_REUSEADDR,
  SOL_SOCKET,
  TCP_INFO,
  TCP_REPAIR,
} from './constants.js'
import { errorName } from './control-calls.io.js'
import { addressOf, type Result, type Syscalls } from './syscalls.io.js'

export const REPAIR_ON = 1
/** Off, with a window probe, or without. */
export const REPAIR_OFF = 0
export const REPAIR_OFF_NO_WP = -1

export const NO_QUEUE = 0
export const RECV_QUEUE = 1
export const SEND_QUEUE = 2
export const QUEUES = { none: NO_QUEUE, receive: RECV_QUEUE, send: SEND_QUEUE } as const

/** struct tcp_info (linux/tcp.h). */
const INFO_BYTES = 228
export const INFO = {
  state: 0,
  options: 5,
  scales: 6,
  bytesAcknowledged: 120,
  bytesReceived: 128,
  /** Segments that came beyond a gap; 0 on kernels before 5.4, which do not count them. */
  beyondGap: 224,
} as const

const BUFFER_BYTES = 256

/** A classic BPF program of one instruction, `ret 0`: no packet comes in (linux/filter.h). */
const NOTHING_IN = 6n
/** struct sock_fprog: how many instructions, and where. */
const PROGRAM_BYTES = 16

export class RepairCalls {
  /** What the last `get` answered. */
  readonly view = new DataView(new ArrayBuffer(BUFFER_BYTES))
  readonly at = addressOf(this.view.buffer as ArrayBuffer)
  readonly #length = new Uint32Array(1)
  readonly #lengthAt = addressOf(this.#length.buffer)

  readonly #nothingIn = BigUint64Array.of(NOTHING_IN)
  readonly #nothingInAt = BigInt(addressOf(this.#nothingIn.buffer))

  constructor(readonly sys: Syscalls) {}

  set(fd: number, option: number, value: number): Result {
    return this.setAt(fd, IPPROTO_TCP, option, value)
  }

  setAt(fd: number, level: number, option: number, value: number): Result {
    this.view.setInt32(0, value, true)
    return this.sys.setsockopt(fd, level, option, this.at, 4)
  }

  /** The first bytes of `view` are what is set. */
  setBytes(fd: number, level: number, option: number, bytes: number): Result {
    return this.sys.setsockopt(fd, level, option, this.at, bytes)
  }

  get(fd: number, level: number, option: number, bytes = 4): Result {
    this.#length[0] = bytes
    return this.sys.getsockopt(fd, level, option, this.at, this.#lengthAt)
  }

  /** See `INFO`. */
  info(fd: number): Result {
    return this.get(fd, IPPROTO_TCP, TCP_INFO, INFO_BYTES)
  }

  /** An ioctl that answers a number (SIOCINQ, SIOCOUTQ); negative: an errno. */
  count(fd: number, request: number): Result {
    const result = this.sys.ioctl(fd, request, this.at)
    return result < 0 ? result : this.view.getInt32(0, true)
  }

  deafen(fd: number): void {
    this.view.setBigUint64(0, 1n, true)
    this.view.setBigUint64(8, this.#nothingInAt, true)
    this.setBytes(fd, SOL_SOCKET, SO_ATTACH_FILTER, PROGRAM_BYTES)
  }

  hear(fd: number): void {
    this.setAt(fd, SOL_SOCKET, SO_DETACH_FILTER, 0)
  }

  /** The kernel takes SO_REUSEADDR away with repair mode: a listener that starts later could not have the port. */
  leave(fd: number, how: number): Result {
    // Which queue is chosen means nothing outside of it, and begins anew within.
    const result = this.set(fd, TCP_REPAIR, how)
    this.setAt(fd, SOL_SOCKET, SO_REUSEADDR, 1)
    return result
  }
}

export function fault(step: string, result: Result): RepairFault {
  return { why: `${step}: ${errorName(result === 0 ? -EINVAL : result)}` }
}
