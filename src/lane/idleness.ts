import type { Millis } from '../base/time.js'
import type { Half } from '../proxy/half.js'

/**
 * One direction has ended and the other carries nothing for so long, or both have and the client takes nothing of the last
 * bytes: it is likelier gone than patient. Its kernel forgot the connection long ago (tcp_fin_timeout), and node:net does
 * not notice an RST while it is not reading.
 */
const ENDING_IDLE_MS: Millis = 900_000

/** A splice that carries nothing for longer than the service allows; `idleMs` 0: for ever, unless it is about to end. */
export function isIdleTooLong(half: Half, idleMs: Millis, now: Millis): boolean {
  const isEnding = half.isHalfClosed || half.isClosing
  const limitMs = isEnding ? Math.min(idleMs || ENDING_IDLE_MS, ENDING_IDLE_MS) : idleMs
  return limitMs > 0 && now - half.activeAt > limitMs
}
