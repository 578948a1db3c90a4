/**
 * The device that service addresses are on. It lives exactly as long as its descriptor, and that is the highest of the process:
 * a process that dies releases descriptors from the highest down, so the addresses are gone before the clients' sockets are
 * closed, and no FIN and no RST of theirs leaves the host.
 */
import { isIpv6 } from '../base/address.js'
import { ByteReader, ByteWriter } from '../base/bytes.js'
import { type ControlCalls, errorName, type Lacking, loadControlCalls } from './control-calls.io.js'
import { Netlink } from './netlink/netlink.io.js'

const TUN_PATH = '/dev/net/tun'
const O_RDWR = 2
const TUNSETIFF = 0x400454ca
const TUNGETIFF = 0x800454d2
const IFF_TUN = 0x0001
const IFF_NO_PI = 0x1000
const IFREQ_BYTES = 40
const IFNAMSIZ = 16
/** The kernel's own limit (fs.nr_open), and as many as anybody needs: its table of descriptors grows with the highest one. */
const OPEN_FILES_MAX = 1_048_576
const PR_SET_DUMPABLE = 4
/** A thread of the kernel does it; it may have to wait for a processor. Of all that are brought together. */
const ROUTE_MS_MAX = 50
const ROUTE_LOOK_MS = 0.2
const NOBODY = new Int32Array(new SharedArrayBuffer(4))
const ENXIO = 6
const ENODEV = 19

const ADVICE: Readonly<Record<string, string>> = {
  EPERM: 'it needs CAP_NET_ADMIN',
  EACCES: 'it needs CAP_NET_ADMIN, and a /dev/net/tun that may be opened',
  ENOENT: 'the kernel module tun is not loaded, or this container has no such file',
  ENODEV: 'the kernel module tun is not loaded',
  ENXIO: 'the kernel module tun is not loaded',
}

export interface TunOptions {
  /** `%d` stands for a number that is free. */
  readonly name?: string
  /** Only to show what it is good for. */
  readonly lowest?: boolean
}

export class Tun {
  readonly #addresses = new Set<string>()

  #name: string

  private constructor(
    name: string,
    readonly index: number,
    /** The highest of the process. */
    readonly fd: number,
    private readonly calls: ControlCalls,
    private readonly netlink: Netlink,
  ) {
    this.#name = name
  }

  static open({ name = 'baton%d', lowest = false }: TunOptions = {}): Tun | Lacking {
    const calls = loadControlCalls()
    if ('why' in calls) return calls
    const first = calls.open(TUN_PATH, O_RDWR)
    if (first < 0) return lacking(`${TUN_PATH} cannot be opened`, first)
    const request = new Uint8Array(IFREQ_BYTES)
    request.set(new TextEncoder().encode(name).subarray(0, IFNAMSIZ - 1))
    request.set(new ByteWriter(2).u16(IFF_TUN | IFF_NO_PI).finish(), IFNAMSIZ)
    const made = calls.ioctl(first, TUNSETIFF, request)
    const fd = made < 0 ? made : lowest ? first : toTheTop(calls, first)
    if (fd < 0) {
      calls.close(first)
      return lacking('a TUN device cannot be made', fd)
    }
    return Tun.#over(fd, textOf(request), calls)
  }

  /** A device that another process has: it lives on with this descriptor, and so do its addresses. */
  static adopt(first: number, name: string): Tun | Lacking {
    const calls = loadControlCalls()
    if ('why' in calls) return calls
    const fd = toTheTop(calls, first)
    if (fd < 0) return lacking(`the device ${name} cannot be taken over`, fd)
    const tun = Tun.#over(fd, name, calls)
    if ('why' in tun) return tun
    const there = tun.netlink.addresses()
    if ('why' in there) return there
    for (const { index, address } of there)
      if (index === tun.index && !isLinkLocal(address)) tun.#addresses.add(address)
    return tun
  }

  static #over(fd: number, name: string, calls: ControlCalls): Tun | Lacking {
    const netlink = Netlink.open()
    if ('why' in netlink) {
      calls.close(fd)
      return netlink
    }
    const links = netlink.links()
    const index = 'why' in links ? 0 : (links.find((link) => link.name === name)?.index ?? 0)
    const result = index === 0 ? -ENXIO : netlink.setUp(index)
    if (result === 0) return new Tun(name, index, fd, calls, netlink)
    netlink.close()
    calls.close(fd)
    return lacking(`the device ${name} cannot be used`, result)
  }

  /** As it is called now: an administrator may have given it another. */
  get name(): string {
    return this.#name
  }

  get addresses(): ReadonlySet<string> {
    return this.#addresses
  }

  /**
   * Of its addresses those that somebody else has taken away: a tool for networks that tidies up, an administrator. `undefined`: the
   * kernel does not say. A device that was put down has lost them all.
   */
  missing(): readonly string[] | undefined {
    const [links, addresses] = [this.netlink.links(), this.netlink.addresses()]
    if ('why' in links || 'why' in addresses) return undefined
    const isUp =
      this.#isThere() && links.some(({ index, name, isUp }) => index === this.index && name === this.#name && isUp)
    const there = new Set(addresses.flatMap(({ index, address }) => (index === this.index ? [address] : [])))
    return [...this.#addresses].filter((address) => !isUp || !there.has(address))
  }

  /** Of each 0 or a negative errno: the device itself is gone. */
  bringBack(addresses: readonly string[]): readonly number[] {
    // Its number may be another device's by now.
    const up = this.#isThere() ? this.netlink.setUp(this.index) : -ENODEV
    const results = addresses.map((address) => (up < 0 ? up : this.#bring(address)))
    this.#awaitRoutes(addresses.filter((_, i) => results[i] === 0))
    return results
  }

  /** 0 or a negative errno. It answers at once. */
  add(address: string): number {
    if (this.#addresses.has(address) && this.missing()?.length === 0) return 0
    const result = this.#bring(address)
    if (result === 0) this.#awaitRoutes([address])
    return result
  }

  remove(address: string): number {
    this.#addresses.delete(address)
    return this.netlink.removeAddress(this.index, address)
  }

  /** An IP packet, as if it came from the network. 0 or a negative errno. */
  deliver(packet: Uint8Array): number {
    return Math.min(0, this.calls.write(this.fd, packet))
  }

  /** With all its addresses. */
  close(): void {
    this.calls.close(this.fd)
    this.netlink.close()
  }

  #bring(address: string): number {
    const result = this.netlink.addAddress(this.index, address)
    if (result === 0) this.#addresses.add(address)
    return result
  }

  /**
   * The kernel says that an address of IPv6 is there before it takes packets for it: its route comes a moment later, from a work queue
   * (net/ipv6/addrconf.c, addrconf_dad_work). What came until then would be lost: answers of clients, and packets caught for them.
   */
  #awaitRoutes(addresses: readonly string[]): void {
    const deadline = performance.now() + ROUTE_MS_MAX
    for (const address of addresses.filter(isIpv6)) {
      while (!this.netlink.isHere(address) && performance.now() < deadline) Atomics.wait(NOBODY, 0, 0, ROUTE_LOOK_MS)
    }
  }

  /** `false`: somebody has deleted it. */
  #isThere(): boolean {
    const request = new Uint8Array(IFREQ_BYTES)
    if (this.calls.ioctl(this.fd, TUNGETIFF, request) < 0) return false
    this.#name = textOf(request)
    return true
  }
}

/**
 * A process that dumps its memory answers the network until it has written it. Whatever makes a file of the process readable to
 * others by this is not worth it either.
 */
export function forbidCoreDumps(): void {
  const calls = loadControlCalls()
  if (!('why' in calls)) calls.prctl(PR_SET_DUMPABLE, 0)
}

/** The first descriptor is closed. The limit is lowered to where the device is, so that nothing can come above it. */
function toTheTop(calls: ControlCalls, first: number): number {
  const limits = calls.openFilesLimit()
  if (typeof limits === 'number') return limits
  const [soft, hard] = limits
  const top = Math.min(soft, OPEN_FILES_MAX)
  const fd = calls.duplicateFrom(first, top - 1)
  if (fd < 0) return fd
  if (top < soft) calls.setOpenFilesLimit(top, Math.min(hard, top))
  calls.close(first)
  return fd
}

/** The kernel gives each device one of IPv6 by itself. */
function isLinkLocal(address: string): boolean {
  return address.startsWith('fe80:')
}

function textOf(ifreq: Uint8Array): string {
  const name = new ByteReader(ifreq).take(IFNAMSIZ)
  const end = name.indexOf(0)
  return new TextDecoder().decode(name.subarray(0, end < 0 ? IFNAMSIZ : end))
}

function lacking(what: string, result: number): Lacking {
  const code = errorName(result)
  const advice = ADVICE[code]
  return { why: `${what}: ${code}${advice === undefined ? '' : ` (${advice})`}` }
}
