/**
 * That the process does not stand still, as the gate's program knows it: a time in memory that is both the kernel's and ours, and
 * that some thread pushes forward again and again. A process that is stopped no longer does.
 */
import type { Millis } from '../../base/time.js'
import { loadBpf } from './bpf.io.js'
import type { Problem } from './kit.io.js'
import { refused } from './rights.io.js'

/**
 * How long after a beat the process counts as awake. A kernel waits for 40 ms with an acknowledgement that could go with an answer
 * (TCP_DELACK_MIN, include/net/tcp.h): by then it has to be known.
 */
export const AWAKE_MS: Millis = 30
/** Two that come late are not missed. */
export const BEAT_EVERY_MS: Millis = 10

export const PULSE_BYTES = 8
const NS_PER_MS = 1_000_000
/** Of a gate whose map cannot be opened. */
const SINCE = '5.15'

export class Pulse {
  readonly #until: BigUint64Array

  private constructor(memory: ArrayBuffer) {
    this.#until = new BigUint64Array(memory)
  }

  /** `fd`: the gate's, see `LeaseGate.pulse`. Any thread may; the memory lasts as long as the process. */
  static of(fd: number): Pulse | Problem {
    const bpf = loadBpf()
    if ('why' in bpf) return bpf
    const mapping = bpf.map(fd, PULSE_BYTES)
    return typeof mapping === 'number' ? refused('share the pulse', mapping, SINCE) : new Pulse(mapping.memory)
  }

  /** `now`: CLOCK_BOOTTIME, as `Clock.now`. */
  beat(now: Millis): void {
    Atomics.store(this.#until, 0, BigInt(Math.floor((now + AWAKE_MS) * NS_PER_MS)))
  }

  /** Nobody watches. */
  rest(): void {
    Atomics.store(this.#until, 0, 0n)
  }
}
