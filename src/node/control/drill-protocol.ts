/** What a drill says before and afterwards: part of the control protocol. */

import type { Millis } from '../../base/time.js'
import type { RevivalReport } from '../../proxy/lane-report.js'
import type { NodeRef } from './node-ref.js'

/** What a drill does to a director. */
export const FAULTS = ['kill', 'pause', 'move'] as const
export type Fault = (typeof FAULTS)[number]

/** `POST /v1/services/:name/drill`: carried out if the director is still the one that the operator was told of. */
export interface DrillRequest {
  readonly fault: Fault
  /** Of the plan. */
  readonly term: number
}

/** `GET /v1/services/:name/drill?fault=…`: what would happen. */
export interface DrillPlan {
  readonly service: string
  readonly fault: Fault
  readonly director: NodeRef
  readonly term: number
  /** Where the drill runs: it watches from there. */
  readonly by: NodeRef
  /** The first of those that could take over. */
  readonly next: NodeRef
  /** Without a majority, as the service allows. */
  readonly alone: boolean
  /** Voters that are left, and how many are needed. */
  readonly votersLeft: number
  readonly quorum: number
  readonly connections: DrillConnections
  /** Other services of the same director, which the fault hits as well. */
  readonly also: readonly (DrillConnections & { readonly service: string })[]
  /** Connections that other nodes direct and that end at programs of the director's host: a dead process ends them. */
  readonly forOthers: number
  /** The service manager of its host starts it again. */
  readonly supervised: boolean
  /** How long it would stand still. */
  readonly pauseMs: Millis
}

/** Of the connections now: how many are expected to live on. */
export interface DrillConnections {
  readonly directed: number
  readonly expected: number
  /** To programs on the director's own host: both halves are in one process. A move takes them along, a death does not. */
  readonly local: number
  /** Of the others: how many for each reason. */
  readonly mortal: Readonly<Record<string, number>>
}

/** What the next director found. */
export type DrillVerdicts = RevivalReport

export interface DrillReport extends DrillPlan {
  /** Wall clock of the node where it ran. */
  readonly atMs: Millis
  /** Who directs now; `null`: nobody took over in time. */
  readonly to: NodeRef | null
  readonly toTerm: number | null
  readonly verdicts: DrillVerdicts | null
  /** Connections of the service that it directs then, new ones among them. */
  readonly after: number | null
  /** From the fault until the next director's word that it serves was heard here. */
  readonly servingMs: Millis | null
  /** From the fault until a new TCP connection from here to the service was accepted; `null`: see `darkWhy`. */
  readonly darkMs: Millis | null
  readonly darkWhy: string
  /** The node that was hit answers again. */
  readonly back: boolean
}

/** The last drill of a service, as every node remembers it. */
export interface DrillRecordView {
  readonly atMs: Millis
  readonly fault: Fault
  readonly by: string
  readonly from: string
  /** Empty: nobody took over. */
  readonly to: string
  readonly connections: number
  readonly expected: number
  readonly local: number
  readonly revived: number
  readonly proven: number
  readonly filled: number
  readonly reset: number
  readonly gone: number
  readonly unverified: number
  readonly failed: number
  readonly servingMs: Millis | null
  readonly darkMs: Millis | null
}
