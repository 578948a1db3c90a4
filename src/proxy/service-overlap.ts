/**
 * Two services on one address and port. A node refuses to make them, but both halves of a partition can do so apart;
 * then every node must come to the same answer alone.
 */
import type { Millis } from '../base/time.js'
import { sharedPort } from './port-list.js'
import { isOwned, type Service } from './service.js'

/** The lowest port on which both would listen at one address; `undefined` if they do not collide. */
export function overlap(a: Service, b: Service): number | undefined {
  return a.address === b.address ? sharedPort(a.ports, b.ports) : undefined
}

/** One says that a host brings their address, the other that it is there already, or comes in another way. */
export function disagree(a: Service, b: Service): boolean {
  const how = (service: Service) => (isOwned(service) ? `${service.own} ${service.hook}` : 'none')
  return a.address === b.address && how(a) !== how(b)
}

export interface CreatedService {
  readonly service: Service
  /** Wall clock of the node that created it, as the registry tells all alike (`createdAtMs` of service-fields). */
  readonly createdAtMs: Millis
}

export interface Shadowed {
  readonly service: Service
  /** The older service that holds the address and `port`. */
  readonly by: string
  readonly port: number
}

export interface ResolvedServices {
  /** No two of them collide. Oldest first. */
  readonly active: readonly Service[]
  /** Kept in the registry, served by nobody until one of the two is changed or removed. */
  readonly shadowed: readonly Shadowed[]
}

/**
 * The older creation wins: it is the one that clients have known longer. Of equal ages the lower name wins. A shadowed
 * service shadows nobody itself.
 */
export function resolveOverlaps(services: readonly CreatedService[]): ResolvedServices {
  const oldestFirst = [...services].sort(byCreation)
  const active: Service[] = []
  const shadowed: Shadowed[] = []
  for (const { service } of oldestFirst) {
    const shadow = shadowOf(service, active)
    if (shadow === undefined) active.push(service)
    else shadowed.push(shadow)
  }
  return { active, shadowed }
}

function shadowOf(service: Service, older: readonly Service[]): Shadowed | undefined {
  for (const other of older) {
    const port = overlap(service, other)
    if (port !== undefined) return { service, by: other.name, port }
  }
  return undefined
}

function byCreation(a: CreatedService, b: CreatedService): number {
  if (a.createdAtMs !== b.createdAtMs) return a.createdAtMs < b.createdAtMs ? -1 : 1
  return a.service.name < b.service.name ? -1 : 1
}
