import type { Millis } from './time.js'

/** `wall`: milliseconds since 1970. As ISO 8601 in UTC, to the millisecond. */
export function isoOf(wall: Millis): string {
  // biome-ignore lint/style/noRestrictedGlobals: it formats a time that was given, and asks for none
  return new Date(wall).toISOString()
}
