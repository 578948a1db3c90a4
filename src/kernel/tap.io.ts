/**
 * Sees the segments that clients send to one address of this host (raw(7)), beside the kernel's TCP, which has them as well, and sends
 * segments from there. Only their headers are copied. What comes faster than it is read is lost here, and counted by nobody.
 */
import { type Endpoint, isIpv6 } from '../base/address.js'
import type { OnSegment } from '../handoff/ports.js'
import {
  AF_INET,
  AF_INET6,
  EPOLLIN,
  IP_FREEBIND,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_FREEBIND,
  SO_RCVBUFFORCE,
  SOCK_NONBLOCK_CLOEXEC,
  SOCK_RAW,
  SOL_SOCKET,
} from './constants.js'
import { errorName } from './control-calls.io.js'
import type { Source } from './poller.io.js'
import type { SocketContext } from './socket-context.io.js'

/** An IPv4 header with all its options, and the fixed part of a TCP header. */
const HEADERS_BYTES = 80
const IPV4_HEADER_BYTES_MIN = 20
const BUFFER_BYTES = 8 * 2 ** 20
const SEGMENTS_PER_TURN = 512

export class Tap implements Source {
  isWaiting = false
  readonly #isV6: boolean
  readonly #packet = new Uint8Array(new ArrayBuffer(HEADERS_BYTES))

  private constructor(
    readonly fd: number,
    address: string,
    private readonly context: SocketContext,
    private readonly onSegment: OnSegment,
  ) {
    this.#isV6 = isIpv6(address)
  }

  /** The address need not be here yet. */
  static open(address: string, context: SocketContext, onSegment: OnSegment): Tap | { readonly why: string } {
    const { sys, poller } = context
    const isV6 = isIpv6(address)
    const fd = sys.socket(isV6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK_CLOEXEC, IPPROTO_TCP)
    if (fd < 0) return { why: `no raw socket: ${errorName(fd)}${fd === -1 ? ' (it needs CAP_NET_RAW)' : ''}` }
    context.setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    context.setOption(fd, isV6 ? IPPROTO_IPV6 : IPPROTO_IP, isV6 ? IPV6_FREEBIND : IP_FREEBIND, 1)
    const at: Endpoint = { address, port: 0 }
    const result = context.bind(fd, at)
    const tap = new Tap(fd, address, context, onSegment)
    const watched = result < 0 ? result : poller.add(fd, EPOLLIN, tap)
    if (watched === 0) return tap
    sys.close(fd)
    return { why: `the raw socket cannot be used: ${errorName(watched)}` }
  }

  onReady(_events: number): void {
    for (let left = SEGMENTS_PER_TURN; left > 0; left--) {
      const length = this.context.receiveFrom(this.fd, this.#packet)
      if (length < 0) return
      const from = this.context.acceptedFrom()?.address
      if (from === undefined) continue
      if (this.#isV6) this.onSegment(from, this.#packet, length)
      else this.#takeIpv4(from, length)
    }
  }

  /** A segment with its header, as if it came from the kernel. Where the address is not here it goes nowhere. */
  send(to: string, segment: Uint8Array): void {
    this.context.sendTo(this.fd, segment, { address: to, port: 0 })
  }

  close(): void {
    this.context.poller.remove(this.fd)
    this.context.poller.close(this.fd)
  }

  /** A raw socket of IPv4 shows its header; the kernel has checked it and put fragments together. */
  #takeIpv4(from: string, length: number): void {
    const headerBytes = ((this.#packet[0] ?? 0) & 15) * 4
    if (headerBytes < IPV4_HEADER_BYTES_MIN || headerBytes > length) return
    this.onSegment(from, this.#packet.subarray(headerBytes), length - headerBytes)
  }
}
