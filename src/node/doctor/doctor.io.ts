/** Looks at this host for `baton doctor`. What is tried is given back at once; nothing is changed. */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { whyNoKoffi } from '../../base/native/koffi.io.js'
import { whyPortable } from '../../base/native/sodium.io.js'
import { whyNoUdx } from '../../gossip/discovery/swarm-packages.io.js'
import { bpfCapability } from '../../kernel/bpf/capability.io.js'
import { steeringCapability } from '../../kernel/bpf/steering-capability.io.js'
import { capabilitiesOf } from '../../kernel/capabilities.js'
import { loadControlCalls } from '../../kernel/control-calls.io.js'
import { DiagSource } from '../../kernel/diag-source.io.js'
import { readInterfaces } from '../../kernel/interfaces.io.js'
import { isProblem } from '../../kernel/listening-socket.js'
import { PacketSocket } from '../../kernel/neighbour/packet-socket.io.js'
import { Netlink } from '../../kernel/netlink/netlink.io.js'
import { visibleProcesses } from '../../kernel/proc-programs.io.js'
import { ProcSource } from '../../kernel/proc-source.io.js'
import { mayRepair } from '../../kernel/repair-right.io.js'
import type { Silence } from '../../kernel/silence/outcome.js'
import { testSilence } from '../../kernel/silence/silence-test.io.js'
import { whyNoSources } from '../../kernel/source-way.io.js'
import { Tun } from '../../kernel/tun.io.js'
import type { Bootstrap } from '../config-schema.js'
import { checkBootstraps } from '../discovery/bootstrap-check.io.js'
import { chooseEngine } from '../lanes/engine.io.js'
import { cgroupRoot, NO_CGROUPS } from '../outward/cgroup-root.js'
import { localPortRange } from '../outward/outward-host.io.js'
import { examine, type HostFacts } from './doctor.js'
import type { Finding } from './finding.js'

export { isFit } from './doctor.js'
export type { Finding } from './finding.js'

export interface DoctorReport {
  readonly host: string
  readonly kernel: string
  readonly user: string
  readonly findings: readonly Finding[]
}

const ANY_PORTS = { bind: '127.0.0.1', gossipPort: 7440, controlPort: 7440, dataPort: 7441, priority: 100, seeds: [] }

export async function consultDoctor(bootstraps: readonly Bootstrap[] = []): Promise<DoctorReport> {
  const [silence, asked] = await Promise.all([testSilence(), checkBootstraps(bootstraps)])
  const facts = lookAround(silence)
  return { host: os.hostname(), kernel: facts.kernel, user: facts.user, findings: [...examine(facts), ...asked] }
}

function lookAround(silence: Silence): HostFacts {
  const bpf = bpfCapability()
  const { leaseGate, anyPort } = bpf
  return {
    kernel: `${os.type()} ${os.release()} ${process.arch}`,
    user: userName(),
    capabilities: capabilitiesOf(textOf('/proc/self/status')),
    isUserNamespace: isUserNamespace(),
    native: { koffi: whyNoKoffi, sodium: whyPortable, udx: whyNoUdx() },
    engine: chooseEngine({ engine: 'auto', ...ANY_PORTS }),
    device: whyNoDevice(),
    wire: whyNoWire(),
    silence,
    anyPort: anyPort === 'yes' ? '' : anyPort.why,
    leaseGate: typeof leaseGate === 'string' ? { by: leaseGate } : leaseGate,
    repair: mayRepair(),
    sources: whyNoSources(),
    steering: steering(),
    sourcePorts: localPortRange(),
    socketTable: socketTable(),
    processes: visibleProcesses('/proc'),
    firstFreePort: numberOf('net/ipv4/ip_unprivileged_port_start', 1_024),
    openFiles: openFiles(),
    somaxconn: numberOf('net/core/somaxconn', 128),
    nonlocalBind: numberOf('net/ipv4/ip_nonlocal_bind', 0) !== 0,
    forwards: numberOf('net/ipv4/ip_forward', 0) !== 0,
    tracksConnections: numberOf('net/netfilter/nf_conntrack_count', 0) > 0,
    interfaces: interfaces(),
  }
}

/** Containers run programs under numbers that no file names: then it throws. */
function userName(): string {
  try {
    return os.userInfo().username
  } catch {
    return `user ${process.getuid?.() ?? '?'}`
  }
}

/** In a user namespace the map is another than of all users to themselves. */
function isUserNamespace(): boolean {
  const map = textOf('/proc/self/uid_map').trim().split(/\s+/).join(' ')
  return map !== '' && map !== '0 0 4294967295'
}

/** Not at the top of the descriptors: nothing is to stay changed. */
function whyNoDevice(): string {
  const tun = Tun.open({ lowest: true })
  if ('why' in tun) return tun.why
  tun.close()
  return ''
}

function whyNoWire(): string {
  const netlink = Netlink.open()
  if ('why' in netlink) return netlink.why
  const links = netlink.links()
  netlink.close()
  const card = 'why' in links ? undefined : links.find(({ mac, isLoopback }) => mac.byteLength > 0 && !isLoopback)
  const socket = PacketSocket.open(card?.index ?? 1, 4, () => {})
  if ('why' in socket) return socket.why
  socket.close()
  return ''
}

function socketTable(): HostFacts['socketTable'] {
  const source = DiagSource.open()
  if (!('why' in source)) {
    source.close()
    return { name: source.name }
  }
  const proc = new ProcSource()
  const seen = proc.look()
  proc.close()
  if (!isProblem(seen) || seen.code === 'too-many') return { name: '/proc/net/tcp' }
  return { why: `${source.why}; ${seen.why}` }
}

function steering(): HostFacts['steering'] {
  const root = cgroupRoot(textOf('/proc/self/mountinfo'))
  return root === undefined ? { why: NO_CGROUPS } : steeringCapability(root)
}

function openFiles(): number | undefined {
  const calls = loadControlCalls()
  if ('why' in calls) return undefined
  const limits = calls.openFilesLimit()
  return typeof limits === 'number' ? 0 : limits[0]
}

function interfaces(): HostFacts['interfaces'] {
  const netlink = Netlink.open()
  if ('why' in netlink) return []
  const found = readInterfaces(netlink)
  netlink.close()
  if ('why' in found) return []
  return found.map((one) => {
    const setting = (name: string) => {
      return Math.max(numberOf(`net/ipv4/conf/all/${name}`, 0), numberOf(`net/ipv4/conf/${one.name}/${name}`, 0))
    }
    return { ...one, arpAnnounce: setting('arp_announce'), rpFilter: setting('rp_filter') }
  })
}

function numberOf(setting: string, otherwise: number): number {
  const text = textOf(`/proc/sys/${setting}`).trim()
  return /^\d+$/.test(text) ? Number(text) : otherwise
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
