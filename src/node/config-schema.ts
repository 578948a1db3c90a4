/** What `baton up` is told, checked as a whole: one look shows all that is wrong. */
import { canonicalIp, type Endpoint, isIpv6, isPort, isWildcard } from '../base/address.js'
import type { LogLevel } from '../base/log.js'
import { type Bootstrap, formatBootstrap, parseBootstrap } from '../gossip/discovery/bootstrap.js'
import { type ParsedSeed, parseSeed as parseSeedWithPort, type Seed } from '../gossip/discovery/seeds.js'

import type { DeclaredService, DiscoveryWay } from './control/control-protocol.js'
import { DISCOVERY_DEFAULT, parseDiscovery } from './discovery/discovery-ways.js'
import { PRIORITY_DEFAULT, PRIORITY_MAX } from './roles.js'

export type { Bootstrap, DiscoveryWay, Seed }
export { DISCOVERY_DEFAULT, formatBootstrap, PRIORITY_DEFAULT, PRIORITY_MAX, parseBootstrap, parseDiscovery }

export type Profile = 'lan' | 'fast' | 'wan' | 'test'
export type LogFormat = 'pretty' | 'json'
export type CipherChoice = 'auto' | 'secretstream'
export type EngineChoice = 'auto' | 'epoll' | 'net'

export const PROFILES: readonly Profile[] = ['lan', 'fast', 'wan', 'test']
export const ENGINES: readonly EngineChoice[] = ['auto', 'epoll', 'net']
export const CIPHERS: readonly CipherChoice[] = ['auto', 'secretstream']
/** Data links between two nodes are as many as the lanes of the one with more. */
export const LANES_MAX = 64
export const LOG_FORMATS = ['auto', 'pretty', 'json'] as const

export interface NodeOptions {
  readonly stateDir: string
  /** The node's own address: peers reach it there, and its programs listen there. */
  readonly bind: string
  /** Where the address comes from; the log says so at start. */
  readonly bindFrom: 'flag' | 'file' | 'default-route' | 'first-interface' | 'loopback'
  /** Addresses that it could have been as well, if nobody said which. */
  readonly passedOver?: readonly string[]
  /** UDP. May equal the control port, which is TCP. */
  readonly gossipPort: number
  readonly controlPort: number
  readonly dataPort: number
  readonly seeds: readonly Seed[]
  /** How members are found: by multicast on the LAN, through a DHT, at the seeds that are named. */
  readonly discovery: readonly DiscoveryWay[]
  /** Nodes of the DHT to begin with; none: those of the public network. */
  readonly bootstrap: readonly Bootstrap[]
  readonly profile: Profile
  readonly engine: EngineChoice
  readonly cipher: CipherChoice
  /** Threads that carry connections; as many as cores if not given. */
  readonly lanes?: number
  /** Users by their numbers whose programs serve here; all if not given. */
  readonly listenerUsers?: readonly number[]
  /** Groups that may use the control socket, by their numbers; the owner alone if not given. */
  readonly controlAccess?: { readonly read?: number; readonly write?: number }
  /** A node that only votes. */
  readonly witness: boolean
  /** Router priority, 0 to 255: the highest that lives directs. */
  readonly priority: number
  readonly logFormat: LogFormat
  readonly logLevel: LogLevel
  /** A file, `-` for standard output, or `off`, also if not given. */
  readonly accessLog?: string
  /** Where the status page is served; not given: nowhere. */
  readonly page?: Endpoint
  /** Of this release, for `status`. */
  readonly version: string
  /** Goes on with what the running process of this state folder has. */
  readonly replace?: boolean
  /** From the file of `baton up --config`. */
  readonly declared?: DeclaredServices
}

/** As they are given: without `bind` the node chooses. */
export type NodeSettings = Omit<NodeOptions, 'bind' | 'bindFrom'> & Partial<Pick<NodeOptions, 'bind' | 'bindFrom'>>

/** Services that are there once the node has joined, whatever was there before. */
export interface DeclaredServices {
  /** The file that says so, for the log. */
  readonly file: string
  readonly services: readonly DeclaredService[]
  /** Remove all others. */
  readonly prune: boolean
}

export const PORT_DEFAULTS = Object.freeze({ gossip: 7440, control: 7440, data: 7441 })

/** Above this a list of seeds is a mistake: one that answers is enough. */
export const SEEDS_MAX = 64
export const BOOTSTRAPS_MAX = 16

/** What can be told to a node, as the flags of `baton up` and the keys of its file are called. */
export const NODE_SETTINGS = [
  'state',
  'bind',
  'gossip-port',
  'control-port',
  'data-port',
  'seed',
  'discovery',
  'bootstrap',
  'profile',
  'priority',
  'engine',
  'lanes',
  'cipher',
  'listener-user',
  'control-read-group',
  'control-write-group',
  'log-format',
  'log-level',
  'access-log',
  'page',
] as const

/**
 * In one file. All of them are judged and written in one turn, at about 0.2 ms each: more would hold up the control plane
 * for so long that the node loses what it directs.
 */
export const DECLARED_MAX = 1_024

export type NodeSetting = (typeof NODE_SETTINGS)[number]

export interface SettingProblem {
  readonly setting: NodeSetting
  /** The rest of a sentence that begins with the setting. */
  readonly problem: string
}

export function checkNodeOptions(options: CheckedOptions): string[] {
  return findOptionProblems(options).map(({ setting, problem }) => `--${setting} ${problem}`)
}

export type CheckedOptions = Pick<
  NodeSettings,
  'bind' | 'gossipPort' | 'controlPort' | 'dataPort' | 'priority' | 'lanes' | 'seeds'
> &
  Partial<Pick<NodeSettings, 'bootstrap' | 'discovery'>>

export function findOptionProblems(options: CheckedOptions): SettingProblem[] {
  const {
    bind,
    gossipPort,
    controlPort,
    dataPort,
    priority,
    lanes = 1,
    seeds,
    bootstrap = [],
    discovery = [],
  } = options
  const problems: SettingProblem[] = []
  const report = (setting: NodeSetting, problem: string) => problems.push({ setting, problem })
  if (bind !== undefined && canonicalIp(bind) === undefined) report('bind', `${bind} is no IP address`)
  else if (bind !== undefined && isWildcard(bind))
    report('bind', `${bind} is no address that peers can reach: give one of this host`)
  const ports = { 'gossip-port': gossipPort, 'control-port': controlPort, 'data-port': dataPort } as const
  for (const setting of ['gossip-port', 'control-port', 'data-port'] as const) {
    const port = ports[setting]
    if (!isPort(port)) report(setting, `${port} is no port: give 1 to 65535`)
  }
  if (!Number.isInteger(priority) || priority < 0 || priority > PRIORITY_MAX)
    report('priority', `${priority} is not possible: give 0 to ${PRIORITY_MAX}`)
  if (!Number.isInteger(lanes) || lanes < 1 || lanes > LANES_MAX)
    report('lanes', `${lanes} is not possible: give 1 to ${LANES_MAX}`)
  else if (isPort(dataPort) && dataPort + lanes > 65_536)
    report('data-port', `${dataPort} leaves no room for ${lanes} lanes, which listen on the ports that follow it`)
  const isData = (port: number) => port >= dataPort && port < dataPort + lanes
  if (controlPort !== dataPort && isData(controlPort))
    report('data-port', `${dataPort} to ${dataPort + lanes - 1} include the control port: they must differ`)
  if (controlPort === dataPort) report('data-port', `${dataPort} is the control port as well: they must differ`)
  if (seeds.length > SEEDS_MAX) report('seed', `is given ${seeds.length} times, at most ${SEEDS_MAX} are read`)
  if (bootstrap.length > BOOTSTRAPS_MAX)
    report('bootstrap', `is given ${bootstrap.length} times, at most ${BOOTSTRAPS_MAX} are asked`)
  if (bootstrap.length > 0 && !discovery.includes('swarm'))
    report('bootstrap', 'is for discovery by swarm alone: give --discovery lan,swarm,seeds as well')
  return problems
}

/** As the seeds' own parser reads it, but the port may be left out: `host-2` is `host-2:7440`. */
export function parseSeed(text: string): ParsedSeed {
  const address = canonicalIp(text)
  if (address === undefined && /:\d+$/.test(text)) return parseSeedWithPort(text)
  const host = address !== undefined && isIpv6(address) ? `[${address}]` : text
  return parseSeedWithPort(`${host}:${PORT_DEFAULTS.gossip}`)
}

export type ParsedPage = { readonly page: Endpoint | undefined } | { readonly problem: string }

/** `off`, a port of the loopback address, or `ADDRESS:PORT` (`[::1]:7480`). */
export function parsePage(text: string): ParsedPage {
  if (text === 'off') return { page: undefined }
  const [, bare, inner, digits = ''] = /^(?:([^[\]:]+):|\[([^\]]+)\]:)?(\d{1,5})$/.exec(text) ?? []
  const host = bare ?? inner
  const address = host === undefined ? '127.0.0.1' : host === 'localhost' ? '127.0.0.1' : canonicalIp(host)
  const port = Number(digits)
  if (address !== undefined && digits !== '' && isPort(port)) return { page: { address, port } }
  return { problem: `'${text}' is no place for the page: give off, a port such as 7480, or ADDRESS:PORT` }
}

const NODE_NAME = /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/

/** What is wrong with the name of a node. */
export function checkNodeName(name: string): string | undefined {
  return NODE_NAME.test(name)
    ? undefined
    : `'${name}' is no name for a node: use 1 to 63 of a-z, A-Z, 0-9, '.', '_' and '-', beginning and ending with a letter or digit`
}

/** A name made of the host's: its first label, without what a name cannot have. */
export function nodeNameOf(hostName: string): string {
  const label = (hostName.split('.')[0] ?? '').replace(/[^a-zA-Z0-9_-]/g, '').slice(0, 63)
  return label.replace(/^[^a-zA-Z0-9]+|[^a-zA-Z0-9]+$/g, '') || 'node'
}
