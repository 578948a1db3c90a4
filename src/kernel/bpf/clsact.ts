/**
 * Messages of rtnetlink(7) that put a BPF program on an interface where there is no tcx: the clsact queueing discipline
 * (linux/pkt_sched.h) and a filter of cls_bpf that decides by itself ("direct action").
 */
import { ByteWriter } from '../../base/bytes.js'

export type Direction = 'ingress' | 'egress'

const RTM_NEWQDISC = 36
const RTM_NEWTFILTER = 44
const RTM_DELTFILTER = 45
const NLM_F_REQUEST_ACK = 0x5
const NLM_F_EXCL = 0x200
const NLM_F_CREATE = 0x400
const NLMSG_ERROR = 2

const TC_H_CLSACT = 0xfffffff1
const PARENTS: Readonly<Record<Direction, number>> = { ingress: 0xfffffff2, egress: 0xfffffff3 }
const TCA_KIND = 1
const TCA_OPTIONS = 2
const TCA_BPF_FD = 6
const TCA_BPF_NAME = 7
const TCA_BPF_FLAGS = 8
const TCA_BPF_FLAG_ACT_DIRECT = 1

/** The first priority, all protocols. */
const INFO = (1 << 16) | 0x0300

/** One of our places among the filters of that priority. */
export interface Place {
  readonly handle: number
  readonly name: string
}

export const LEASE_PLACE: Place = { handle: 0xba70, name: 'baton-lease' }
/** Of this life and of earlier ones, whose programs still have something to do. */
export const GRAVE_PLACES: readonly Place[] = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({
  handle: LEASE_PLACE.handle + n,
  name: 'baton-grave',
}))

/** Refused with EEXIST where it is there already. */
export function encodeAddClsact(ifindex: number): Uint8Array {
  const attributes = attribute(TCA_KIND, text('clsact'))
  return message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, ifindex, 0xffff0000, TC_H_CLSACT, 0, attributes)
}

/** Takes the place of one that was left, or is refused with EEXIST (`isNew`). */
export function encodeSetFilter(
  ifindex: number,
  direction: Direction,
  program: number,
  { handle, name } = LEASE_PLACE,
  isNew = false,
): Uint8Array {
  const options = [
    attribute(TCA_BPF_FD, u32(program)),
    attribute(TCA_BPF_NAME, text(name)),
    attribute(TCA_BPF_FLAGS, u32(TCA_BPF_FLAG_ACT_DIRECT)),
  ]
  const attributes = join([attribute(TCA_KIND, text('bpf')), attribute(TCA_OPTIONS, join(options))])
  const flags = NLM_F_CREATE | (isNew ? NLM_F_EXCL : 0)
  return message(RTM_NEWTFILTER, flags, ifindex, handle, PARENTS[direction], INFO, attributes)
}

export function encodeDeleteFilter(ifindex: number, direction: Direction, { handle } = LEASE_PLACE): Uint8Array {
  const kind = attribute(TCA_KIND, text('bpf'))
  return message(RTM_DELTFILTER, 0, ifindex, handle, PARENTS[direction], INFO, kind)
}

/** The errno that a message was answered with, 0 for done; `undefined`: that was no answer. */
export function decodeAck(bytes: Uint8Array): number | undefined {
  if (bytes.byteLength < 20) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint16(4, true) === NLMSG_ERROR ? 0 - view.getInt32(16, true) : undefined
}

/** `struct nlmsghdr`, `struct tcmsg`. */
function message(
  type: number,
  flags: number,
  ifindex: number,
  handle: number,
  parent: number,
  info: number,
  attributes: Uint8Array,
): Uint8Array {
  return new ByteWriter()
    .u32(16 + 20 + attributes.byteLength)
    .u16(type)
    .u16(NLM_F_REQUEST_ACK | flags)
    .u64(0)
    .u32(0)
    .u32(ifindex)
    .u32(handle)
    .u32(parent)
    .u32(info)
    .put(attributes)
    .finish()
}

/** Its length, its kind, its value, filled up to a multiple of 4. */
function attribute(kind: number, value: Uint8Array): Uint8Array {
  const filled = new Uint8Array(Math.ceil(value.byteLength / 4) * 4)
  filled.set(value)
  return new ByteWriter()
    .u16(4 + value.byteLength)
    .u16(kind)
    .put(filled)
    .finish()
}

const text = (value: string) => new TextEncoder().encode(`${value}\0`)
const u32 = (value: number) => new ByteWriter(4).u32(value).finish()
const join = (parts: readonly Uint8Array[]) => parts.reduce((all, part) => all.put(part), new ByteWriter()).finish()
