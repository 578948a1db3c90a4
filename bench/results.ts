/** All that a run found: what is written to latest.json, and what table, judgement and chart are made from. */
import { ratios, type Spread, spreadOf } from './statistics.js'
import type { Sample, WorkName } from './work.js'

export interface PeerLine {
  readonly name: string
  readonly what: string
  readonly hops: 1 | 2
}

/** By round; a measurement that failed leaves a hole. */
export type Series = readonly (Sample | undefined)[]

export interface Results {
  readonly machine: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string>>
  readonly peers: readonly PeerLine[]
  readonly samples: Readonly<Partial<Record<WorkName, Readonly<Record<string, Series>>>>>
  /** What could not be measured, and why. */
  readonly missing: readonly string[]
  readonly failures: readonly string[]
}

/** What may be compared: a field of a sample, or the memory of the process that clients connect to. */
export type Quantity = 'cpuUs' | 'perSecond' | 'p50Ms' | 'p99Ms' | 'p999Ms' | 'memoryBytes'

export function valuesOf(results: Results, work: WorkName, peer: string, quantity: Quantity): (number | undefined)[] {
  return (results.samples[work]?.[peer] ?? []).map((sample) =>
    quantity === 'memoryBytes' ? Object.values(sample?.memoryBytes ?? {})[0] : sample?.[quantity],
  )
}

export function spreadIn(results: Results, work: WorkName, peer: string, quantity: Quantity): Spread | undefined {
  return spreadOf(valuesOf(results, work, peer, quantity).filter((value) => value !== undefined))
}

/** Of the ratios of each round to another peer's value in the same round. */
export function ratioIn(
  results: Results,
  work: WorkName,
  peer: string,
  base: string,
  quantity: Quantity,
): Spread | undefined {
  return spreadOf(ratios(valuesOf(results, work, peer, quantity), valuesOf(results, work, base, quantity)))
}

/** The peer of its kind: HAProxy with as many hops, and with TLS between them. */
export function baseOf(peer: Pick<PeerLine, 'hops'>): string {
  return peer.hops === 1 ? 'haproxy' : 'haproxy-tls'
}
