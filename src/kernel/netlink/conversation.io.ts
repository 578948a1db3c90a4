/** One netlink socket: one question at a time, answered within the call, no waiting for others (netlink(7)). */
import { EINTR, SOCK_NONBLOCK_CLOEXEC, SOCK_RAW } from '../constants.js'
import { type ControlCalls, errorName, type Lacking, loadControlCalls } from '../control-calls.io.js'
import {
  decodeMessages,
  encodeMessage,
  errnoOfMessage,
  type NetlinkMessage,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
} from './message.js'

const AF_NETLINK = 16
const SOL_NETLINK = 270
const DATAGRAM_BYTES_MAX = 64 * 1024
/** Thousands of addresses, routes and sockets fit in. */
const DATAGRAMS_MAX = 1_024

export type OnMessage = (type: number, flags: number, payload: NetlinkMessage['payload']) => void

export class Conversation {
  readonly #datagram = new Uint8Array(DATAGRAM_BYTES_MAX)
  #sequence = 0

  private constructor(
    private readonly fd: number,
    private readonly calls: ControlCalls,
  ) {}

  /** `protocol`: NETLINK_ROUTE and the like. */
  static open(protocol: number): Conversation | Lacking {
    const calls = loadControlCalls()
    if ('why' in calls) return calls
    const fd = calls.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK_CLOEXEC, protocol)
    return fd < 0 ? { why: `no netlink socket: ${errorName(fd)}` } : new Conversation(fd, calls)
  }

  /** An option of the socket that this kernel may not know. */
  set(option: number, value: number): void {
    this.calls.setsockopt(this.fd, SOL_NETLINK, option, new Uint8Array(Int32Array.of(value).buffer))
  }

  /** 0 or a negative errno. The kernel answers within the call: what is not there after it has been read to its end never comes. */
  exchange(type: number, flags: number, payload: Uint8Array, hear: OnMessage): number {
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

  close(): void {
    this.calls.close(this.fd)
  }
}
