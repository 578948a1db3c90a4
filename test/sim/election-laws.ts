/** What must be true of votes and of the electorate, whatever happened; and what a simulated node consists of. */
import type { NodeId, Term } from '../../src/base/ids.js'
import type { CarriedElections } from '../../src/election/carried.js'
import type { DurableRecord } from '../../src/election/durable-state.js'
import type { Elections } from '../../src/election/elections.js'

export const CANDIDATE = { directs: true, diesWithProcess: false, probesRivals: false } as const

export interface SimNode {
  readonly id: NodeId
  readonly index: number
  readonly offset: number
  readonly rate: number
  readonly records: DurableRecord[]
  readonly acting: Map<string, { term: Term; deadline: number }>
  machine: Elections | undefined
  life: number
  /** Of this life or an earlier one. */
  process: number
  wakeAt: number
  pausedUntil: number
}

/** What a faulty release would carry from one process to the next. */
export function forgetful(carried: CarriedElections): CarriedElections {
  return { ...carried, voter: { ...carried.voter, grants: [], held: [] } }
}

/** A vote goes to no lower number than one before it, and to one holder in a number. */
export function voteProblem(before: readonly DurableRecord[], record: DurableRecord): string | undefined {
  if (record.kind !== 'vote') return undefined
  for (const earlier of before) {
    if (earlier.kind !== 'vote' || earlier.service !== record.service) continue
    const isLower = record.term.number < earlier.term.number
    const isOther = record.term.number === earlier.term.number && record.term.holder !== earlier.term.holder
    if (isLower || isOther) return `votes in term ${record.term.number} after ${earlier.term.number}`
  }
  return undefined
}

/** When all is calm all nodes agree on who votes, and all do. */
export function electorateProblem(
  all: readonly (ReturnType<Elections['electorate']> | undefined)[],
): string | undefined {
  const views = new Set(all.map((one) => JSON.stringify([one?.epoch, one?.voters])))
  if (views.size !== 1) return `nodes disagree on the electorate: ${[...views].join(' ')}`
  const voters = all[0]?.voters.length
  return voters === all.length ? undefined : `${voters} of ${all.length} nodes vote`
}
