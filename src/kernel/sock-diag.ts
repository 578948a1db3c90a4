/**
 * The question "who listens?" to the kernel's sock_diag, and its answer (sock_diag(7), linux/inet_diag.h). Asked for LISTEN
 * alone, the kernel does not walk through its table of connections. Integers are in the byte order of the host,
 * little-endian here; ports and addresses in network order.
 */
import { formatIp } from '../base/address.js'
import { ByteReader, ByteWriter } from '../base/bytes.js'
import { AF_INET, AF_INET6, IPPROTO_TCP } from './constants.js'
import type { ListeningSocket } from './listening-socket.js'

const SOCK_DIAG_BY_FAMILY = 20
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLM_F_REQUEST = 0x001
const NLM_F_DUMP = 0x300
const TCP_LISTEN = 10
/** A handshake is in the one state for whoever asks, and in the other within the kernel (net/tcp_states.h). */
const [TCP_SYN_RECV, TCP_NEW_SYN_RECV] = [3, 12]
const INET_DIAG_SKV6ONLY = 11

const NLMSGHDR_BYTES = 16
const SOCKID_BYTES = 48

/** `struct nlmsghdr` and `struct inet_diag_req_v2`. */
export function encodeListenQuery(family: number, sequence: number): Uint8Array {
  return encodeQuery(family, sequence, 1 << TCP_LISTEN)
}

/** The same question for handshakes that are not over. The kernel walks through all its connections for it. */
export function encodeHalfOpenQuery(family: number, sequence: number): Uint8Array {
  return encodeQuery(family, sequence, (1 << TCP_SYN_RECV) | (1 << TCP_NEW_SYN_RECV))
}

function encodeQuery(family: number, sequence: number, states: number): Uint8Array {
  const length = NLMSGHDR_BYTES + 8 + SOCKID_BYTES
  const out = new ByteWriter(length)
  out.u32(length).u16(SOCK_DIAG_BY_FAMILY)
  out
    .u16(NLM_F_REQUEST | NLM_F_DUMP)
    .u32(sequence)
    .u32(0)
  out.u8(family).u8(IPPROTO_TCP).u8(0).u8(0)
  return out.u32(states).put(new Uint8Array(SOCKID_BYTES)).finish()
}

export interface ListenReply {
  readonly sockets: readonly ListeningSocket[]
  /** No further datagram belongs to this answer. */
  readonly done: boolean
  /** The kernel's errno, where it refused. */
  readonly errno?: number
}

/** One datagram of the answer. Total: what does not parse ends it, and messages of another question are passed over. */
export function decodeListenReply(datagram: Uint8Array, sequence: number): ListenReply {
  const sockets: ListeningSocket[] = []
  const end = eachSocket(datagram, sequence, (body) => {
    const socket = readSocket(body)
    if (socket !== undefined) sockets.push(socket)
  })
  return { sockets, ...end }
}

/** The same of an answer to `encodeHalfOpenQuery`: those to `address`. */
export function countHalfOpen(datagram: Uint8Array, sequence: number, address: string) {
  let count = 0
  const { done } = eachSocket(datagram, sequence, (body) => {
    const [family] = [body.u8()]
    body.skip(7)
    const source = body.take(16)
    if (!body.failed && formatIp(source.subarray(0, family === AF_INET ? 4 : 16)) === address) count++
  })
  return { count, done }
}

function eachSocket(
  datagram: Uint8Array,
  sequence: number,
  take: (body: ByteReader) => void,
): Omit<ListenReply, 'sockets'> {
  for (let at = 0; at + NLMSGHDR_BYTES <= datagram.byteLength; ) {
    const head = new ByteReader(datagram.subarray(at))
    const [length, type, , theirs] = [head.u32(), head.u16(), head.u16(), head.u32()]
    if (length < NLMSGHDR_BYTES || at + length > datagram.byteLength) return { done: true }
    const body = new ByteReader(datagram.subarray(at + NLMSGHDR_BYTES, at + length))
    // Messages begin at multiples of four.
    at += (length + 3) & ~3
    if (theirs !== sequence) continue
    if (type === NLMSG_DONE) return { done: true }
    if (type === NLMSG_ERROR) return { done: true, errno: -(body.u32() | 0) }
    if (type === SOCK_DIAG_BY_FAMILY) take(body)
  }
  return { done: false }
}

/** `struct inet_diag_msg` and its attributes. */
function readSocket(r: ByteReader): ListeningSocket | undefined {
  const [family, state] = [r.u8(), r.u8()]
  r.take(2)
  const port = r.u16be()
  r.take(2)
  const source = r.take(16)
  // Destination, interface, cookie; expiry and the two queues.
  r.take(16 + 4 + 8 + 12)
  const [uid, inode] = [r.u32(), r.u32()]
  if (r.failed || state !== TCP_LISTEN) return undefined
  const address = formatIp(source.subarray(0, family === AF_INET ? 4 : 16))
  const v6only = family === AF_INET6 ? readV6only(r) : undefined
  return { address, port, uid, inode, ...(v6only === undefined ? {} : { v6only }) }
}

function readV6only(r: ByteReader): boolean | undefined {
  while (r.remaining >= 4) {
    const [length, type] = [r.u16(), r.u16()]
    const value = r.take(length - 4)
    if (r.failed) return undefined
    if (type === INET_DIAG_SKV6ONLY) return value[0] === 1
    r.take(Math.min(r.remaining, -length & 3))
  }
  return undefined
}
