/** Numbers as people read and type them. */
import { HOUR_MS, MINUTE_MS, type Millis, SECOND_MS } from '../base/time.js'

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `0 B`, `1.5 KiB`, `340 MiB`: three digits at most, so that columns stay narrow. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  // 999.5 and above would be shown with four digits.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit] ?? ''}`
}

/** `1234567` → `1,234,567`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 node`, `2 nodes`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

const SPAN_UNITS: Readonly<Record<string, Millis>> = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: 24 * HOUR_MS }

/** `500ms`, `3s`, `1m30s`, `0`; `undefined` for anything else, a number without a unit among it. */
export function parseSpan(text: string): Millis | undefined {
  if (text === '0') return 0
  if (!/^(\d{1,9}(ms|[smhd]))+$/.test(text)) return undefined
  let sum = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhd])/g)) sum += Number(count) * (SPAN_UNITS[unit ?? ''] ?? 0)
  return sum
}

/** A setting, exactly, as `parseSpan` reads it: `3s`, `1500ms`. */
export function formatSetting(span: Millis): string {
  if (span === 0) return '0'
  for (const unit of ['h', 'm', 's'] as const) {
    const size = SPAN_UNITS[unit] ?? 1
    if (span % size === 0) return `${span / size}${unit}`
  }
  return `${span}ms`
}
