/** What a node and the guard of one program say to each other: lines of JSON on a unix socket. Total: what is no such line is passed over. */
import type { Millis } from '../../base/time.js'
import type { GuardEvent as Heard } from '../../hosting/ports.js'

/** Of one line. */
export const LINE_BYTES_MAX = 8_192

export interface GuardSetup {
  readonly service: string
  readonly program: string
  readonly startMs: Millis
  readonly stopMs: Millis
  /** Of its hooks. */
  readonly environment: Readonly<Record<string, string>>
}

export type ToGuard =
  | { readonly type: 'start'; readonly term: number }
  | { readonly type: 'stop' }
  | { readonly type: 'until'; readonly deadline: Millis }
  /** Its last word has been heard: it may end. */
  | { readonly type: 'heard' }

export type GuardEvent = Exclude<Heard, { readonly type: 'health' }>

export type FromGuard =
  /** To whoever comes: how it stands. */
  { readonly type: 'hello'; readonly pid: number; readonly until: Millis } | GuardEvent

export interface GuardRecord {
  readonly service: string
  readonly term: number
  readonly state: 'running' | 'stopped'
  readonly pid: number
  /** Of the host, in which that process ran. */
  readonly bootId: string
}

export const GUARD_RECORD = { format: 'baton-guard', version: 1 } as const

export function lineOf(message: ToGuard | FromGuard): string {
  return `${JSON.stringify(message)}\n`
}

/** Takes text as it comes, and gives whole messages. */
export class LineReader<T extends { readonly type: string }> {
  #rest = ''

  constructor(private readonly types: readonly T['type'][]) {}

  take(text: string): T[] {
    const lines = (this.#rest + text).split('\n')
    this.#rest = (lines.pop() ?? '').slice(-LINE_BYTES_MAX)
    return lines.flatMap((line) => {
      const message = parse(line)
      return message !== undefined && this.types.includes(message.type) ? [message as T] : []
    })
  }
}

export const FROM_GUARD: readonly FromGuard['type'][] = ['hello', 'done', 'fenced']
export const TO_GUARD: readonly ToGuard['type'][] = ['start', 'stop', 'until', 'heard']

export function guardRecordFrom(body: unknown): GuardRecord | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { service, term, state, pid, bootId } = body as Record<string, unknown>
  const isState = state === 'running' || state === 'stopped'
  if (typeof service !== 'string' || typeof term !== 'number' || !isState) return undefined
  if (typeof pid !== 'number' || typeof bootId !== 'string') return undefined
  return { service, term, state, pid, bootId }
}

function parse(line: string): { readonly type: string } | undefined {
  try {
    const value: unknown = JSON.parse(line)
    const isMessage = typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
    return isMessage ? (value as { type: string }) : undefined
  } catch {
    return undefined
  }
}
