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
  reserve: Flags.string({
    description: 'ports that no program of a node gets for an outgoing connection (none: no ports)',
    helpValue: '8080',
  }),
  outward: Flags.string({
    description:
      'port on the loopback address of every node where programs ask (SOCKS 5, HTTP CONNECT) for connections under the address (none: no port)',
    helpValue: '1080',
  }),
  'outward-to': Flags.string({
    description: 'to where such connections may go: networks with ports, or any (none: nowhere)',
    helpValue: '10.0.0.0/8:443',
  }),
  'out-alias': Flags.string({
    description: 'ports whose connections, of any program of a node, leave under the address (none: no ports)',
    helpValue: '25',
  }),
  'proxy-protocol': Flags.string({
    description: 'what backends are told of the client: a PROXY protocol header, or nothing',
    options: ['v2', 'v1', 'off'],
  }),
  'accept-proxy': Flags.string({
    description: 'networks of proxies in front, whose connections have to begin with a PROXY header (none: no proxies)',
    helpValue: '10.0.0.0/8,2001:db8::/32',
  }),
  source: Flags.string({
    description:
      "from whose address a program's connections come: its node's, or the client's itself, which takes CAP_NET_ADMIN there",
    options: ['node', 'client'],
  }),
  scheduler: Flags.string({
    description: 'how a node is chosen for each connection',
    options: ['round-robin', 'weighted', 'least-connections', 'source-hash', 'maglev', 'first', 'failover'],
  }),
  weighting: Flags.string({
    description:
      'what weights mean to --scheduler weighted: so many connections in a row, or the same share spread evenly',
    options: ['turns', 'smooth'],
  }),
  load: Flags.string({
    description: 'whether the busier a host says it is, the less its weight counts (weighted, least-connections)',
    options: ['off', 'on'],
  }),
  'slow-start': Flags.string({
    description: 'a node that has come takes its full share after so long; 0: at once',
    helpValue: '0',
  }),
  'node-connections': Flags.string({
    description: 'connections that one node takes at a time; 0: no limit',
    helpValue: 'N',
  }),
  queue: Flags.string({ description: 'connections that wait while every node is full', helpValue: '1024' }),
  'queue-timeout': Flags.string({ description: 'so long at most', helpValue: '5s' }),
  sorry: Flags.string({
    description: 'who answers when no node can, reached from the director (none: nobody)',
    helpValue: 'IP:PORT',
  }),
  quorum: Flags.string({
    description: 'healthy nodes that must be there, or the sorry backend answers; 0: no number in particular',
    helpValue: 'N',
  }),
  'quorum-slack': Flags.string({
    description: 'the quorum is lost below N − slack, and there again from N + slack on',
    helpValue: '0',
  }),
  'quorum-hook': Flags.string({
    description: 'program that the director calls with quorum-up or quorum-down, the service and the number of nodes',
    helpValue: 'PATH',
  }),
  'on-unhealthy': Flags.string({
    description: 'connections whose node is found unhealthy: keep them, close idle ones, close all',
    options: ['keep', 'idle', 'all'],
  }),
  'on-removed': Flags.string({
    description: 'the same where the program does not listen any more, or is not to serve',
    options: ['keep', 'idle', 'all'],
  }),
  'close-over': Flags.string({
    description: 'each is closed at a time of its own within so long',
    helpValue: '10s',
  }),
  'close-idle': Flags.string({ description: 'what idle means', helpValue: '5s' }),
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
  park: Flags.string({
    description:
      'how long a client that waits for nothing is kept when its program is gone, until another serves it; 0: not at all',
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
