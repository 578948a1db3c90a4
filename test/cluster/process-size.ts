import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessSize {
  readonly descriptors: number
  /** Resident. */
  readonly mib: number
}

/** What a process has of the host's now. */
export function sizeOf(pid: number): ProcessSize {
  const kib = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, mib: Math.round(Number(kib) / 1_024) }
}
