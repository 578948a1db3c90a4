import koffi from 'koffi'
import type { Millis } from '../base/time.js'

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

const CLOCK_BOOTTIME = 7
const SIOCOUTQ = 0x5411
const SOL_SOCKET = 1
const SO_LINGER = 13
const SO_ERROR = 4

let loaded: Libc | { readonly why: string } | undefined

export function loadLibc(): Libc | { readonly why: string } {
  loaded ??= load()
  return loaded
}

function load(): Libc | { readonly why: string } {
  if (process.platform !== 'linux') return { why: `no CLOCK_BOOTTIME and SIOCOUTQ on ${process.platform}` }
  try {
    // The process's own symbols: the same on glibc and musl.
    const library = koffi.load(null)
    const clockGettime = library.func('int clock_gettime(int, void *)')
    const ioctl = library.func('int ioctl(int, unsigned long, void *)')
    const setsockopt = library.func('int setsockopt(int, int, int, void *, uint32_t)')
    const getsockopt = library.func('int getsockopt(int, int, int, void *, void *)')
    const time = new BigInt64Array(2)
    const value = new Int32Array(1)
    const length = new Uint32Array(1)
    const lingerForNothing = new Int32Array([1, 0])
    return {
      boottime: () => {
        clockGettime(CLOCK_BOOTTIME, time)
        return Number(time[0]) * 1_000 + Number(time[1]) / 1_000_000
      },
      unacknowledged: (fd) => (fd >= 0 && ioctl(fd, SIOCOUTQ, value) === 0 ? value[0] : undefined),
      lingerNot: (fd) => fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_LINGER, lingerForNothing, 8) === 0,
      takeError: (fd) => {
        length[0] = 4
        return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, value, length) === 0 ? (value[0] ?? 0) : 0
      },
    }
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  }
}
