/** Flags that several commands take, and their values as the node wants them. */
import { Flags } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { parseSpan } from './units.js'

export const watchFlag = Flags.boolean({ description: 'show it again every second until Ctrl-C', exclusive: ['json'] })

export const serviceFlags = {
  address: Flags.string({ description: 'IP address that clients connect to', helpValue: 'IP' }),
  ports: Flags.string({ description: 'ports, and ranges of ports', helpValue: '8080,9000-9010' }),
  'proxy-protocol': Flags.string({
    description: 'what backends are told of the client: a PROXY protocol header, or nothing',
    options: ['v2', 'off'],
  }),
  scheduler: Flags.string({ description: 'how a node is chosen for each connection', options: ['round-robin'] }),
  local: Flags.string({
    description: "when the director's own host serves: after all others, like every other, or before them",
    options: ['last', 'equal', 'first'],
  }),
  'connect-timeout': Flags.string({
    description: 'limit of one attempt to reach a backend; then another is tried',
    helpValue: '3s',
  }),
  'idle-timeout': Flags.string({
    description: 'end connections that carry nothing for so long; 0: never',
    helpValue: '0',
  }),
  keepalive: Flags.string({ description: 'TCP keepalive begins after so much silence', helpValue: '30s' }),
  failback: Flags.string({
    description: 'hand the service back to the more preferred node when that one returns',
    options: ['off', 'on'],
  }),
  alone: Flags.string({
    description: 'in a cluster of two voters: the one node that may direct while the other is gone (none: nobody)',
    helpValue: 'NODE',
  }),
  force: Flags.boolean({ description: 'accept an address that this host does not have; another node may have it' }),
}

interface ServiceFlagValues {
  readonly address?: string | undefined
  readonly ports?: string | undefined
  readonly 'proxy-protocol'?: string | undefined
  readonly scheduler?: string | undefined
  readonly local?: string | undefined
  readonly 'connect-timeout'?: string | undefined
  readonly 'idle-timeout'?: string | undefined
  readonly keepalive?: string | undefined
  readonly failback?: string | undefined
  readonly alone?: string | undefined
}

/** Only what was given: `set` leaves the rest as it is, `add` takes the defaults. */
export function serviceFieldsOf(flags: ServiceFlagValues): Record<string, string | number> {
  const fields: Record<string, string | number | undefined> = {
    address: flags.address,
    ports: flags.ports,
    proxyProtocol: flags['proxy-protocol'],
    scheduler: flags.scheduler,
    local: flags.local,
    connectMs: spanOf('connect-timeout', flags['connect-timeout']),
    idleMs: spanOf('idle-timeout', flags['idle-timeout']),
    keepaliveMs: spanOf('keepalive', flags.keepalive),
    failback: flags.failback,
    alone: flags.alone,
  }
  const given = Object.entries(fields).filter((entry): entry is [string, string | number] => entry[1] !== undefined)
  return Object.fromEntries(given)
}

function spanOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const span = parseSpan(text)
  if (span !== undefined) return span
  throw new BatonError('ERR_USAGE', `--${flag} ${text} is no span of time`, {
    hint: 'write a number with its unit: 500ms, 3s, 2m, 1h, or 0',
  })
}
