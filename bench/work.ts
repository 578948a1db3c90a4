/** What is measured, and what one measurement yields. */

export interface Sample {
  /** CPU of all processes of the proxy for one unit: a GB, a request, a connection. */
  readonly cpuUs?: number
  /** Units in a second; GB for bulk. */
  readonly perSecond?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly p999Ms?: number
  readonly errors?: number
  /** How late the load program itself was, p99. */
  readonly lagMs?: number
  /** Resident memory of a connection, by the process's role. */
  readonly memoryBytes?: Readonly<Record<string, number>>
}

export type WorkName = keyof typeof WORKS

export type Work =
  | {
      readonly kind: 'wrk'
      readonly what: string
      readonly unit: string
      readonly connections: number
      readonly isNew: boolean
    }
  | { readonly kind: 'bulk'; readonly what: string; readonly unit: string; readonly isDown: boolean }
  | { readonly kind: 'rate'; readonly what: string; readonly unit: string; readonly connections: number }
  | { readonly kind: 'idle'; readonly what: string; readonly unit: string; readonly connections: number }

export const WORKS = {
  'bulk-up': { kind: 'bulk', what: 'bulk, client to program', unit: 'GB', isDown: false },
  'bulk-down': { kind: 'bulk', what: 'bulk, program to client', unit: 'GB', isDown: true },
  'kept-1': { kind: 'wrk', what: 'kept requests, 1 connection', unit: 'request', connections: 1, isNew: false },
  'kept-64': { kind: 'wrk', what: 'kept requests, 64 connections', unit: 'request', connections: 64, isNew: false },
  'kept-1000': {
    kind: 'wrk',
    what: 'kept requests, 1,000 connections',
    unit: 'request',
    connections: 1_000,
    isNew: false,
  },
  new: {
    kind: 'wrk',
    what: 'a new connection for each request, 64 at a time',
    unit: 'connection',
    connections: 64,
    isNew: true,
  },
  latency: { kind: 'rate', what: 'latency at half load, 64 connections', unit: 'request', connections: 64 },
  idle: { kind: 'idle', what: '10,000 idle connections', unit: 'connection', connections: 10_000 },
} as const satisfies Record<string, Work>

export const WORK_NAMES = Object.keys(WORKS) as WorkName[]
