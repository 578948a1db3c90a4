/** What a service is: an address with ports that the nodes serve together, and how its connections are treated. */
import { isLoopback } from '../base/address.js'
import type { Millis } from '../base/time.js'
import { CHOOSING_DEFAULTS, type ChoosingSettings } from './choosing.js'
import { formatPorts, type PortList } from './port-list.js'
import type { LocalPreference } from './schedule/rules.js'
import { CHECK_DEFAULTS, type CheckSettings } from './service-check.js'
import { HOSTING_DEFAULTS, type HostingSettings } from './service-hosting.js'
import { IDENTITY_DEFAULTS, type IdentitySettings } from './service-identity.js'
import { OUTWARD_DEFAULTS, type OutwardSettings } from './service-outward.js'

/** Whether a service goes back to the more preferred node when that one returns. */
export type Failback = 'off' | 'on'

/** When a client is told that its bytes have come: at once by the kernel, or when they would outlive the director. */
export type Uploads = 'fast' | 'survive'

/**
 * How the director comes to have the address: on a device that dies with its process; it is there already, on every node
 * that may direct; or a program of the operator brings it and takes it away.
 */
export type Own = 'tun' | 'none' | 'hook'

export interface Service extends CheckSettings, ChoosingSettings, HostingSettings, IdentitySettings, OutwardSettings {
  readonly name: string
  /** Canonical IP. */
  readonly address: string
  readonly ports: PortList
  readonly own: Own
  /** The program for `hook`; empty otherwise. */
  readonly hook: string
  /** Names, by commas, of the interfaces on which the address is announced; empty: where it fits a subnet. */
  readonly interface: string
  /** Ports, as `ports` are written, on which nodes answer other hosts by this address alone and not by their own; empty: none. */
  readonly hide: string
  /** Ports, likewise, that nodes give to nobody who asks for any port; empty: none. */
  readonly reserve: string
  /** When the director's own host serves: after all others, like every other, or before them. */
  readonly local: LocalPreference
  /** A splice that carries nothing for so long is ended; 0: never. */
  readonly idleMs: Millis
  /** Limit of one attempt to reach a backend; then another node is tried. */
  readonly connectMs: Millis
  /** A client that waits for nothing is kept for so long when its program is gone, until another serves it; 0: it is not. */
  readonly parkMs: Millis
  /** TCP keepalive on both legs begins after so much silence. */
  readonly keepaliveMs: Millis
  readonly uploads: Uploads
  readonly failback: Failback
  /** Name of the one node that may direct without a majority, where two vote and the other is gone; empty: none. */
  readonly alone: string
}

export type ServiceSettings = Omit<Service, 'name' | 'address' | 'ports'>

export const SERVICE_DEFAULTS: ServiceSettings = Object.freeze({
  own: 'tun',
  hook: '',
  interface: '',
  hide: '',
  reserve: '',
  ...IDENTITY_DEFAULTS,
  ...CHOOSING_DEFAULTS,
  // Of a service whose address Baton brings it is 'last' (`localDefault`).
  local: 'equal',
  // Many protocols are silent for hours and right to be; whoever wants a limit knows the protocol.
  idleMs: 0,
  // Two SYN retransmissions (1 s, 2 s apart) fit in; a program that needs longer to accept is overloaded.
  connectMs: 3_000,
  // A program whose talk depends on what was said before would misunderstand: whoever knows the protocol says so.
  parkMs: 0,
  // Well below the five minutes after which common firewalls forget a silent connection.
  keepaliveMs: 30_000,
  // Whoever has much to send would wait for two hosts instead of one.
  uploads: 'fast',
  // A move costs something, and a director that serves is as good as another.
  failback: 'off',
  // Two nodes that cannot see each other must not both direct; who accepts that risk says so.
  alone: '',
  ...CHECK_DEFAULTS,
  ...HOSTING_DEFAULTS,
  ...OUTWARD_DEFAULTS,
})

/** Connections to the front door (lane-protocol) have it from there. */
export const DOOR_KEEPALIVE_MS: Millis = SERVICE_DEFAULTS.keepaliveMs

export const OWNS: readonly Own[] = ['tun', 'none', 'hook']
export const UPLOADS: readonly Uploads[] = ['fast', 'survive']
export const FAILBACKS: readonly Failback[] = ['off', 'on']
export const LOCAL_PREFERENCES: readonly LocalPreference[] = ['last', 'equal', 'first']

export interface SpanLimits {
  readonly minMs: Millis
  readonly maxMs: Millis
  /** 0 switches the limit off. */
  readonly orZero: boolean
}

export type SpanField =
  | 'idleMs'
  | 'connectMs'
  | 'parkMs'
  | 'keepaliveMs'
  | 'slowStartMs'
  | 'queueMs'
  | 'closeOverMs'
  | 'closeIdleMs'

export const SPAN_LIMITS: Readonly<Record<'idleMs' | 'connectMs' | 'parkMs' | 'keepaliveMs', SpanLimits>> = {
  // Below a second, an ordinary pause of a program would end its connection; a week outlives every forgotten session.
  idleMs: { minMs: 1_000, maxMs: 604_800_000, orZero: true },
  // The client waits meanwhile, and gives up after a minute or two.
  connectMs: { minMs: 100, maxMs: 60_000, orZero: false },
  // Beyond an hour its user has gone home.
  parkMs: { minMs: 1_000, maxMs: 3_600_000, orZero: true },
  // The kernel counts TCP_KEEPIDLE in seconds and takes at most 32767.
  keepaliveMs: { minMs: 1_000, maxMs: 32_767_000, orZero: false },
}

/**
 * A splice whose program is on the director's own host ends with that host, the others live on (docs/handoff.md): as long as there is
 * another node, that one serves. Where no splice lives on nothing would be won, and one node in n would serve nobody.
 */
export function localDefault(service: Pick<Service, 'own' | 'address'>): LocalPreference {
  return isOwned(service) ? 'last' : 'equal'
}

/** Loopback addresses are every host's already. */
export function isOwned({ own, address }: Pick<Service, 'own' | 'address'>): boolean {
  return own !== 'none' && !isLoopback(address)
}

/**
 * What is elected a director for: an address, since one host has it at a time; or, where every host has it, a service. An
 * address is no name of a service, so the two are never the same.
 */
export function contestOf(service: Service): string {
  return isOwned(service) ? service.address : service.name
}

/** Same definition in every respect; both as `parseService` makes them, with the fields in one order. */
export function sameService(a: Service, b: Service): boolean {
  return definitionText(a) === definitionText(b)
}

function definitionText(service: Service): string {
  return JSON.stringify({ ...service, ports: formatPorts(service.ports) })
}
