/**
 * Keeps what comes to this host for an address that it is about to give away, or has given away (packet(7)): a copy of each packet,
 * from all interfaces, whether or not the kernel takes it too. What is not fetched in time is lost, and counted.
 */
import { isIpv6 } from '../base/address.js'
import { ByteReader, ByteWriter } from '../base/bytes.js'
import { packetOf, VIRTIO_HEADER_BYTES } from './captured-frame.js'
import { attachFilter } from './classic-filter.io.js'
import { trapFilter } from './classic-filter.js'
import { EINTR, SO_RCVBUFFORCE, SOCK_NONBLOCK_CLOEXEC, SOCK_RAW, SOL_SOCKET } from './constants.js'
import { type ControlCalls, errorName, type Lacking, loadControlCalls } from './control-calls.io.js'
import { ETH_P_IP, ETH_P_IPV6, ETHERNET_BYTES } from './neighbour/ethernet.js'

const AF_PACKET = 17
const SOL_PACKET = 263
const PACKET_STATISTICS = 6
const PACKET_VNET_HDR = 15
/** The kernel's count of it is more than twice what the packets are long. */
const WAITING_BYTES_MAX = 4 * 2 ** 20
const FRAME_BYTES_MAX = VIRTIO_HEADER_BYTES + ETHERNET_BYTES + 0xffff

export class PacketTrap {
  readonly #frame = new Uint8Array(new ArrayBuffer(FRAME_BYTES_MAX))
  #unusable = 0

  private constructor(
    private readonly fd: number,
    private readonly address: string,
    private readonly calls: ControlCalls,
  ) {}

  /** Of SYNs alone, until `widen`. */
  static open(address: string): PacketTrap | Lacking {
    const calls = loadControlCalls()
    if ('why' in calls) return calls
    // Of protocol 0 it hears nothing before it is bound: no packet comes in before the filter.
    const fd = calls.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK_CLOEXEC, 0)
    if (fd < 0) return { why: `no packet socket: ${errorName(fd)}${fd === -1 ? ' (it needs CAP_NET_RAW)' : ''}` }
    const protocol = isIpv6(address) ? ETH_P_IPV6 : ETH_P_IP
    const everywhere = new ByteWriter(20).u16(AF_PACKET).u16be(protocol).put(new Uint8Array(16)).finish()
    const steps = [
      () => calls.setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, words(1)),
      () => calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, words(WAITING_BYTES_MAX)),
      () => attachFilter(calls, fd, trapFilter(address, 'syn')),
      () => calls.bind(fd, everywhere),
    ]
    for (const step of steps) {
      const result = step()
      if (result >= 0) continue
      calls.close(fd)
      return { why: `no packet socket for ${address}: ${errorName(result)}` }
    }
    return new PacketTrap(fd, address, calls)
  }

  /** All of TCP from now on. */
  widen(): void {
    attachFilter(this.calls, this.fd, trapFilter(this.address, 'all'))
  }

  /** The longest waiting; `undefined`: there is none. */
  next(): Uint8Array | undefined {
    for (;;) {
      const length = this.calls.receive(this.fd, this.#frame)
      if (length === -EINTR) continue
      if (length < 0) return undefined
      const packet = packetOf(this.#frame.subarray(0, length))
      if (packet !== undefined) return packet
      this.#unusable++
    }
  }

  /** How many were lost here since the last call. */
  lost(): number {
    const counts = new Uint8Array(8)
    const told = this.calls.getsockopt(this.fd, SOL_PACKET, PACKET_STATISTICS, counts)
    const dropped = told < 0 ? 0 : new ByteReader(counts, 4).u32()
    const lost = dropped + this.#unusable
    this.#unusable = 0
    return lost
  }

  close(): void {
    this.calls.close(this.fd)
  }
}

function words(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer)
}
