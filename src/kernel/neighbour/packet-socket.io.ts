/**
 * Frames of ARP and of neighbour discovery on one interface (packet(7)), and no others: what else the interface carries is
 * left out by the kernel. For a poller; nothing waits.
 */
import type { Heard, Mac, Said } from '../../address/ports.js'
import { isIpv6, parseIp } from '../../base/address.js'
import { ByteWriter } from '../../base/bytes.js'
import { attachFilter } from '../classic-filter.io.js'
import type { Instruction } from '../classic-filter.js'
import { AF_INET6, EPOLLIN, IPPROTO_IPV6, SOCK_NONBLOCK_CLOEXEC, SOCK_RAW } from '../constants.js'
import { type ControlCalls, errorName, type Lacking, loadControlCalls } from '../control-calls.io.js'
import type { Source } from '../poller.io.js'
import { decodeArp, encodeArp } from './arp.js'
import { ETH_P_ARP, ETH_P_IPV6, ETHERNET_BYTES, macBytes, multicastMac } from './ethernet.js'
import { decodeNdp, encodeNdp, solicitedNode } from './ndp.js'

const AF_PACKET = 17
const SOL_PACKET = 263
const PACKET_ADD_MEMBERSHIP = 1
const PACKET_DROP_MEMBERSHIP = 2
const PACKET_MR_MULTICAST = 0
const SOCK_DGRAM = 2
const IPV6_ADD_MEMBERSHIP = 20
const IPV6_DROP_MEMBERSHIP = 21
const FRAME_BYTES_MAX = 2_048
/** Of one turn: what is left is reported again. */
const FRAMES_PER_TURN = 64
const EINTR = 4

/** What the kernel knows of a frame beside its bytes (SKF_AD_OFF). */
const PACKET_TYPE_AT = 0xffff_f000 + 4
const INTERFACE_AT = 0xffff_f000 + 8
const PACKET_OTHERHOST = 3

/**
 * An interface with VLANs shows a packet socket their frames, too, without their tags: by then they have come in by another
 * interface. Of a VLAN that this host is not in, the kernel calls them another host's. Neither is of this LAN.
 */
function filterFor(index: number, family: 4 | 6): readonly Instruction[] {
  const isNdp: readonly Instruction[] = [
    [0x30, 0, 0, ETHERNET_BYTES + 6],
    [0x15, 0, 4, 58],
    [0x30, 0, 0, ETHERNET_BYTES + 40],
    [0x15, 1, 0, 135],
    [0x15, 0, 1, 136],
  ]
  const rest = family === 6 ? isNdp : []
  return [
    [0x20, 0, 0, INTERFACE_AT],
    [0x15, 0, 3 + rest.length, index],
    [0x20, 0, 0, PACKET_TYPE_AT],
    [0x15, 1 + rest.length, 0, PACKET_OTHERHOST],
    ...rest,
    [0x06, 0, 0, FRAME_BYTES_MAX],
    [0x06, 0, 0, 0],
  ]
}

export class PacketSocket implements Source {
  isWaiting = false
  readonly #frame = new Uint8Array(new ArrayBuffer(FRAME_BYTES_MAX))

  private constructor(
    readonly fd: number,
    readonly index: number,
    private readonly family: 4 | 6,
    private readonly calls: ControlCalls,
    private readonly onHeard: (index: number, heard: Heard) => void,
    /** Of IPv6, only to join groups; negative: there is none. */
    private readonly groups: number,
  ) {}

  static open(index: number, family: 4 | 6, onHeard: (index: number, heard: Heard) => void): PacketSocket | Lacking {
    const calls = loadControlCalls()
    if ('why' in calls) return calls
    // Of protocol 0 it hears nothing before it is bound: no frame comes in before the filter.
    const fd = calls.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK_CLOEXEC, 0)
    if (fd < 0) return { why: `no packet socket: ${errorName(fd)}${fd === -1 ? ' (it needs CAP_NET_RAW)' : ''}` }
    const filtered = attachFilter(calls, fd, filterFor(index, family))
    const protocol = family === 6 ? ETH_P_IPV6 : ETH_P_ARP
    const name = new ByteWriter(20).u16(AF_PACKET).u16be(protocol).u32(index).put(new Uint8Array(12)).finish()
    const result = filtered < 0 ? filtered : calls.bind(fd, name)
    if (result >= 0) {
      const groups = family === 6 ? calls.socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK_CLOEXEC, 0) : -1
      return new PacketSocket(fd, index, family, calls, onHeard, groups)
    }
    calls.close(fd)
    return { why: `no packet socket on interface ${index}: ${errorName(result)}` }
  }

  /** Level-triggered. */
  get events(): number {
    return EPOLLIN
  }

  onReady(): void {
    for (let left = FRAMES_PER_TURN; left > 0; left--) {
      const length = this.calls.receive(this.fd, this.#frame)
      if (length === -EINTR) continue
      // Empty; or the interface is down or gone, which its owner hears of elsewhere.
      if (length < 0) return
      const frame = this.#frame.subarray(0, length)
      const all = this.family === 6 ? decodeNdp(frame) : decodeArp(frame)
      for (const heard of all) this.onHeard(this.index, heard)
    }
  }

  /** `closeFd`: by whoever waits for it. */
  close(closeFd = (fd: number): void => void this.calls.close(fd)): void {
    closeFd(this.fd)
    if (this.groups >= 0) this.calls.close(this.groups)
  }

  /** Whatever the cable does with it. */
  say(mac: Mac, said: Said): void {
    for (const frame of this.family === 6 ? encodeNdp(mac, said) : encodeArp(mac, said)) this.calls.send(this.fd, frame)
  }

  /**
   * Questions for an IPv6 address come to a group of its own. The card is told of it, and by the kernel's IPv6 the switches (MLD, RFC
   * 3810): those that look who is in a group send nobody else its frames. Where an interface has no IPv6 the card alone is told.
   */
  listenFor(address: string, isOn: boolean): void {
    const ip = parseIp(address)
    if (this.family !== 6 || !isIpv6(address) || ip === undefined) return
    const group = solicitedNode(ip)
    const mac = macBytes(multicastMac(group))
    const request = new ByteWriter(16).u32(this.index).u16(PACKET_MR_MULTICAST).u16(mac.byteLength)
    const value = request.put(mac).put(new Uint8Array(2)).finish()
    this.calls.setsockopt(this.fd, SOL_PACKET, isOn ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP, value)
    const membership = new ByteWriter(20).put(group).u32(this.index).finish()
    const option = isOn ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP
    if (this.groups >= 0) this.calls.setsockopt(this.groups, IPPROTO_IPV6, option, membership)
  }
}
