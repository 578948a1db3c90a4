/** What `baton up` is told, checked as a whole: one look shows all that is wrong. */
import { canonicalIp, isPort, isWildcard } from '../base/address.js'
import type { LogLevel } from '../base/log.js'

export type Profile = 'lan' | 'fast' | 'wan' | 'test'
export type LogFormat = 'pretty' | 'json'

export const PROFILES: readonly Profile[] = ['lan', 'fast', 'wan', 'test']
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** A peer to ask for the others. The host may be a name; it is looked up whenever it is dialled. */
export interface Seed {
  readonly host: string
  readonly port: number
}

export interface NodeOptions {
  readonly stateDir: string
  /** The node's own address: peers reach it there, and its programs listen there. */
  readonly bind: string
  /** Where the address comes from; the log says so at start. */
  readonly bindFrom: 'flag' | 'first-interface' | 'loopback'
  /** UDP. May equal the control port, which is TCP. */
  readonly gossipPort: number
  readonly controlPort: number
  readonly dataPort: number
  readonly seeds: readonly Seed[]
  readonly profile: Profile
  readonly logFormat: LogFormat
  readonly logLevel: LogLevel
  /** Of this release, for `status`. */
  readonly version: string
}

export const PORT_DEFAULTS = Object.freeze({ gossip: 7440, control: 7440, data: 7441 })

/** Above this a list of seeds is a mistake: one that answers is enough. */
export const SEEDS_MAX = 64

export function checkNodeOptions(options: NodeOptions): string[] {
  const { bind, gossipPort, controlPort, dataPort, seeds } = options
  const problems: string[] = []
  if (canonicalIp(bind) === undefined) problems.push(`--bind ${bind} is no IP address`)
  else if (isWildcard(bind)) problems.push(`--bind ${bind} is no address that peers can reach: give one of this host`)
  for (const [flag, port] of Object.entries({ gossip: gossipPort, control: controlPort, data: dataPort })) {
    if (!isPort(port)) problems.push(`--${flag}-port ${port} is no port: give 1 to 65535`)
  }
  if (controlPort === dataPort) problems.push(`--control-port and --data-port are both ${dataPort}: they must differ`)
  if (seeds.length > SEEDS_MAX) problems.push(`${seeds.length} seeds are given, at most ${SEEDS_MAX} are read`)
  return problems
}

/** `10.0.0.1:7440`, `[2001:db8::1]:7440`, `host-2:7440`, `host-2` with the default port; `undefined` for anything else. */
export function parseSeed(text: string): Seed | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text)
  if (match === null) return undefined
  const [, bracketed, plain = '', port = String(PORT_DEFAULTS.gossip)] = match
  const host = bracketed === undefined ? hostOf(plain) : canonicalIp(bracketed)
  return host === undefined || !isPort(Number(port)) ? undefined : { host, port: Number(port) }
}

function hostOf(text: string): string | undefined {
  // Digits and dots alone would be an address: one that is none is a mistake, not a name.
  if (/^[\d.]+$/.test(text)) return canonicalIp(text)
  return /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,252})$/.test(text) ? text : undefined
}

/** One address of a network interface, as the operating system tells it. */
export interface InterfaceAddress {
  readonly address: string
  readonly family: string
  readonly internal: boolean
}

/** The first IPv4 address of this host that others can reach, or loopback on a host that has none. */
export function chooseBind(addresses: readonly InterfaceAddress[]): Pick<NodeOptions, 'bind' | 'bindFrom'> {
  const first = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)
  return first === undefined
    ? { bind: '127.0.0.1', bindFrom: 'loopback' }
    : { bind: first.address, bindFrom: 'first-interface' }
}
