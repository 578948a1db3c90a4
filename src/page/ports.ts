/** What the status page shows. Whoever serves it puts this together, and hands it over as it is now. */
import type { Millis } from '../base/time.js'

export interface Overview {
  /** Wall clock, milliseconds since 1970. */
  readonly at: Millis
  readonly node: { readonly name: string; readonly version: string; readonly upMs: Millis }
  readonly voters: { readonly all: number; readonly reachable: number; readonly quorum: number }
  readonly nodes: readonly NodeCard[]
  readonly services: readonly ServiceCard[]
  readonly totals: Totals
  readonly history: History
  /** The newest first. */
  readonly events: readonly Happening[]
  readonly warnings: readonly string[]
}

export interface NodeCard {
  readonly name: string
  readonly self: boolean
  readonly state: 'alive' | 'suspect' | 'down' | 'left'
  readonly sinceMs: Millis
  readonly address: string
  readonly role: 'node' | 'witness' | 'leaving'
  readonly voter: boolean
  readonly drained: boolean
  /** The control link from here; empty: it stands. */
  readonly link: string
}

export interface ServiceCard {
  readonly name: string
  readonly address: string
  readonly ports: string
  /** `undefined`: nobody. */
  readonly director: string | undefined
  readonly term: number | undefined
  readonly serving: 'yes' | 'no' | 'unknown'
  /** Why that director, or why none. */
  readonly why: string
  readonly problem: string | undefined
  readonly backends: readonly BackendDot[]
  /** Splices with a half on this node. */
  readonly splices: number
  /** Where this node directs it. */
  readonly survival: { readonly directed: number; readonly survivable: number } | undefined
  /** Splices over the last hour, the oldest first. */
  readonly trend: readonly number[]
}

export interface BackendDot {
  readonly node: string
  readonly port: number
  readonly state: string
  readonly why: string
  readonly splices: number
}

export interface Totals {
  readonly splices: number
  readonly directed: number
  readonly survivable: number
  /** Of those that would not live on, how many for each reason. */
  readonly mortal: Readonly<Record<string, number>>
  readonly accepted: number
  readonly refused: number
  /** A second, over the last sample. */
  readonly rates: { readonly accepted: number; readonly up: number; readonly down: number }
}

/** Samples at equal distances, the last one of `endAt`; as many of each. */
export interface History {
  readonly stepMs: Millis
  /** Wall clock. */
  readonly endAt: Millis
  readonly splices: readonly number[]
  readonly accepted: readonly number[]
  readonly up: readonly number[]
  readonly down: readonly number[]
}

export interface Happening {
  readonly at: Millis
  readonly tone: 'change' | 'good' | 'warn' | 'bad' | 'note'
  readonly text: string
  /** Whom it concerns: those of one service can be marked where that is drawn. */
  readonly service: string | undefined
  /** Who directs is another from then on. */
  readonly isHandover: boolean
}

export interface PageSource {
  overview(): Promise<Overview>
  /** In the text format of Prometheus. */
  metrics(): Promise<string>
}
