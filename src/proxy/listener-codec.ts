/**
 * A node's listeners as the bytes of a gossip fact (docs/wire.md):
 *
 *     version u8 | { length u8 | ip length u8 | ip | port u16 | uid u32 | v6only u8 (0 unknown, 1 no, 2 yes)
 *       | pid u32 | name length u8 | name } …
 *
 * An entry says its length, so that a newer release may append fields; an older one's lacks them. Pid and name are left
 * out where they are not known, or where there is no room. A version that we do not know may mean anything: its facts are
 * not read.
 */
import { formatIp, isPort, parseIp } from '../base/address.js'
import { assert } from '../base/assert.js'
import { ByteReader, ByteWriter } from '../base/bytes.js'
import { type Program, programName, programNameBytes } from '../base/program.js'
import { LISTENERS_PER_NODE_MAX, lowestPorts, type PublishedListener } from './listener.js'

export const LISTENERS_BYTES_MAX = 64 * 1024

const VERSION = 1
const NOTHING = new Uint8Array(0)
const V6ONLY: readonly (boolean | undefined)[] = [undefined, false, true]
/** Of an entry, without its length and its IP address. */
const FIXED_BYTES = 1 + 2 + 4 + 1
const ENTRY_BYTES_MAX = 1 + FIXED_BYTES + 16
/** Of a program, without its name. */
const PROGRAM_BYTES = 4 + 1
/**
 * Programs are told of within this, the lowest ports first: what as many listeners as there may be take without them. So
 * they never cost a listener, nor the room of what else a node says.
 */
const WITH_PROGRAMS_BYTES_MAX = 1 + LISTENERS_PER_NODE_MAX * ENTRY_BYTES_MAX

export type DecodedListeners =
  | { readonly type: 'listeners'; readonly listeners: readonly PublishedListener[] }
  | { readonly type: 'malformed'; readonly why: string }

/** Listeners beyond `LISTENERS_PER_NODE_MAX` are left out, those on the highest ports first. */
export function encodeListeners(listeners: readonly PublishedListener[]): Uint8Array {
  const kept = lowestPorts(listeners).map((listener) => {
    const ip = parseIp(listener.address)
    assert(ip !== undefined, `a listener has an IP address, not ${listener.address}`)
    return { ...listener, ip }
  })
  let room = WITH_PROGRAMS_BYTES_MAX - 1 - kept.reduce((sum, { ip }) => sum + 1 + FIXED_BYTES + ip.byteLength, 0)
  const out = new ByteWriter(WITH_PROGRAMS_BYTES_MAX).u8(VERSION)
  for (const { ip, port, uid, v6only, program } of kept) {
    const about = encodeProgram(program, room)
    room -= about.byteLength
    out.u8(FIXED_BYTES + ip.byteLength + about.byteLength).u8(ip.byteLength)
    out.put(ip).u16(port).u32(uid).u8(V6ONLY.indexOf(v6only)).put(about)
  }
  return out.finish()
}

/** Nothing, where it is not known or has no room. */
function encodeProgram(program: Program | undefined, roomBytes: number): Uint8Array {
  if (program === undefined) return NOTHING
  const name = programNameBytes(program)
  if (PROGRAM_BYTES + name.byteLength > roomBytes) return NOTHING
  return new ByteWriter(PROGRAM_BYTES + name.byteLength).u32(program.pid).u8(name.byteLength).put(name).finish()
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
  const program = r.remaining > 0 ? readProgram(r) : undefined
  if (r.failed) return undefined
  return {
    address: formatIp(ip),
    port,
    uid,
    ...(v6only === undefined ? {} : { v6only }),
    ...(program === undefined ? {} : { program }),
  }
}

/** A name is made fit here too: a peer may have said anything. */
function readProgram(r: ByteReader): Program | undefined {
  const pid = r.u32()
  const name = programName(r.take(r.u8()))
  return r.failed || pid === 0 || name === '' ? undefined : { pid, name }
}

function malformed(why: string): DecodedListeners {
  return { type: 'malformed', why: `listeners: ${why}` }
}
