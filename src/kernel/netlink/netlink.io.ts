/** Asks and tells the kernel about interfaces, addresses and routes: one socket, one question at a time, no waiting for others. */
import { AF_INET, AF_INET6, EINTR, SOCK_NONBLOCK_CLOEXEC, SOCK_RAW } from '../constants.js'
import { type ControlCalls, errorName, type Lacking, loadControlCalls } from '../control-calls.io.js'
import {
  decodeMessages,
  encodeMessage,
  errnoOfMessage,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
} from './message.js'
import {
  addressRequest,
  decodeAddress,
  decodeLink,
  decodeRoute,
  dumpRequest,
  IFADDRMSG_BYTES,
  IFINFOMSG_BYTES,
  linkUpRequest,
  type NetAddress,
  type NetLink,
  type NetRoute,
  noLinkLocalRequest,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETROUTE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWROUTE,
  subnetRoutesRequest,
} from './objects.js'

const AF_NETLINK = 16
const NETLINK_ROUTE = 0
const SOL_NETLINK = 270
const NETLINK_GET_STRICT_CHK = 12
const DATAGRAM_BYTES_MAX = 64 * 1024
/** Thousands of addresses and routes fit in. */
const DATAGRAMS_MAX = 1_024
/** A dump during which something changed is asked for again. */
const TRIES = 5

export class Netlink {
  readonly #datagram = new Uint8Array(DATAGRAM_BYTES_MAX)
  #sequence = 0

  private constructor(
    private readonly fd: number,
    private readonly calls: ControlCalls,
  ) {}

  static open(): Netlink | Lacking {
    const calls = loadControlCalls()
    if ('why' in calls) return calls
    const fd = calls.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK_CLOEXEC, NETLINK_ROUTE)
    if (fd < 0) return { why: `no netlink socket: ${errorName(fd)}` }
    // A dump then has only what was asked for. Older kernels (before 4.20) tell all, and we look ourselves.
    calls.setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, new Uint8Array(Int32Array.of(1).buffer))
    return new Netlink(fd, calls)
  }

  close(): void {
    this.calls.close(this.fd)
  }

  links(): readonly NetLink[] | Lacking {
    return this.#dump(RTM_GETLINK, RTM_NEWLINK, dumpRequest(0, IFINFOMSG_BYTES), decodeLink)
  }

  addresses(): readonly NetAddress[] | Lacking {
    return this.#dump(RTM_GETADDR, RTM_NEWADDR, dumpRequest(0, IFADDRMSG_BYTES), decodeAddress)
  }

  /** Those that the kernel made for the subnets of interfaces: a host may have a million others. */
  subnetRoutes(): readonly NetRoute[] | Lacking {
    const [v4, v6] = [AF_INET, AF_INET6].map((family) => {
      return this.#dump(RTM_GETROUTE, RTM_NEWROUTE, subnetRoutesRequest(family), decodeRoute)
    })
    if (v4 === undefined || 'why' in v4) return v4 ?? []
    return v6 === undefined || 'why' in v6 ? v4 : [...v4, ...v6]
  }

  /** 0 or a negative errno. One that is there already is well. */
  addAddress(index: number, address: string): number {
    return this.#tell(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, addressRequest(index, address))
  }

  /** 0 or a negative errno; EADDRNOTAVAIL: it was not there. */
  removeAddress(index: number, address: string): number {
    return this.#tell(RTM_DELADDR, 0, addressRequest(index, address))
  }

  /** Without a link-local address of its own; where there is no IPv6 it gets none anyway. */
  setUp(index: number): number {
    this.#tell(RTM_NEWLINK, 0, noLinkLocalRequest(index))
    return this.#tell(RTM_NEWLINK, 0, linkUpRequest(index))
  }

  #dump<T>(
    ask: number,
    expect: number,
    payload: Uint8Array,
    decode: (payload: Uint8Array) => T | undefined,
  ): readonly T[] | Lacking {
    for (let tries = 0; tries < TRIES; tries++) {
      const found: T[] = []
      let isWhole = true
      const result = this.#exchange(ask, NLM_F_DUMP, payload, (type, flags, body) => {
        if ((flags & NLM_F_DUMP_INTR) !== 0) isWhole = false
        const one = type === expect ? decode(body) : undefined
        if (one !== undefined) found.push(one)
      })
      if (result < 0) return { why: `netlink: ${errorName(result)}` }
      if (isWhole) return found
    }
    return { why: 'netlink: it changed faster than it could be read' }
  }

  #tell(type: number, flags: number, payload: Uint8Array): number {
    return this.#exchange(type, flags | NLM_F_ACK, payload, () => {})
  }

  /** The kernel answers within the call: what is not there after it has been read to its end never comes. */
  #exchange(
    type: number,
    flags: number,
    payload: Uint8Array,
    hear: (type: number, flags: number, payload: Uint8Array) => void,
  ): number {
    const sequence = ++this.#sequence
    const sent = this.calls.send(this.fd, encodeMessage({ type, flags: flags | NLM_F_REQUEST, sequence, payload }))
    if (sent < 0) return sent
    for (let datagrams = 0; datagrams < DATAGRAMS_MAX; datagrams++) {
      const length = this.calls.receive(this.fd, this.#datagram)
      if (length === -EINTR) continue
      if (length < 0) return length
      for (const message of decodeMessages(this.#datagram.subarray(0, length))) {
        if (message.sequence !== sequence) continue
        if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) return -errnoOfMessage(message)
        hear(message.type, message.flags, message.payload)
      }
    }
    return -EINTR
  }
}
