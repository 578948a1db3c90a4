/** The last drill of each service, as an entry `drill/NAME` of the registry: every node remembers it. */
import type { Fields } from '../../gossip/entry.js'
import type { Changes } from '../../gossip/registry.js'
import { type DrillRecordView, type DrillReport, FAULTS } from '../control/drill-protocol.js'

const TEXTS = ['by', 'from', 'to'] as const
const COUNTS = [
  'atMs',
  'connections',
  'expected',
  'local',
  'revived',
  'proven',
  'filled',
  'reset',
  'gone',
  'unverified',
  'failed',
] as const
const SPANS = ['servingMs', 'darkMs'] as const

export function drillKey(service: string): string {
  return `drill/${service}`
}

export function recordOf(report: DrillReport): DrillRecordView {
  const { atMs, fault, by, director, to, connections, verdicts, servingMs, darkMs } = report
  const { directed, expected, local } = connections
  const { revived = 0, proven = 0, filled = 0, reset = 0, gone = 0, unverified = 0, failures = {} } = verdicts ?? {}
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
  const names = { by: by.name, from: director.name, to: to?.name ?? '' }
  const found = { revived, proven, filled, reset, gone, unverified, failed }
  return { atMs, fault, ...names, connections: directed, expected, local, ...found, servingMs, darkMs }
}

/** All of it each time: `null` unsets what an earlier drill had. */
export function changesOf(record: DrillRecordView): Changes {
  return { ...record }
}

/** `undefined`: there is none, or another release wrote it. */
export function recordFrom(fields: Fields | undefined): DrillRecordView | undefined {
  const fault = FAULTS.find((one) => one === fields?.['fault'])
  if (fields === undefined || fault === undefined) return undefined
  const number = (name: string) => (typeof fields[name] === 'number' ? fields[name] : undefined)
  const counts = Object.fromEntries(COUNTS.map((name) => [name, number(name) ?? 0]))
  const spans = Object.fromEntries(SPANS.map((name) => [name, number(name) ?? null]))
  const texts = Object.fromEntries(TEXTS.map((name) => [name, String(fields[name] ?? '')]))
  return { fault, ...counts, ...spans, ...texts } as unknown as DrillRecordView
}
