/**
 * Tries of the group that may only look to do more: each user's are told once in ten seconds, with how many came between. Who may look
 * must not be able to fill a disk, the log or what others remember of it.
 */
import type { Millis } from '../../base/time.js'
import { LogThrottle } from '../../trunk/log-throttle.js'
import type { AuditRecord } from './audit.js'

const PERIOD_MS: Millis = 10_000
const USERS_MAX = 64
const ARGUMENTS_CHARACTERS_MAX = 200

export class DeniedRecords {
  readonly #throttles = new Map<number | undefined, LogThrottle>()

  /** `undefined`: it is counted, and told with the next one. */
  pass(record: AuditRecord, now: Millis): AuditRecord | undefined {
    const { uid, arguments: text } = record
    // Beyond that many users all share one.
    const key = this.#throttles.has(uid) || this.#throttles.size < USERS_MAX ? uid : undefined
    const throttle = this.#throttles.get(key) ?? new LogThrottle(PERIOD_MS)
    this.#throttles.set(key, throttle)
    const heldBack = throttle.pass(now)
    if (heldBack === undefined) return undefined
    const told = text.slice(0, ARGUMENTS_CHARACTERS_MAX)
    return { ...record, arguments: told, ...(heldBack > 0 && { heldBack }) }
  }
}
