/**
 * Frames of ARP and of neighbour discovery on one interface (packet(7)), and no others: what else the interface carries is
 * left out by the kernel. For a poller; nothing waits.
 */
import type { Heard, Mac, Said } from '../../address/ports.js'
import { isIpv6, parseIp } from '../../base/address.js'
import { ByteWriter } from '../../base/bytes.js'
import { EPOLLIN, SO_ATTACH_FILTER, SOCK_NONBLOCK_CLOEXEC, SOCK_RAW, SOL_SOCKET } from '../constants.js'
import { type ControlCalls, errorName, type Lacking, loadControlCalls } from '../control-calls.io.js'
import type { Source } from '../poller.io.js'
import { addressOf } from '../syscalls.io.js'
import { decodeArp, encodeArp } from './arp.js'
import { ETH_P_ARP, ETH_P_IPV6, ETHERNET_BYTES, macBytes, multicastMac } from './ethernet.js'
import { decodeNdp, encodeNdp, solicitedNode } from './ndp.js'

const AF_PACKET = 17
const SOL_PACKET = 263
const PACKET_ADD_MEMBERSHIP = 1
const PACKET_DROP_MEMBERSHIP = 2
const PACKET_MR_MULTICAST = 0
const FRAME_BYTES_MAX = 2_048
/** Of one turn: what is left is reported again. */
const FRAMES_PER_TURN = 64
const EINTR = 4

/** Classic BPF (linux/filter.h): code, jump if true, jump if false, constant. */
const NDP_FILTER: readonly (readonly [number, number, number, number])[] = [
  [0x30, 0, 0, ETHERNET_BYTES + 6],
  [0x15, 0, 4, 58],
  [0x30, 0, 0, ETHERNET_BYTES + 40],
  [0x15, 1, 0, 135],
  [0x15, 0, 1, 136],
  [0x06, 0, 0, FRAME_BYTES_MAX],
  [0x06, 0, 0, 0],
]

export class PacketSocket implements Source {
  isWaiting = false
  readonly #frame = new Uint8Array(new ArrayBuffer(FRAME_BYTES_MAX))

  private constructor(
    readonly fd: number,
    readonly index: number,
    private readonly family: 4 | 6,
    private readonly calls: ControlCalls,
    private readonly onHeard: (index: number, heard: Heard) => void,
  ) {}

  static open(index: number, family: 4 | 6, onHeard: (index: number, heard: Heard) => void): PacketSocket | Lacking {
    const calls = loadControlCalls()
    if ('why' in calls) return calls
    // Of protocol 0 it hears nothing before it is bound: no frame comes in before the filter.
    const fd = calls.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK_CLOEXEC, 0)
    if (fd < 0) return { why: `no packet socket: ${errorName(fd)}${fd === -1 ? ' (it needs CAP_NET_RAW)' : ''}` }
    const filtered = family === 6 ? attachFilter(calls, fd) : 0
    const protocol = family === 6 ? ETH_P_IPV6 : ETH_P_ARP
    const name = new ByteWriter(20).u16(AF_PACKET).u16be(protocol).u32(index).put(new Uint8Array(12)).finish()
    const result = filtered < 0 ? filtered : calls.bind(fd, name)
    if (result >= 0) return new PacketSocket(fd, index, family, calls, onHeard)
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

  close(): void {
    this.calls.close(this.fd)
  }

  /** Whatever the cable does with it. */
  say(mac: Mac, said: Said): void {
    for (const frame of this.family === 6 ? encodeNdp(mac, said) : encodeArp(mac, said)) this.calls.send(this.fd, frame)
  }

  /** Questions for an IPv6 address come to a group of its own, which the card is told of. */
  listenFor(address: string, isOn: boolean): void {
    const ip = parseIp(address)
    if (this.family !== 6 || !isIpv6(address) || ip === undefined) return
    const group = macBytes(multicastMac(solicitedNode(ip)))
    const request = new ByteWriter(16).u32(this.index).u16(PACKET_MR_MULTICAST).u16(group.byteLength)
    const value = request.put(group).put(new Uint8Array(2)).finish()
    this.calls.setsockopt(this.fd, SOL_PACKET, isOn ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP, value)
  }
}

function attachFilter(calls: ControlCalls, fd: number): number {
  const program = new ByteWriter(8 * NDP_FILTER.length)
  for (const [code, yes, no, constant] of NDP_FILTER) program.u16(code).u8(yes).u8(no).u32(constant)
  // The kernel is told its address: it lies in memory of its own, which does not move.
  const memory = new Uint8Array(new ArrayBuffer(program.length))
  memory.set(program.view())
  const value = new ByteWriter(16).u16(NDP_FILTER.length).u16(0).u32(0).u64(addressOf(memory.buffer)).finish()
  return calls.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, value)
}
