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
}

const CLOCK_BOOTTIME = 7
const SIOCOUTQ = 0x5411

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
    const time = new BigInt64Array(2)
    const value = new Int32Array(1)
    return {
      boottime: () => {
        clockGettime(CLOCK_BOOTTIME, time)
        return Number(time[0]) * 1_000 + Number(time[1]) / 1_000_000
      },
      unacknowledged: (fd) => (fd >= 0 && ioctl(fd, SIOCOUTQ, value) === 0 ? value[0] : undefined),
    }
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  }
}
