/**
 * A node's listeners as the bytes of a gossip fact (docs/wire.md):
 *
 *     version u8 | { length u8 | ip length u8 | ip | port u16 | uid u32 | v6only u8 (0 unknown, 1 no, 2 yes) } …
 *
 * An entry says its length, so that a newer release may append fields; an older one's lacks them. A version that we do not
 * know may mean anything: its facts are not read.
 */
import { formatIp, isPort, parseIp } from '../base/address.js'
import { assert } from '../base/assert.js'
import { ByteReader, ByteWriter } from '../base/bytes.js'
import { LISTENERS_PER_NODE_MAX, lowestPorts, type PublishedListener } from './listener.js'

export const LISTENERS_BYTES_MAX = 64 * 1024

const VERSION = 1
const V6ONLY: readonly (boolean | undefined)[] = [undefined, false, true]
/** Of an entry, without its length and its IP address. */
const FIXED_BYTES = 1 + 2 + 4 + 1
const ENTRY_BYTES_MAX = 1 + FIXED_BYTES + 16

export type DecodedListeners =
  | { readonly type: 'listeners'; readonly listeners: readonly PublishedListener[] }
  | { readonly type: 'malformed'; readonly why: string }

/** Listeners beyond `LISTENERS_PER_NODE_MAX` are left out, those on the highest ports first. */
export function encodeListeners(listeners: readonly PublishedListener[]): Uint8Array {
  const kept = lowestPorts(listeners)
  const out = new ByteWriter(1 + kept.length * ENTRY_BYTES_MAX).u8(VERSION)
  for (const { address, port, uid, v6only } of kept) {
    const ip = parseIp(address)
    assert(ip !== undefined, `a listener has an IP address, not ${address}`)
    out.u8(FIXED_BYTES + ip.byteLength).u8(ip.byteLength)
    out.put(ip).u16(port).u32(uid).u8(V6ONLY.indexOf(v6only))
  }
  return out.finish()
}

/** Total. Nothing of a malformed fact is believed: half a list would take working backends away. */
export function decodeListeners(bytes: Uint8Array): DecodedListeners {
  if (bytes.byteLength > LISTENERS_BYTES_MAX)
    return malformed(`${bytes.byteLength} bytes exceed ${LISTENERS_BYTES_MAX}`)
  const r = new ByteReader(bytes)
  const version = r.u8()
  if (r.failed || version !== VERSION) return malformed(r.failed ? 'empty' : `version ${version}`)
  const listeners: PublishedListener[] = []
  while (r.remaining > 0) {
    if (listeners.length === LISTENERS_PER_NODE_MAX) return malformed(`more than ${LISTENERS_PER_NODE_MAX} listeners`)
    const listener = readEntry(new ByteReader(r.take(r.u8())))
    if (listener === undefined) return malformed(`bad entry ${listeners.length}`)
    listeners.push(listener)
  }
  return { type: 'listeners', listeners }
}

function readEntry(r: ByteReader): PublishedListener | undefined {
  const ipBytes = r.u8()
  const ip = r.take(ipBytes)
  const [port, uid] = [r.u16(), r.u32()]
  if (r.failed || (ipBytes !== 4 && ipBytes !== 16) || !isPort(port)) return undefined
  const v6only = V6ONLY[r.remaining > 0 ? r.u8() : 0]
  return { address: formatIp(ip), port, uid, ...(v6only === undefined ? {} : { v6only }) }
}

function malformed(why: string): DecodedListeners {
  return { type: 'malformed', why: `listeners: ${why}` }
}
