/**
 * Units of time. Every instant and span inside Baton is a number of milliseconds with the unit in its type; an instant
 * counts from an arbitrary origin (the boot of the host), so only differences mean anything.
 */
export type Millis = number & { readonly __unit?: 'ms' }

export const SECOND_MS: Millis = 1_000
export const MINUTE_MS: Millis = 60_000
export const HOUR_MS: Millis = 3_600_000

/** `90_500` → `1m 30s`; two units at most, for people. */
export function formatSpan(span: Millis): string {
  if (span < SECOND_MS) return `${Math.floor(span)}ms`
  const seconds = Math.floor(span / SECOND_MS)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m ${seconds % 60}s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours}h ${minutes % 60}m`
  return `${Math.floor(hours / 24)}d ${hours % 24}h`
}
