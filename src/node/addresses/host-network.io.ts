/**
 * What this host can do for addresses of services: a device for them, one listening socket for all their ports, deadlines that
 * the kernel keeps. Each part says why it is not there; what goes without it is the caller's to know.
 */
import type { Rival } from '../../address/ports.js'
import { isIpv6 } from '../../base/address.js'
import type { Logger } from '../../base/log.js'
import { realClock } from '../../base/real-clock.io.js'
import type { Millis } from '../../base/time.js'
import { AnyPort } from '../../kernel/bpf/any-port.io.js'
import { HiddenPorts } from '../../kernel/bpf/hidden-ports.io.js'
import { LeaseGate } from '../../kernel/bpf/lease-gate.io.js'
import { BEAT_EVERY_MS, Pulse } from '../../kernel/bpf/pulse.io.js'
import { isSegmentTo } from '../../kernel/captured-frame.js'
import { type Lacking, loadControlCalls } from '../../kernel/control-calls.io.js'
import { openFrontDoor } from '../../kernel/front-door.io.js'
import { loadLibc } from '../../kernel/libc.io.js'
import { Netlink } from '../../kernel/netlink/netlink.io.js'
import { buryOrphans } from '../../kernel/orphans.io.js'
import { loadSyscalls } from '../../kernel/syscalls.io.js'
import { forbidCoreDumps, Tun } from '../../kernel/tun.io.js'
import { DOOR_KEEPALIVE_MS } from '../../proxy/service.js'
import type { AckHolding, Card } from '../lanes/ack-holding.io.js'
import { Beats } from '../lanes/beats.js'
import { Hush, type Hushes, reopenDoors } from '../lanes/hush.io.js'
import { Overtakers } from '../moves/overtakers.js'
import type { AddressCounts } from './address-keeper.js'
import { WireHost } from './wire-host.io.js'

const NO_DEVICE: Lacking = { why: 'there is no device for addresses' }

export interface HostNetworkOptions {
  /** Lease deadlines: see proxy/lease-slots. */
  readonly leases: SharedArrayBuffer
  readonly seed: number
  readonly logger: Logger
  /** Whether lanes can accept on a socket that is given to them. */
  readonly lanesAdopt: boolean
  /** A listening socket for all lanes, a descriptor for each. */
  readonly giveDoor: (duplicate: () => number) => void
  /** It outlives this device, and follows the interfaces. */
  readonly holding: Pick<AckHolding, 'want' | 'why' | 'follow'>
  /** Another host says that it has an address that is announced here; `times`: since the last that was told. */
  readonly onRival: (address: string, rival: Rival, times: number) => void
  /** The thread that speaks with the LAN has ended by a fault. */
  readonly onDeath: (error: Error) => void
  /** What another process of this node has of it, and gives away. */
  readonly left?: LeftNetwork | undefined
}

/** Descriptors of the device, and of the listening sockets for its ports: IPv4 first. */
export interface LeftNetwork {
  readonly device: string
  readonly tun: number
  readonly doors: readonly number[]
}

export type OnRival = HostNetworkOptions['onRival']

/** What addresses of services ask of it. */
export type Network = Pick<
  HostNetwork,
  | 'abilities'
  | 'deviceName'
  | 'hasFrontDoor'
  | 'look'
  | 'clearGraves'
  | 'endLastLife'
  | 'problemWith'
  | 'hide'
  | 'holdAcks'
  | 'buryOrphans'
  | 'add'
  | 'remove'
  | 'vanish'
  | 'bringBack'
  | 'setPorts'
  | 'setDeadline'
  | 'guard'
  | 'probe'
  | 'counts'
  | 'overtaken'
  | 'announce'
  | 'hush'
  | 'deliver'
  | 'leaving'
  | 'giveAway'
  | 'arm'
  | 'close'
>

export class HostNetwork {
  readonly #tun: Tun | Lacking
  readonly #netlink: Netlink | Lacking
  readonly #gate: LeaseGate | Lacking
  readonly #anyPort: AnyPort | Lacking
  readonly #wire: WireHost | Lacking
  #hidden: HiddenPorts | Lacking | undefined
  #holds = false
  readonly #doors = new Map<4 | 6, number>()
  readonly #hushes: Hushes = { addresses: new Set(), doors: this.#doors }
  /** By interface: why the gate is not there; empty: it is. */
  readonly #gated = new Map<number, string>()
  readonly #rounds: Overtakers

  private constructor(private readonly options: HostNetworkOptions) {
    const { left } = options
    this.#rounds = new Overtakers(options.logger)
    this.#tun = left === undefined ? Tun.open() : Tun.adopt(left.tun, left.device)
    this.#netlink = Netlink.open()
    if (isHere(this.#tun)) forbidCoreDumps()
    this.#gate = isHere(this.#tun) ? LeaseGate.open(undefined, this.#tun.fd, left === undefined) : NO_DEVICE
    this.#anyPort = isHere(this.#tun) ? this.#openDoors() : NO_DEVICE
    this.#wire = isHere(this.#tun) ? this.#openWire() : NO_DEVICE
    this.look()
  }

  static open(options: HostNetworkOptions): HostNetwork {
    return new HostNetwork(options)
  }

  /** For logs, `status` and `doctor`: what is there, or why not. */
  get abilities(): Readonly<Record<'device' | 'anyPort' | 'leaseGate', string>> {
    const words = (part: object, there: string) => ('why' in part ? `no: ${String(part.why)}` : there)
    return {
      device: words(this.#tun, this.deviceName),
      anyPort: words(this.#anyPort, 'sk_lookup'),
      leaseGate: words(this.#gate, isHere(this.#gate) ? this.#gate.hook : ''),
    }
  }

  get deviceName(): string {
    return isHere(this.#tun) ? this.#tun.name : ''
  }

  get hasFrontDoor(): boolean {
    return isHere(this.#anyPort)
  }

  /** For another process of this node; `undefined`: there is no device. */
  get leaving(): LeftNetwork | undefined {
    if (!isHere(this.#tun)) return undefined
    return { device: this.#tun.name, tun: this.#tun.fd, doors: [...this.#doors.values()] }
  }

  /** From now on it is this process that has the addresses, until their deadlines. */
  arm(deadlines: readonly { readonly address: string; readonly deadline: Millis }[]): void {
    for (const { address, deadline } of deadlines) this.setDeadline(address, deadline)
    if (isHere(this.#gate)) this.#gate.claim()
    reopenDoors(this.#hushes)
  }

  /** Interfaces may have come and gone. */
  look(): void {
    if (!isHere(this.#netlink)) return
    const links = this.#netlink.links()
    if ('why' in links) return
    // Tunnels without link addresses too: clients come by them as well.
    const own = isHere(this.#tun) ? this.#tun.index : 0
    const cards = links.filter(({ index, isLoopback }) => !isLoopback && index !== own)
    const gate = isHere(this.#gate) ? this.#gate : undefined
    if (gate !== undefined) this.#gateOn(gate, cards)
    this.options.holding.follow(cards, (index) => gate?.egressOn(index))
  }

  #gateOn(gate: LeaseGate, cards: readonly Card[]): void {
    for (const index of this.#gated.keys()) {
      if (cards.some((card) => card.index === index)) continue
      // Its number may be given to another.
      gate.detach(index)
      this.#gated.delete(index)
    }
    for (const { index, name } of cards) {
      const why = gate.attach(index)?.why ?? ''
      const isNews = why !== '' && this.#gated.get(index) !== why
      if (isNews) this.options.logger.log('warn', 'no-lease-gate', { interface: name, why })
      this.#gated.set(index, why)
    }
    this.#rounds.follow(cards.map(({ index, name }) => ({ name, programs: gate.ahead(index) })))
  }

  /** See `LeaseGate.clearGraves`. */
  clearGraves(): void {
    if (isHere(this.#gate)) this.#gate.clearGraves()
  }

  /** Why the address cannot be had here, as the rest of a sentence that begins with the node. */
  problemWith(address: string): string | undefined {
    if (!isHere(this.#tun))
      return `cannot own ${address}: ${this.#tun.why}; or say --own none where it is there already`
    const tun = this.#tun
    const found = isHere(this.#netlink) ? this.#netlink.addresses() : []
    if ('why' in found) return undefined
    const other = found.find((one) => one.address === address && one.index !== tun.index)
    if (other === undefined) return undefined
    return `has ${address} on ${this.#nameOf(other.index)} already: remove it there, or say --own none`
  }

  /** Addresses that were brought and are there no more, though nobody here took them away; they are brought again. */
  bringBack(): readonly { readonly address: string; readonly result: number }[] {
    if (!isHere(this.#tun)) return []
    const missing = this.#tun.missing() ?? []
    const results = missing.length === 0 ? [] : this.#tun.bringBack(missing)
    return missing.map((address, i) => ({ address, result: results[i] ?? 0 }))
  }

  /**
   * What the last life of this node has left of connections is ended in silence, and then what kept it silent is taken off: it would
   * hold back the address when it comes to this host again. For the start, when nothing is here yet.
   */
  endLastLife(addresses: readonly string[]): void {
    if (!isHere(this.#gate) || !this.#gate.hasGraves) return
    const areBuried = addresses.filter(isIpv6).map((address) => this.buryOrphans(address))
    if (areBuried.every(Boolean)) this.#gate.clearGraves()
  }

  /** What an earlier process has left of connections at the address, which is not here yet. `false`: it is still there. */
  buryOrphans(address: string): boolean {
    const { logger } = this.options
    // Over IPv6 the kernel would tell clients, though it has not got the address.
    if (isHere(this.#gate)) this.#gate.setDeadline(address, 'closed')
    const buried = buryOrphans(address)
    if (isHere(this.#gate)) this.#gate.remove(address)
    if (typeof buried !== 'number') logger.log('warn', 'orphans-left', { address, why: buried.why })
    else if (buried > 0) logger.log('info', 'orphans-buried', { address, connections: buried })
    return typeof buried === 'number'
  }

  /** 0 or a negative errno. */
  add(address: string): number {
    // Of a life whose connections could not be ended: from now on the address speaks.
    if (isHere(this.#gate) && this.#gate.hasGraves) this.#gate.clearGraves()
    return isHere(this.#tun) ? this.#tun.add(address) : -1
  }

  /** The address first: what still comes for it is nobody's. */
  remove(address: string): void {
    if (isHere(this.#tun)) this.#tun.remove(address)
    if (isHere(this.#wire)) this.#wire.drop(address)
    if (isHere(this.#gate)) this.#gate.remove(address)
    if (isHere(this.#anyPort)) this.#anyPort.remove(address)
  }

  /** Nothing but the addresses of the device, which it answers: the process ends with all the rest. */
  vanish(): readonly string[] {
    const tun = isHere(this.#tun) ? this.#tun : undefined
    const here = [...(tun?.addresses ?? [])]
    for (const address of here) tun?.remove(address)
    return here
  }

  /** Opened when it is first needed. Why it cannot be done. */
  hide(ports: readonly number[], addresses: readonly string[]): string | undefined {
    if (this.#hidden === undefined && ports.length === 0) return undefined
    this.#hidden ??= HiddenPorts.open()
    return isHere(this.#hidden) ? this.#hidden.set(ports, addresses)?.why : this.#hidden.why
  }

  /** Opened when it is first needed: what clients are acknowledged is the lanes' to say from now on. Why it cannot be. */
  holdAcks(): string | undefined {
    const why = this.options.holding.want()
    // Later ones are followed at each look.
    if (why === undefined && !this.#holds) this.look()
    this.#holds = true
    return why
  }

  /** Why they cannot be set. */
  setPorts(address: string, ports: ReadonlySet<number>): string | undefined {
    if (!isHere(this.#anyPort)) return undefined
    const problem = this.#anyPort.setService(address, ports, 'refuse')
    if (problem !== undefined) this.options.logger.log('error', 'any-port', { address, why: problem.why })
    return problem?.why
  }

  /** Why it cannot be set. */
  setDeadline(address: string, deadline: Millis): string | undefined {
    if (!isHere(this.#gate)) return undefined
    const problem = this.#gate.setDeadline(address, deadline)
    if (problem !== undefined) this.options.logger.log('error', 'lease-gate', { address, why: problem.why })
    return problem?.why
  }

  /**
   * Until then the kernel does not tell clients that it does not know their connection. `false`: it cannot be kept from that here.
   * The address has a deadline.
   */
  guard(address: string, until: Millis | 'no more'): boolean {
    if (isHere(this.#gate)) this.#gate.guard(address, until)
    return isHere(this.#gate)
  }

  /** Who answers for the address on the LAN. `interfaces`: names by commas; empty: where it fits. */
  async probe(address: string, interfaces: string): Promise<Rival | undefined> {
    return isHere(this.#wire) ? (await this.#wire.probe(address, namesOf(interfaces))).rival : undefined
  }

  counts(address: string): AddressCounts {
    const ports = isHere(this.#anyPort) ? this.#anyPort.counters(address) : undefined
    const gate = isHere(this.#gate) ? this.#gate : undefined
    const [late, heldBack, withheld] = [gate?.drops(address), gate?.heldBack(address), gate?.withheld(address)]
    const [unheld, overtaken] = [this.options.holding.why, this.overtaken]
    return {
      device: this.deviceName,
      ...(ports !== undefined && { accepted: ports.assigned, refused: ports.refused }),
      ...(late !== undefined && { late }),
      ...(heldBack !== undefined && { heldBack }),
      ...(withheld !== undefined && { withheld }),
      ...(unheld !== undefined && { unheld }),
      ...(overtaken !== undefined && { overtaken }),
    }
  }

  /** See Overtakers. */
  get overtaken(): string | undefined {
    return this.#rounds.overtaken
  }

  /** On the LAN, within the lease of that slot. */
  announce(address: string, slot: number, interfaces: string): void {
    if (isHere(this.#wire)) this.#wire.hold(address, namesOf(interfaces), slot)
  }

  /** New connections to the address wait; what comes for it is kept. */
  hush(address: string): Hush | Lacking {
    return isHere(this.#tun) ? Hush.begin(address, this.#hushes) : this.#tun
  }

  /** If it is for the address: as if it came from the network. */
  deliver(address: string, packet: Uint8Array): boolean {
    return isHere(this.#tun) && isSegmentTo(packet, address) && this.#tun.deliver(packet) === 0
  }

  /** This process ends at once, and another goes on with all of it. */
  giveAway(): void {
    if (isHere(this.#wire)) this.#wire.giveAway()
  }

  close(): void {
    if (isHere(this.#wire)) this.#wire.stop()
    if (isHere(this.#tun)) this.#tun.close()
    if (isHere(this.#anyPort)) this.#anyPort.close()
    if (isHere(this.#gate)) this.#gate.close()
    if (this.#hidden !== undefined && isHere(this.#hidden)) this.#hidden.close()
    if (isHere(this.#netlink)) this.#netlink.close()
    const calls = loadControlCalls()
    if (!('why' in calls)) for (const fd of this.#doors.values()) calls.close(fd)
  }

  #openDoors(): AnyPort | Lacking {
    if (!this.options.lanesAdopt) return { why: 'lanes of the portable engine accept on sockets of their own only' }
    const anyPort = AnyPort.open()
    if ('why' in anyPort) return anyPort
    for (const family of [4, 6] as const) {
      const door = this.options.left?.doors[family === 4 ? 0 : 1] ?? openFrontDoor(family, DOOR_KEEPALIVE_MS)
      const problem = typeof door === 'number' ? anyPort.setListener(family, door) : door
      if (problem === undefined && typeof door === 'number') {
        this.#doors.set(family, door)
        this.options.giveDoor(() => duplicateOf(door))
      } else if (problem !== undefined && family === 4) {
        anyPort.close()
        return problem
      }
    }
    return anyPort
  }

  #openWire(): WireHost | Lacking {
    const { leases, seed, logger, onRival, onDeath } = this.options
    const sys = loadSyscalls()
    if ('why' in sys) return sys
    if (!isHere(this.#netlink)) return this.#netlink
    const libc = loadLibc()
    const clock = realClock('why' in libc ? undefined : libc.boottime)
    const fd = isHere(this.#gate) ? this.#gate.pulse : undefined
    // Where it cannot be had the thread says so.
    const pulse = fd === undefined ? undefined : Pulse.of(fd)
    const beats = pulse === undefined || 'why' in pulse ? undefined : new Beats(clock, pulse, BEAT_EVERY_MS)
    const wake = (woken: number) => void sys.signal(woken)
    return new WireHost({ leases, seed, pulse: fd }, { beats, wake, logger, onRival, onDeath })
  }

  #nameOf(index: number): string {
    const links = isHere(this.#netlink) ? this.#netlink.links() : []
    return 'why' in links ? `interface ${index}` : (links.find((link) => link.index === index)?.name ?? '')
  }
}

function namesOf(interfaces: string): readonly string[] {
  return interfaces === '' ? [] : interfaces.split(',')
}

function duplicateOf(fd: number): number {
  const calls = loadControlCalls()
  return 'why' in calls ? -1 : calls.duplicateFrom(fd, 0)
}

function isHere<T extends object>(part: T | Lacking): part is T {
  return !('why' in part)
}
