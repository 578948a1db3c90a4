/**
 * Orphans: connections of an address that no process has any more, and that this kernel goes on closing by itself
 * (sock_diag(7), linux/inet_diag.h). A director that was killed leaves one for each client: their FINs go nowhere while the address
 * is elsewhere, but each holds its four-tuple, and would speak again when the address comes back.
 */
import { formatIp } from '../base/address.js'
import { ByteReader, ByteWriter } from '../base/bytes.js'
import { AF_INET, IPPROTO_TCP } from './constants.js'

/** net/tcp_states.h: our FIN is on its way, again and again. What comes after these is silent by itself. */
const [FIN_WAIT1, LAST_ACK, CLOSING] = [4, 9, 11]
const ENDING = (1 << FIN_WAIT1) | (1 << LAST_ACK) | (1 << CLOSING)
const SOCKID_BYTES = 48
const ADDRESS_BYTES = 16

export interface Orphan {
  readonly family: number
  /** `struct inet_diag_sockid`: names this socket and no other. */
  readonly id: Uint8Array
}

/** `struct inet_diag_req_v2`: all connections of the family that are ending. */
export function encodeEndingQuery(family: number): Uint8Array {
  return encodeRequest(family, ENDING, new Uint8Array(SOCKID_BYTES))
}

/** For SOCK_DESTROY. */
export function encodeDestruction({ family, id }: Orphan): Uint8Array {
  return encodeRequest(family, 0, id)
}

/** `struct inet_diag_msg`: an orphan of `address`, or nothing that is asked for. Total. */
export function decodeOrphan(payload: Uint8Array, address: string): Orphan | undefined {
  const r = new ByteReader(payload)
  const family = r.u8()
  r.take(3)
  const id = r.take(SOCKID_BYTES)
  // Expiry, the two queues, the user.
  r.take(4 + 8 + 4)
  const inode = r.u32()
  // A socket that a process has got its inode from sockfs.
  if (r.failed || inode !== 0) return undefined
  const source = id.subarray(4, 4 + (family === AF_INET ? 4 : ADDRESS_BYTES))
  return formatIp(source) === address ? { family, id: id.slice() } : undefined
}

function encodeRequest(family: number, states: number, id: Uint8Array): Uint8Array {
  const out = new ByteWriter(8 + SOCKID_BYTES)
  return out.u8(family).u8(IPPROTO_TCP).u8(0).u8(0).u32(states).put(id).finish()
}
