/** Whether anybody listens somewhere on this host, asked when it matters: the socket table of the main thread may be late by as long as that is busy. */
import { type Endpoint, isWildcard } from '../base/address.js'
import type { Millis } from '../base/time.js'
import { DiagSource } from './diag-source.io.js'
import { isProblem, type ListeningSocket } from './listening-socket.js'

/** Many ask at the same time, when a program with many connections ends. */
const SAME_MS: Millis = 1

export class ListeningAt {
  #seen: readonly ListeningSocket[] | undefined
  #seenAt: Millis = Number.NEGATIVE_INFINITY

  constructor(private readonly clock: { now(): Millis }) {}

  /** `undefined`: that cannot be asked here. */
  isTaken({ address, port }: Endpoint): boolean | undefined {
    if (this.clock.now() - this.#seenAt >= SAME_MS) this.#look()
    return this.#seen?.some((one) => one.port === port && (one.address === address || isWildcard(one.address)))
  }

  #look(): void {
    this.#seenAt = this.clock.now()
    const source = DiagSource.open()
    if (!(source instanceof DiagSource)) {
      this.#seen = undefined
      return
    }
    const answer = source.look()
    source.close()
    this.#seen = isProblem(answer) ? undefined : answer
  }
}
