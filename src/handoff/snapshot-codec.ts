/**
 * A snapshot as OPEN and RESUME carry it: 32 bytes, little endian. Later versions may append; what is there stays.
 *
 *     version u8 | bits u8 | scales u8 (send, receive << 4) | 0 u8 | mss u16 | 0 u16
 *     firstSent u32 | firstReceived u32 | timestamp u32 | sendWindow u32 | maxWindow u32 | receiveWindow u32
 */
import { ByteReader } from '../base/bytes.js'
import type { Snapshot } from './snapshot.js'

const VERSION = 1
const SACK = 1
const WINDOW_SCALE = 2
const TIMESTAMPS = 4
const SCALE_MAX = 14
export const SNAPSHOT_BYTES = 32

/** One is made of each connection that is accepted: a ByteWriter would cost a microsecond. What is not written stays 0. */
const scratch = Uint8Array.of(VERSION, ...new Uint8Array(SNAPSHOT_BYTES - 1))
const view = new DataView(scratch.buffer)

export function encodeSnapshot(s: Snapshot): Uint8Array {
  const { windowScale, timestamp } = s
  const bits =
    (s.sack ? SACK : 0) | (windowScale === undefined ? 0 : WINDOW_SCALE) | (timestamp === undefined ? 0 : TIMESTAMPS)
  const scales = (windowScale?.send ?? 0) | ((windowScale?.receive ?? 0) << 4)
  view.setUint8(1, bits)
  view.setUint8(2, scales)
  view.setUint16(4, s.mss, true)
  view.setUint32(8, s.firstSent, true)
  view.setUint32(12, s.firstReceived, true)
  view.setUint32(16, timestamp ?? 0, true)
  view.setUint32(20, s.sendWindow, true)
  view.setUint32(24, s.maxWindow, true)
  view.setUint32(28, s.receiveWindow, true)
  return scratch.slice()
}

/** `undefined`: malformed, or of a version that cannot be read here. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot | undefined {
  const r = new ByteReader(bytes)
  if (r.u8() !== VERSION) return undefined
  const [bits, scales] = [r.u8(), r.u8()]
  r.u8()
  const mss = r.u16()
  r.u16()
  const [firstSent, firstReceived, timestamp] = [r.u32(), r.u32(), r.u32()]
  const [sendWindow, maxWindow, receiveWindow] = [r.u32(), r.u32(), r.u32()]
  const windowScale = { send: scales & 15, receive: scales >> 4 }
  if (r.failed || windowScale.send > SCALE_MAX || windowScale.receive > SCALE_MAX || mss === 0) return undefined
  return {
    firstSent,
    firstReceived,
    mss,
    sack: (bits & SACK) !== 0,
    windowScale: (bits & WINDOW_SCALE) === 0 ? undefined : windowScale,
    timestamp: (bits & TIMESTAMPS) === 0 ? undefined : timestamp,
    sendWindow,
    maxWindow,
    receiveWindow,
  }
}
