/** Reports of lanes on services, put together. */
import type { IntroductionReport, PlacementReport, RevivalReport, ServiceReport, UploadsReport } from './lane-report.js'
import type { OutwardReport } from './outward-report.js'

const COUNTS = ['revived', 'proven', 'filled', 'reset', 'gone', 'unverified'] as const

export const NOTHING_PLACED: PlacementReport = {
  waiting: 0,
  closing: 0,
  queued: 0,
  queueFull: 0,
  queueTimeouts: 0,
  sorry: 0,
  closed: 0,
  parked: 0,
  resumed: 0,
  givenUp: 0,
  readmitted: 0,
  readmitLost: 0,
}

const NOTHING_MADE: OutwardReport = { connections: 0, dialling: 0, limit: 0 }
export const NOBODY_INTRODUCED: IntroductionReport = { waiting: 0, taken: 0, malformed: 0, late: 0, ended: 0 }

/** Of all lanes: one row for each service. */
export function mergedServices(rows: readonly ServiceReport[]): ServiceReport[] {
  const merged = new Map<string, ServiceReport>()
  for (const row of rows) {
    const before = merged.get(row.service)
    merged.set(row.service, before === undefined ? row : joined(before, row))
  }
  return [...merged.values()]
}

/** Added up by their words. */
export function sumsOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [word, count] of all.flatMap((one) => Object.entries(one))) sums[word] = (sums[word] ?? 0) + count
  return sums
}

function joined(a: ServiceReport, b: ServiceReport): ServiceReport {
  return {
    service: a.service,
    directed: a.directed + b.directed,
    survivable: a.survivable + b.survivable,
    mortal: sumsOf([a.mortal, b.mortal]),
    revivals: joinedRevivals(a.revivals, b.revivals),
    placement: joinedPlacements(a.placement, b.placement),
    ...joinedUploads(a.uploads, b.uploads),
    outward: joinedOutward(a.outward, b.outward),
    introductions: joinedIntroductions(a.introductions, b.introductions),
  }
}

/** Lanes hear of a changed setting one after the other. */
function joinedUploads(a?: UploadsReport, b?: UploadsReport): Pick<ServiceReport, 'uploads'> {
  if (a === undefined || b === undefined)
    return a === undefined && b === undefined ? {} : { uploads: (a ?? b) as UploadsReport }
  return { uploads: { held: a.held + b.held, unheld: sumsOf([a.unheld, b.unheld]) } }
}

function joinedRevivals(a: RevivalReport, b: RevivalReport): RevivalReport {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, a[name] + b[name]])) as Record<
    (typeof COUNTS)[number],
    number
  >
  return { ...counts, failures: sumsOf([a.failures, b.failures]) }
}

function joinedOutward(a = NOTHING_MADE, b = NOTHING_MADE): OutwardReport {
  const [fullest] = [a.fullest, b.fullest].filter((one) => one !== undefined).sort((x, y) => y.ports - x.ports)
  return {
    connections: a.connections + b.connections,
    dialling: a.dialling + b.dialling,
    limit: Math.max(a.limit, b.limit),
    ...(fullest && { fullest }),
  }
}

function joinedPlacements(a = NOTHING_PLACED, b = NOTHING_PLACED): PlacementReport {
  const sum = (field: keyof PlacementReport) => (a[field] ?? 0) + (b[field] ?? 0)
  return {
    waiting: sum('waiting'),
    closing: sum('closing'),
    queued: sum('queued'),
    queueFull: sum('queueFull'),
    queueTimeouts: sum('queueTimeouts'),
    sorry: sum('sorry'),
    closed: sum('closed'),
    parked: sum('parked'),
    resumed: sum('resumed'),
    givenUp: sum('givenUp'),
    readmitted: sum('readmitted'),
    readmitLost: sum('readmitLost'),
  }
}

function joinedIntroductions(a = NOBODY_INTRODUCED, b = NOBODY_INTRODUCED): IntroductionReport {
  const sum = (field: keyof IntroductionReport) => a[field] + b[field]
  return {
    waiting: sum('waiting'),
    taken: sum('taken'),
    malformed: sum('malformed'),
    late: sum('late'),
    ended: sum('ended'),
  }
}
