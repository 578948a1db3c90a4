import type { Millis } from '../base/time.js'
import { CLOCK_BOOTTIME, SIOCOUTQ, SO_ERROR, SO_LINGER, SOL_SOCKET } from './constants.js'
import { addressOf, loadSyscalls, type Syscalls } from './syscalls.io.js'

/**
 * The few calls of the C library that Node does not offer. Where the native part cannot be loaded (another system, an
 * old libc), `loadLibc` answers why, and callers go on with what Node has.
 */
export interface Libc {
  /** CLOCK_BOOTTIME: goes on while the host is suspended. Resolution: nanoseconds, as fractions of a millisecond. */
  boottime(): Millis
  /** Bytes in the socket's send queue that the peer has not acknowledged (SIOCOUTQ, tcp(7)); `undefined` on error. */
  unacknowledged(fd: number): number | undefined
  /** Closing `fd` will send RST and discard what is queued (SO_LINGER of nothing, socket(7)). `false`: it will not. */
  lingerNot(fd: number): boolean
  /** The error that the kernel keeps for `fd` until somebody asks (SO_ERROR, socket(7)), as an errno; 0: none. */
  takeError(fd: number): number
}

let loaded: Libc | { readonly why: string } | undefined

export function loadLibc(): Libc | { readonly why: string } {
  if (loaded === undefined) {
    const sys = loadSyscalls()
    loaded = 'why' in sys ? sys : over(sys)
  }
  return loaded
}

function over(sys: Syscalls): Libc {
  // Two 64-bit numbers by their halves: this is read for every chunk, and a BigInt is an object.
  const time = new Uint32Array(4)
  const timeAt = addressOf(time.buffer)
  // A value and its length beside it; and on and time of a `struct linger`.
  const words = new Int32Array([0, 0, 1, 0])
  const valueAt = addressOf(words.buffer)
  const lengthAt = valueAt + 4
  const lingerAt = valueAt + 8
  return {
    boottime: () => {
      sys.clockGettime(CLOCK_BOOTTIME, timeAt)
      const seconds = (time[0] as number) + (time[1] as number) * 2 ** 32
      return seconds * 1_000 + (time[2] as number) / 1_000_000
    },
    unacknowledged: (fd) => (fd >= 0 && sys.ioctl(fd, SIOCOUTQ, valueAt) === 0 ? words[0] : undefined),
    lingerNot: (fd) => fd >= 0 && sys.setsockopt(fd, SOL_SOCKET, SO_LINGER, lingerAt, 8) === 0,
    takeError: (fd) => {
      words[1] = 4
      return fd >= 0 && sys.getsockopt(fd, SOL_SOCKET, SO_ERROR, valueAt, lengthAt) === 0 ? (words[0] ?? 0) : 0
    },
  }
}
