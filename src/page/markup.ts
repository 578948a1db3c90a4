/** Text as HTML, and figures as people read them. What comes from outside passes `text` before it is markup. */
import { formatSpan, MINUTE_MS, type Millis } from '../base/time.js'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function text(raw: string): string {
  return raw.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '')
}

/** No longer than `most` signs: names of services may be long, and boxes are not. */
export function clipped(raw: string, most: number): string {
  return text(raw.length <= most ? raw : `${raw.slice(0, most - 1)}…`)
}

/** `12,345`; from a million on `1.2 M`. */
export function figure(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)} G`
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Powers of a thousand, three digits at most. */
export function bytes(value: number): string {
  let [rest, unit] = [Math.max(0, value), 0]
  while (rest >= 1_000 && unit < UNITS.length - 1) {
    rest /= 1_000
    unit++
  }
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${UNITS[unit]}`
}

export function share(part: number, whole: number): string {
  if (whole === 0) return '–'
  // 99.97 % is not all.
  const percent = part === whole ? 100 : Math.min(99, Math.floor((part * 100) / whole))
  return `${percent} %`
}

export function ago(ms: Millis): string {
  if (ms < 2_000) return 'now'
  const minutes = Math.floor(ms / MINUTE_MS)
  if (minutes < 1 || minutes >= 120) return `${formatSpan(ms)} ago`
  return `${minutes} min ago`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${figure(count)} ${count === 1 ? one : many}`
}
