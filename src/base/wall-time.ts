import { type Millis, SECOND_MS } from './time.js'

/** Of the second that was asked for last, since many times of one second are written one after another: `2026-01-31T12:00:00.`. */
let lastSecond = Number.NaN
let lastText = ''

/** `wall`: milliseconds since 1970. As ISO 8601 in UTC, to the millisecond. */
export function isoOf(wall: Millis): string {
  const whole = Math.floor(wall)
  const second = Math.floor(whole / SECOND_MS)
  if (second !== lastSecond) {
    // biome-ignore lint/style/noRestrictedGlobals: it formats a time that was given, and asks for none
    lastText = new Date(second * SECOND_MS).toISOString().slice(0, -4)
    lastSecond = second
  }
  return `${lastText}${String(whole - second * SECOND_MS).padStart(3, '0')}Z`
}
