/** Whether the other end of a data link is there, how far away it is, and when the seal's key has served long enough. */
import type { Millis } from '../base/time.js'

const PING_EVERY_MS: Millis = 1_000
export const SILENCE_MS_MAX: Millis = 5_000
/**
 * Bytes come, but no record opens. The length of a record travels in the clear: one that was altered under way would have
 * everything after it taken for its rest, which of pings alone is hours. The greatest record has so long at 9 KB/s.
 */
export const UNOPENED_MS_MAX: Millis = 30_000
/** A key that leaks opens at most this much of the past; by volume the seal changes keys itself. */
const REKEY_EVERY_MS: Millis = 3_600_000

export interface PulseHost {
  ping(token: number): void
  rekey(): void
  onSilence(why: string): void
}

export class LinkPulse {
  #heardAt: Millis
  #openedAt: Millis
  #rekeyedAt: Millis
  #pingAt: Millis = 0
  #token = 0
  #rttMs: Millis = 0

  constructor(
    now: Millis,
    private readonly host: PulseHost,
  ) {
    this.#heardAt = now
    this.#openedAt = now
    this.#rekeyedAt = now
  }

  /** Of the last PING; 0 before the first answer. */
  get rttMs(): Millis {
    return this.#rttMs
  }

  get heardAt(): Millis {
    return this.#heardAt
  }

  heard(now: Millis): void {
    this.#heardAt = now
  }

  /** What was heard last had the end of a record, and it was sealed by the peer. */
  opened(): void {
    this.#openedAt = this.#heardAt
  }

  pong(token: number, now: Millis): void {
    if (token === this.#token) this.#rttMs = now - this.#pingAt
  }

  sweep(now: Millis): void {
    if (now - this.#heardAt > SILENCE_MS_MAX) return this.host.onSilence(`nothing heard for ${SILENCE_MS_MAX} ms`)
    if (now - this.#openedAt > UNOPENED_MS_MAX) return this.host.onSilence(`no record for ${UNOPENED_MS_MAX} ms`)
    if (now - this.#rekeyedAt > REKEY_EVERY_MS) {
      this.#rekeyedAt = now
      this.host.rekey()
    }
    if (now - this.#pingAt < PING_EVERY_MS) return
    this.#pingAt = now
    this.#token = (this.#token + 1) % 2 ** 32
    this.host.ping(this.#token)
  }
}
