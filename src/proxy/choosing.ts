/** How a service chooses nodes for its connections, and what becomes of those whose node can no longer be chosen. */
import { canonicalIp, formatEndpoint, isPort, isWildcard, parseEndpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import { type FieldSource, readChoice, readText, readWhole, shown } from './field-source.js'
import { includesPort, parsePorts } from './port-list.js'
import type { ChoosingRules, Weighting } from './schedule/rules.js'
import { SCHEDULERS, type SchedulerName } from './schedule/schedulers.js'
import type { HostingSettings } from './service-hosting.js'

/** Connections to a node that is not healthy any more: they stay, the idle ones are closed, or all are. */
export type Closing = 'keep' | 'idle' | 'all'

export interface ChoosingSettings extends Omit<ChoosingRules, 'local'> {
  readonly scheduler: SchedulerName
  /** Connections that wait while every node is full; 0: none waits. */
  readonly queue: number
  /** So long at most. */
  readonly queueMs: Millis
  /** `10.0.0.9:80`: who answers when no node can; reached from the director. Empty: nobody. */
  readonly sorry: string
  /** Healthy nodes that must be there; with fewer the sorry backend answers, and the hook is called. 0: nobody counts. */
  readonly quorum: number
  /** Lost below quorum − slack, there again from quorum + slack on. */
  readonly quorumSlack: number
  /** The program that is told; empty: none. */
  readonly quorumHook: string
  /** When a check finds the node unhealthy; and when its program does not listen any more, or it is not to serve. */
  readonly onUnhealthy: Closing
  readonly onRemoved: Closing
  /** Each at a time of its own within so long. */
  readonly closeOverMs: Millis
  /** What `idle` means. */
  readonly closeIdleMs: Millis
}

export const CHOOSING_DEFAULTS: ChoosingSettings = Object.freeze({
  scheduler: 'round-robin',
  weighting: 'turns',
  load: 'off',
  slowStartMs: 0,
  nodeConnections: 0,
  // A client waits some seconds without being told; more of them than this wait in vain as a rule.
  queue: 1_024,
  queueMs: 5_000,
  sorry: '',
  quorum: 0,
  quorumSlack: 0,
  quorumHook: '',
  // A check may be wrong, and what it says of new connections is not true of those that work.
  onUnhealthy: 'keep',
  onRemoved: 'keep',
  // Clients that are cut off connect again, all at once if they were cut off so.
  closeOverMs: 10_000,
  closeIdleMs: 5_000,
})

export const CHOOSING_FIELDS = Object.keys(CHOOSING_DEFAULTS) as readonly (keyof ChoosingSettings)[]

const WEIGHTINGS: readonly Weighting[] = ['turns', 'smooth']
const LOADS = ['off', 'on'] as const
const CLOSINGS: readonly Closing[] = ['keep', 'idle', 'all']

/** Words of which a newer release may know more, and where every other serves the clients as well. */
export const CHOOSING_WORDS = {
  scheduler: SCHEDULERS,
  weighting: WEIGHTINGS,
  load: LOADS,
  onUnhealthy: CLOSINGS,
  onRemoved: CLOSINGS,
} as const

/** Each in milliseconds. */
const SPANS = {
  slowStartMs: { min: 1_000, max: 3_600_000, orZero: true },
  // The client waits meanwhile, and gives up after a minute or two; looked at ten times a second.
  queueMs: { min: 100, max: 60_000 },
  closeOverMs: { min: 100, max: 3_600_000, orZero: true },
  closeIdleMs: { min: 100, max: 3_600_000 },
} as const

const COUNTS = {
  nodeConnections: { min: 0, max: 1_000_000 },
  // Each costs a socket and some memory of the director.
  queue: { min: 0, max: 65_536 },
  quorum: { min: 0, max: 1_024 },
  quorumSlack: { min: 0, max: 1_024 },
} as const

const PROGRAM = /^\/[^\0\n]{1,254}$/

export function readChoosing(source: FieldSource): ChoosingSettings {
  const span = (field: keyof typeof SPANS) =>
    readWhole(source, field, SPANS[field], CHOOSING_DEFAULTS[field], 'whole milliseconds')
  const count = (field: keyof typeof COUNTS) => readWhole(source, field, COUNTS[field], CHOOSING_DEFAULTS[field])
  const word = <F extends keyof typeof CHOOSING_WORDS>(field: F): ChoosingSettings[F] =>
    readChoice<ChoosingSettings[F]>(
      source,
      field,
      CHOOSING_WORDS[field] as readonly ChoosingSettings[F][],
      CHOOSING_DEFAULTS[field],
    )
  const settings: ChoosingSettings = {
    scheduler: word('scheduler'),
    weighting: word('weighting'),
    load: word('load'),
    slowStartMs: span('slowStartMs'),
    nodeConnections: count('nodeConnections'),
    queue: count('queue'),
    queueMs: span('queueMs'),
    sorry: readEndpoint(source, 'sorry'),
    quorum: count('quorum'),
    quorumSlack: count('quorumSlack'),
    quorumHook: readText(source, 'quorumHook', PROGRAM, 'give the full path of a program, such as /etc/baton/quorum'),
    onUnhealthy: word('onUnhealthy'),
    onRemoved: word('onRemoved'),
    closeOverMs: span('closeOverMs'),
    closeIdleMs: span('closeIdleMs'),
  }
  if (source.isStrict) reportContradictions(source, settings)
  return settings
}

/** What would silently not be done. */
function reportContradictions(source: FieldSource, settings: ChoosingSettings): void {
  const { quorum, quorumSlack, quorumHook, sorry } = settings
  if (isOwnPort(source, sorry)) {
    source.report(
      'sorry',
      `${sorry} is the service itself`,
      'name another program, or none: it would be asked for itself for ever',
    )
  }
  if (quorumSlack > 0 && quorumSlack >= quorum) {
    const hint = 'the quorum could never be lost: give a slack below the quorum, or 0'
    source.report('quorumSlack', `${quorumSlack} is not below the quorum (${quorum})`, hint)
  }
  if (quorumHook !== '' && quorum === 0) source.report('quorumHook', 'is never called', 'say quorum too, or none here')
}

/** What was said and has no effect with this scheduler, in sentences. */
export function notesOnChoosing(service: ChoosingSettings & Pick<HostingSettings, 'mode'>): string[] {
  const { scheduler, weighting, load, slowStartMs, mode } = service
  if (mode === 'single' && scheduler !== CHOOSING_DEFAULTS.scheduler)
    return [`scheduler ${scheduler} has no effect with mode single: there is one node to choose`]
  const notes: string[] = []
  const say = (what: string, knows: readonly string[]) => {
    if (!knows.includes(scheduler))
      notes.push(`${what} has no effect with scheduler ${scheduler}, but with ${knows.join(', ')}`)
  }
  if (weighting === 'smooth') say('weighting smooth', ['weighted'])
  if (load === 'on') say('load on', ['weighted', 'least-connections'])
  if (slowStartMs > 0) say('slow-start', ['round-robin', 'weighted', 'least-connections'])
  return notes
}

function isOwnPort(source: FieldSource, sorry: string): boolean {
  const [endpoint, address, ports] = [parseEndpoint(sorry), source.value('address'), source.value('ports')]
  const own = typeof address === 'string' ? canonicalIp(address) : undefined
  const parsed = parsePorts(String(ports))
  return endpoint?.address === own && parsed.type === 'ports' && includesPort(parsed.ports, endpoint?.port ?? 0)
}

/** `none` is how a command line says nobody. */
function readEndpoint(source: FieldSource, field: 'sorry'): string {
  const value = source.value(field) ?? ''
  if (value === '' || value === 'none') return ''
  const endpoint = typeof value === 'string' ? parseEndpoint(value) : undefined
  if (endpoint !== undefined && isPort(endpoint.port) && !isWildcard(endpoint.address)) return formatEndpoint(endpoint)
  source.report(field, `${shown(value)} is no address with a port`, 'give one such as 10.0.0.9:8080, or none')
  return ''
}
