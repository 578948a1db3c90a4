/** Flags that several commands take, and their values as the node wants them. */
import { Flags } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { checkFlags, hostingFlags } from './program-flags.js'
import { fieldOf, readServiceFlag, SERVICE_FLAGS, type ServiceFlag } from './service-words.js'

export const watchFlag = Flags.boolean({ description: 'show it again every second until Ctrl-C', exclusive: ['json'] })

export const serviceFlags = {
  address: Flags.string({ description: 'IP address that clients connect to', helpValue: 'IP' }),
  ports: Flags.string({
    description:
      'ports and ranges; of more than 64 (any) those on which a program of some node listens; !22 leaves one out',
    helpValue: '8080,9000-9010',
  }),
  own: Flags.string({
    description:
      'how the director comes to have the address: on a device that dies with it; it is there already, on every node; or by a program of yours',
    options: ['tun', 'none', 'hook'],
  }),
  hook: Flags.string({
    description: 'program for --own hook, called with add or remove, the address and the service (none: no program)',
    helpValue: 'PATH',
  }),
  interface: Flags.string({
    description: 'where the address is announced (none: on the interfaces whose subnet has it)',
    helpValue: 'eth0',
  }),
  hide: Flags.string({
    description: "ports that other hosts reach by this address alone, and not by the nodes' own (none: no ports)",
    helpValue: '8080',
  }),
  'proxy-protocol': Flags.string({
    description: 'what backends are told of the client: a PROXY protocol header, or nothing',
    options: ['v2', 'off'],
  }),
  scheduler: Flags.string({ description: 'how a node is chosen for each connection', options: ['round-robin'] }),
  local: Flags.string({
    description:
      "when the director's own host serves: after all others, like every other, or before them; by default last where the address is Baton's own, since the others outlive their director",
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
  uploads: Flags.string({
    description:
      "whether a client is told that bytes have come as soon as the director's kernel has them, or when they would outlive the director",
    options: ['fast', 'survive'],
  }),
  failback: Flags.string({
    description: 'hand the service back to the more preferred node when that one returns',
    options: ['off', 'on'],
  }),
  alone: Flags.string({
    description: 'in a cluster of two voters: the one node that may direct while the other is gone (none: nobody)',
    helpValue: 'NODE',
  }),
  ...checkFlags,
  ...hostingFlags,
  force: Flags.boolean({
    description:
      'accept an address that this host does not have (another node may), and a change that no majority can hear of',
  }),
}

/** Only what was given: `set` leaves the rest as it is, `add` takes the defaults. */
export function serviceFieldsOf(
  flags: Partial<Record<ServiceFlag, string | undefined>>,
): Record<string, string | number> {
  const fields: Record<string, string | number> = {}
  for (const flag of SERVICE_FLAGS) {
    const text = flags[flag]
    if (text === undefined) continue
    const read = readServiceFlag(flag, text)
    if (read.type === 'problem') throw new BatonError('ERR_USAGE', `--${flag} ${read.problem}`, { hint: read.hint })
    fields[fieldOf(flag)] = read.value
  }
  return fields
}
