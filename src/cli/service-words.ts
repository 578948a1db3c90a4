/** The fields of a service in the words of the command line and of files: names of flags, values as they are typed. */
import type { ServiceDefinitionView } from '../node/control/control-protocol.js'
import { formatSetting, parseSpan } from './units.js'

type Field = Exclude<keyof ServiceDefinitionView, 'name'>

/** In the order in which they are shown. */
const FIELDS = {
  address: 'address',
  ports: 'ports',
  own: 'own',
  hook: 'hook',
  interface: 'interface',
  hide: 'hide',
  reserve: 'reserve',
  outward: 'outward',
  'outward-to': 'outwardTo',
  'out-alias': 'outAlias',
  'proxy-protocol': 'proxyProtocol',
  'accept-proxy': 'acceptProxy',
  source: 'source',
  scheduler: 'scheduler',
  weighting: 'weighting',
  load: 'load',
  'slow-start': 'slowStartMs',
  'node-connections': 'nodeConnections',
  queue: 'queue',
  'queue-timeout': 'queueMs',
  sorry: 'sorry',
  quorum: 'quorum',
  'quorum-slack': 'quorumSlack',
  'quorum-hook': 'quorumHook',
  'on-unhealthy': 'onUnhealthy',
  'on-removed': 'onRemoved',
  'close-over': 'closeOverMs',
  'close-idle': 'closeIdleMs',
  local: 'local',
  'connect-timeout': 'connectMs',
  'idle-timeout': 'idleMs',
  park: 'parkMs',
  keepalive: 'keepaliveMs',
  uploads: 'uploads',
  failback: 'failback',
  alone: 'alone',
  check: 'check',
  'check-from': 'checkFrom',
  'check-port': 'checkPort',
  'check-send': 'checkSend',
  'check-expect': 'checkExpect',
  'check-path': 'checkPath',
  'check-status': 'checkStatus',
  'check-command': 'checkCommand',
  'check-interval': 'checkEveryMs',
  'check-timeout': 'checkTimeoutMs',
  'check-rise': 'checkRise',
  'check-fall': 'checkFall',
  'passive-limit': 'passiveLimit',
  'passive-decay': 'passiveDecayMs',
  mode: 'mode',
  program: 'program',
  'start-timeout': 'startMs',
  'stop-timeout': 'stopMs',
  hold: 'holdMs',
  'restart-attempts': 'restartAttempts',
  'failure-threshold': 'failureThreshold',
  'failure-interval': 'failureIntervalMs',
  hosting: 'hosting',
  placement: 'placement',
  requires: 'requires',
} as const satisfies Readonly<Record<string, Field>>

export type ServiceFlag = keyof typeof FIELDS

export const SERVICE_FLAGS = Object.keys(FIELDS) as readonly ServiceFlag[]

export function fieldOf(flag: ServiceFlag): Field {
  return FIELDS[flag]
}

/** `connectMs` → `connect-timeout`; what a newer node may name keeps its name. */
export function flagOf(field: string): string {
  return SERVICE_FLAGS.find((flag) => FIELDS[flag] === field) ?? field
}

/** A value as `readServiceFlag` reads it. */
export function wordOf(field: string, value: string | number): string {
  if (value === '') return 'none'
  return typeof value === 'number' && field.endsWith('Ms') ? formatSetting(value) : String(value)
}

export type ReadFlag =
  | { readonly type: 'value'; readonly value: string | number }
  /** The rest of a sentence that begins with the flag. */
  | { readonly type: 'problem'; readonly problem: string; readonly hint: string }

/** Only its form; whether the value is possible is the node's to say. */
export function readServiceFlag(flag: ServiceFlag, text: string): ReadFlag {
  if (!FIELDS[flag].endsWith('Ms')) return { type: 'value', value: text }
  const span = parseSpan(text)
  if (span !== undefined) return { type: 'value', value: span }
  const hint = 'write a number with its unit: 500ms, 3s, 2m, 1h, or 0'
  return { type: 'problem', problem: `${text} is no span of time`, hint }
}
