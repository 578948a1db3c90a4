/** A proxy under load: how it is started, where clients reach it, and whose CPU and memory count. */
import type { Workshop } from './workshop.io.js'

/** Ports of the service; every peer has them on an address of its own. */
export const PORTS = { http: 8088, bulk: 5201 } as const

/** Each peer has a network of 127.0.0.0/8 to itself, so that all run side by side. */
export interface Addresses {
  /** Clients connect to it. */
  readonly service: string
  /** The first hop's own. */
  readonly edge: string
  /** The programs listen here, and the second hop, where there is one. */
  readonly program: string
}

export interface Peer {
  readonly name: string
  readonly what: string
  readonly hops: 1 | 2
  /** Its service address is on no interface of this host before it starts. */
  readonly ownAddress?: boolean
  /** Why it cannot be measured here and what to do about it. */
  missing(): string | undefined
  start(shop: Workshop, at: Addresses): Promise<RunningPeer>
}

export interface RunningPeer {
  /** In the order in which a connection passes them. */
  readonly processes: readonly { readonly role: string; readonly pid: number }[]
  /** Throws where connections do not take the way that is to be measured. */
  check(): Promise<void>
  stop(): Promise<void>
}

/** Runs differ in the third number, so that two of them on one host do not meet. */
export function addressesOf(index: number, hops: 1 | 2, run: number, ownAddress = false): Addresses {
  const net = `127.${20 + index}.${run % 250}`
  // For benchmarks of networks (RFC 2544): nobody else has it.
  const service = ownAddress ? `198.18.${index}.${1 + (run % 250)}` : `${net}.50`
  return { service, edge: hops === 1 ? `${net}.2` : `${net}.1`, program: `${net}.2` }
}
