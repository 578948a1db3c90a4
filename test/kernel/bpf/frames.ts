/** Frames for the gate: built to be sent, so with checksums. */
import { parseIp } from '../../../src/base/address.js'

const ETHERNET_BYTES = 14
const TYPES = { ip4: 0x0800, arp: 0x0806, vlan: 0x8100, outerVlan: 0x88a8, ip6: 0x86dd } as const
export const SYN = 2
export const RST = 4
export const ACK = 16

export interface Mac {
  readonly from: Uint8Array
  readonly to: Uint8Array
}

const NOWHERE: Mac = { from: new Uint8Array(6), to: new Uint8Array(6).fill(0xff) }

/** `tags`: VLAN headers within the frame, outermost first. */
export function ethernet(
  type: keyof typeof TYPES,
  payload: Uint8Array,
  { from, to }: Mac = NOWHERE,
  tags: readonly ('vlan' | 'outerVlan')[] = [],
): Uint8Array {
  const [first = u16(0), ...others] = [...tags, type].map((kind) => u16(TYPES[kind]))
  return join(to, from, first, ...others.map((kind) => join(u16(7), kind)), payload)
}

export function arp(sender: string, target: string, mac: Mac = NOWHERE, operation = 1): Uint8Array {
  return join(u16(1), u16(TYPES.ip4), [6, 4], u16(operation), mac.from, ip(sender), new Uint8Array(6), ip(target))
}

export function ip4(from: string, to: string, payload: Uint8Array, protocol = 6): Uint8Array {
  const header = (sum: number) =>
    join([0x45, 0], u16(20 + payload.length), [0, 0, 0x40, 0, 64, protocol], u16(sum), ip(from), ip(to))
  return join(header(checksum(header(0))), payload)
}

export function ip6(from: string, to: string, payload: Uint8Array, next = 6): Uint8Array {
  return join([0x60, 0, 0, 0], u16(payload.length), [next, 255], ip(from), ip(to), payload)
}

/** A neighbour solicitation (135) or advertisement (136) about `target`. */
export function neighbour(type: number, from: string, to: string, target: string, mac: Mac = NOWHERE): Uint8Array {
  const body = (sum: number) => join([type, 0], u16(sum), new Uint8Array(4), ip(target), [type - 134, 1], mac.from)
  return ip6(from, to, body(transportSum(from, to, 58, body(0))), 58)
}

export function tcp(from: string, fromPort: number, to: string, toPort: number, flags: number): Uint8Array {
  const segment = (sum: number) =>
    join(u16(fromPort), u16(toPort), [0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff], u16(sum), u16(0))
  return segment(transportSum(from, to, 6, segment(0)))
}

/** The solicited-node multicast address (RFC 4291, 2.7.1). */
export function solicitedNode(address: string): string {
  const [high = 0, middle = 0, low = 0] = ip(address).slice(13)
  return `ff02::1:ff${high.toString(16).padStart(2, '0')}:${((middle << 8) | low).toString(16)}`
}

/** What a frame is that an address sent, or `undefined` if it comes from others. */
export function saidBy(address: string, frame: Uint8Array): 'arp' | 'na' | 'syn-ack' | 'other' | undefined {
  const type = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0)
  const at = (from: number, length: number) => frame.subarray(ETHERNET_BYTES + from, ETHERNET_BYTES + from + length)
  const is = (from: number) => same(at(from, ip(address).length), ip(address))
  const isIp6 = address.includes(':')
  if (type === TYPES.arp && !isIp6) return is(14) ? 'arp' : undefined
  if (type === TYPES.ip4 && !isIp6 && is(12)) return isSynAck(at(33, 1)) ? 'syn-ack' : 'other'
  if (type !== TYPES.ip6 || !isIp6) return undefined
  if (at(6, 1)[0] === 58 && at(40, 1)[0] === 136 && is(48)) return 'na'
  if (!is(8)) return undefined
  return isSynAck(at(53, 1)) ? 'syn-ack' : 'other'
}

const isSynAck = ([flags = 0]: Uint8Array) => flags === (SYN | ACK)

function transportSum(from: string, to: string, protocol: number, segment: Uint8Array): number {
  return checksum(join(ip(from), ip(to), u16(0), u16(segment.length), [0, protocol], segment))
}

function checksum(bytes: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

function ip(address: string): Uint8Array {
  const bytes = parseIp(address)
  if (bytes === undefined) throw new Error(`no address: ${address}`)
  return bytes
}

const u16 = (value: number) => Uint8Array.of(value >> 8, value)
const join = (...parts: readonly (Uint8Array | readonly number[])[]) => Uint8Array.from(parts.flatMap((p) => [...p]))
const same = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i])
