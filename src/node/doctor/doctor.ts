/**
 * What a host can and cannot do for Baton, from facts: what was found, what goes without it, how to get it. Each finding has an
 * id that stays, for scripts and for docs/doctor.md.
 */
import type { Interface } from '../../address/ports.js'
import { isIpv6, networkOf } from '../../base/address.js'
import type { Silence } from '../../kernel/silence/outcome.js'
import { type OutwardFacts, outward } from '../outward/outward-findings.js'
import type { Finding } from './finding.js'
import { type NativeFacts, nativeParts } from './native-findings.js'

/** Beyond what a part itself says of why it is not there. */
export interface HostFacts extends OutwardFacts {
  readonly kernel: string
  readonly user: string
  /** Of this process, by their names without CAP_. */
  readonly capabilities: readonly string[]
  /** Rights of a user namespace end at its border. */
  readonly isUserNamespace: boolean
  readonly native: NativeFacts
  readonly engine: { readonly name: string; readonly why: string }
  /** '' where it is there, else why not. */
  readonly device: string
  readonly wire: string
  /** What clients hear of a crash. */
  readonly silence: Silence
  readonly anyPort: string
  /** `tcx`, `clsact`, or why neither. */
  readonly leaseGate: { readonly by: string } | { readonly why: string }
  readonly repair: string
  /** Connections from clients' addresses. */
  readonly sources: string
  readonly socketTable: { readonly name: string } | { readonly why: string }
  /** Processes whose descriptors may be seen, of those that were tried; whether others are hidden altogether. */
  readonly processes: { readonly open: number; readonly tried: number; readonly isHidden: boolean }
  /** Ports from here on need no right. */
  readonly firstFreePort: number
  /** Undefined: it cannot be read. */
  readonly openFiles: number | undefined
  readonly somaxconn: number
  readonly nonlocalBind: boolean
  readonly forwards: boolean
  readonly tracksConnections: boolean
  readonly interfaces: readonly (Interface & { readonly arpAnnounce: number; readonly rpFilter: number })[]
}

const OPEN_FILES_WANTED = 65_536
const SOMAXCONN_WANTED = 4_096
const NET_ADMIN = 'run as root, or with CAP_NET_ADMIN'

export function examine(facts: HostFacts): Finding[] {
  return [
    ...nativeParts(facts.native),
    ...splicing(facts),
    ...ownAddresses(facts),
    silence(facts),
    leaseGate(facts),
    anyPort(facts),
    listeners(facts),
    programs(facts),
    survival(facts),
    clientSource(facts),
    ...outward(facts),
    ...network(facts),
  ]
}

/** Everything that Baton needs to direct services with addresses of their own is there. */
export function isFit(findings: readonly Finding[]): boolean {
  return findings.every(({ level }) => level !== 'missing')
}

function splicing({ engine, openFiles, firstFreePort, capabilities }: HostFacts): Finding[] {
  const area = 'splicing'
  const canBindLow = firstFreePort <= 1 || capabilities.includes('NET_BIND_SERVICE')
  return [
    engine.name === 'epoll'
      ? { id: 'engine', area, level: 'ok', found: 'system calls (epoll), a lane per core' }
      : {
          id: 'engine',
          area,
          level: 'degraded',
          found: `node:net: ${engine.why}`,
          without:
            'one lane, about three times the CPU per connection, no front door, no connections from clients’ addresses',
          cure: 'Linux on x64 or arm64 with glibc or musl, and the package koffi',
        },
    openFiles === undefined
      ? { id: 'open-files', area, level: 'note', found: 'the limit of open files cannot be read without system calls' }
      : openFiles >= OPEN_FILES_WANTED
        ? { id: 'open-files', area, level: 'ok', found: `${openFiles} open files` }
        : {
            id: 'open-files',
            area,
            level: 'note',
            found: `${openFiles} open files`,
            without: `about ${Math.floor(openFiles / 2)} connections at a time`,
            cure: '`ulimit -n 1048576`, or LimitNOFILE= of the unit',
          },
    canBindLow
      ? { id: 'low-ports', area, level: 'ok', found: 'ports below 1024 can be listened on' }
      : {
          id: 'low-ports',
          area,
          level: 'degraded',
          found: `ports below ${firstFreePort} need a right`,
          without: 'services on lower ports are directed by others',
          cure: 'CAP_NET_BIND_SERVICE, or `sysctl net.ipv4.ip_unprivileged_port_start=0`',
        },
  ]
}

function ownAddresses({ device, wire, interfaces, isUserNamespace }: HostFacts): Finding[] {
  const area = 'own addresses'
  const there = interfaces.filter(({ isUsable, subnets }) => isUsable && subnets.length > 0)
  return [
    device === ''
      ? { id: 'device', area, level: 'ok', found: 'a TUN device of the process, at the top of its descriptors' }
      : {
          id: 'device',
          area,
          level: 'missing',
          found: device,
          without: 'services with --own none, or a hook; an address then does not go with the process',
          cure: `${NET_ADMIN}; /dev/net/tun must be there and open to the user${isUserNamespace ? ' (in a user namespace: for everybody)' : ''}`,
        },
    wire === ''
      ? {
          id: 'wire',
          area,
          level: 'ok',
          found: 'rivals are asked for, addresses announced, neighbour solicitations answered',
        }
      : {
          id: 'wire',
          area,
          level: 'missing',
          found: wire,
          without: 'clients find an address only when their tables forget its former host; no IPv6',
          cure: 'run as root, or with CAP_NET_RAW',
        },
    there.length > 0
      ? {
          id: 'lan',
          area,
          level: 'ok',
          found: there.map(({ name, subnets }) => `${name} (${subnetsOf(subnets)})`).join(', '),
        }
      : {
          id: 'lan',
          area,
          level: 'degraded',
          found: 'no interface with an Ethernet address, a cable and a subnet',
          without: 'nobody can be told where an address is',
          cure: 'plug a cable in, give the interface an address; or route the address to this host and say --own none',
        },
  ]
}

function silence({ silence: tried }: HostFacts): Finding {
  const [id, area] = ['silence', 'own addresses'] as const
  if (tried.type === 'silent')
    return { id, area, level: 'ok', found: 'clients hear nothing of a crash: tried just now' }
  if (tried.type === 'untested') {
    const cure = 'run `baton doctor` as root once'
    return { id, area, level: 'note', found: `not tried: ${tried.why}`, without: 'it is taken for granted', cure }
  }
  return {
    id,
    area,
    level: 'degraded',
    found: tried.why,
    without: 'connections end with a crash of the director, and another follows it only after its lease',
    cure: 'another kernel: this one releases what a process has in another order',
  }
}

function leaseGate({ leaseGate: gate }: HostFacts): Finding {
  const [id, area] = ['lease-gate', 'lease in the kernel'] as const
  if ('by' in gate) {
    const holds = gate.by === 'tcx' ? '' : '; a service cannot have --uploads survive here, which needs tcx (Linux 6.6)'
    return { id, area, level: 'ok', found: `kept by the kernel (${gate.by}), also while the process is frozen${holds}` }
  }
  return {
    id,
    area,
    level: 'degraded',
    found: gate.why,
    without:
      'a process that is frozen (SIGSTOP, a debugger) goes on answering for its address after the lease; and while a director that takes over rebuilds connections, its kernel resets those that are not there yet',
    cure: 'Linux 6.6 (or 5.15 with clsact), CAP_BPF and CAP_NET_ADMIN of the host itself',
  }
}

function anyPort({ anyPort: why }: HostFacts): Finding {
  const [id, area] = ['any-port', 'any port'] as const
  if (why === '')
    return { id, area, level: 'ok', found: 'one socket takes all ports (sk_lookup), beside programs on 0.0.0.0' }
  return {
    id,
    area,
    level: 'degraded',
    found: why,
    without: 'each port is bound by itself: a program of this host that listens there on all addresses is in the way',
    cure: 'Linux 5.9, CAP_BPF and CAP_NET_ADMIN of the host itself; or bind programs to the node’s own address',
  }
}

function listeners({ socketTable }: HostFacts): Finding {
  const [id, area] = ['socket-table', 'listeners'] as const
  if ('why' in socketTable) {
    return {
      id,
      area,
      level: 'degraded',
      found: socketTable.why,
      without: 'programs of this host are not found, so it serves nobody; it may direct',
      cure: 'allow AF_NETLINK sockets, or mount /proc',
    }
  }
  const isSlow = socketTable.name !== 'sock_diag'
  return { id, area, level: isSlow ? 'note' : 'ok', found: `programs are found by ${socketTable.name}, within 200 ms` }
}

function programs({ processes: { open, tried, isHidden } }: HostFacts): Finding {
  const [id, area] = ['programs', 'listeners'] as const
  if (open === tried && !isHidden)
    return { id, area, level: 'ok', found: 'listeners have the name and pid of their program' }
  const hidden = isHidden ? 'processes of other users are hidden (hidepid); ' : ''
  return {
    id,
    area,
    level: 'note',
    found: `${hidden}the descriptors of ${open} of ${tried} processes may be seen`,
    without: 'listeners of the others have no name and no pid; they are served all the same',
    cure: 'CAP_SYS_PTRACE would show them, but lets a process read and change every other: names are hardly worth it',
  }
}

function survival({ repair, anyPort: why }: HostFacts): Finding {
  const [id, area] = ['tcp-repair', 'survival'] as const
  if (repair === '' && why === '') return { id, area, level: 'ok', found: 'sockets can be rebuilt (TCP_REPAIR)' }
  const without = 'connections that this host directs end with it, and it carries on those of no other'
  if (repair !== '') return { id, area, level: 'degraded', found: repair, without, cure: NET_ADMIN }
  const found = 'sockets can be rebuilt (TCP_REPAIR), but only where one socket takes all ports'
  return { id, area, level: 'degraded', found, without, cure: 'see any port' }
}

function clientSource({ sources }: HostFacts): Finding {
  const [id, area] = ['client-source', 'splicing'] as const
  if (sources === '') return { id, area, level: 'ok', found: 'programs can be reached from the clients’ own addresses' }
  const without = 'for services with --source client this node serves nobody; others may'
  return { id, area, level: 'note', found: sources, without, cure: `${NET_ADMIN}, and with /proc/sys writable` }
}

function network({ interfaces, nonlocalBind, forwards, tracksConnections, somaxconn }: HostFacts): Finding[] {
  const area = 'network'
  const findings: Finding[] = []
  for (const { name, ignoresArp, rpFilter } of interfaces) {
    if (ignoresArp) {
      const found = `arp_ignore is set on ${name}: its kernel does not answer for addresses of other interfaces`
      findings.push({ id: `arp-ignore/${name}`, area, level: 'note', found, without: 'Baton answers ARP itself there' })
    }
    if (rpFilter === 1) {
      const found = `rp_filter is strict on ${name}`
      const without = 'clients that are reached by another interface than they come by are dropped'
      findings.push({
        id: `rp-filter/${name}`,
        area,
        level: 'note',
        found,
        without,
        cure: `sysctl net.ipv4.conf.${name}.rp_filter=2`,
      })
    }
  }
  for (const [first, second] of twins(interfaces)) {
    findings.push({
      id: `one-lan/${first.name}+${second.name}`,
      area,
      level: 'note',
      found: `${first.name} and ${second.name} are in one subnet`,
      without: `addresses are announced on the one that the host's route takes; its kernel may answer ARP on both`,
      cure: `sysctl net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2; or name one with --interface`,
    })
  }
  if (nonlocalBind) {
    const found = 'ip_nonlocal_bind is set: a bind to an address that is not here succeeds'
    const without = 'with --own none a missing address is noticed by nobody'
    findings.push({
      id: 'nonlocal-bind',
      area,
      level: 'note',
      found,
      without,
      cure: 'sysctl net.ipv4.ip_nonlocal_bind=0',
    })
  }
  if (forwards) {
    const found = 'this host forwards packets (as with Docker)'
    const without = 'packets for an address that has just left are sent on, and their senders hear so'
    findings.push({ id: 'forwards', area, level: 'note', found, without })
  }
  if (tracksConnections) {
    const found = 'connections are tracked (nf_conntrack)'
    const without = 'rules that drop INVALID packets end connections that come from another director'
    const cure = 'exempt service addresses (notrack), or sysctl net.netfilter.nf_conntrack_tcp_be_liberal=1'
    findings.push({ id: 'conntrack', area, level: 'note', found, without, cure })
  }
  if (somaxconn < SOMAXCONN_WANTED) {
    const found = `somaxconn is ${somaxconn}`
    const without = 'a storm of more new connections at once loses some for a second'
    findings.push({
      id: 'somaxconn',
      area,
      level: 'note',
      found,
      without,
      cure: `sysctl net.core.somaxconn=${SOMAXCONN_WANTED}`,
    })
  }
  return findings.length > 0 ? findings : [{ id: 'network', area, level: 'ok', found: 'nothing that is in the way' }]
}

type Card = HostFacts['interfaces'][number]

/** Pairs with an IPv4 subnet in common. */
function twins(interfaces: readonly Card[]): [Card, Card][] {
  const nets = ({ subnets }: Card) => {
    return subnets.flatMap(({ address, prefix }) => (isIpv6(address) ? [] : (networkOf(address, prefix) ?? [])))
  }
  const usable = interfaces.filter(({ isUsable }) => isUsable)
  return usable.flatMap((first, i) => {
    return usable.slice(i + 1).flatMap((second): [Card, Card][] => {
      return nets(first).some((net) => nets(second).includes(net)) ? [[first, second]] : []
    })
  })
}

function subnetsOf(subnets: Card['subnets']): string {
  return subnets.map(({ address, prefix }) => `${address}/${prefix}`).join(', ')
}
