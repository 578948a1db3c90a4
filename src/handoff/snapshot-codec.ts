/**
 * A snapshot as OPEN and RESUME carry it: 32 bytes, little endian. Later versions may append; what is there stays.
 *
 *     version u8 | bits u8 | scales u8 (send, receive << 4) | 0 u8 | mss u16 | 0 u16
 *     firstSent u32 | firstReceived u32 | timestamp u32 | sendWindow u32 | maxWindow u32 | receiveWindow u32
 */
import { ByteReader, ByteWriter } from '../base/bytes.js'
import type { Snapshot } from './snapshot.js'

const VERSION = 1
const SACK = 1
const WINDOW_SCALE = 2
const TIMESTAMPS = 4
const SCALE_MAX = 14
export const SNAPSHOT_BYTES = 32

const scratch = new ByteWriter(SNAPSHOT_BYTES)

export function encodeSnapshot(s: Snapshot): Uint8Array {
  const { windowScale, timestamp } = s
  const bits =
    (s.sack ? SACK : 0) | (windowScale === undefined ? 0 : WINDOW_SCALE) | (timestamp === undefined ? 0 : TIMESTAMPS)
  const scales = (windowScale?.send ?? 0) | ((windowScale?.receive ?? 0) << 4)
  scratch.reset().u8(VERSION).u8(bits).u8(scales).u8(0).u16(s.mss).u16(0)
  scratch
    .u32(s.firstSent)
    .u32(s.firstReceived)
    .u32(timestamp ?? 0)
  scratch.u32(s.sendWindow).u32(s.maxWindow).u32(s.receiveWindow)
  return scratch.view().slice()
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
