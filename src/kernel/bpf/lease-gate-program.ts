/**
 * Decides whether a frame may pass an interface, in or out: not one of, to or about an address whose lease has run out.
 * "About" is what ARP (RFC 826) and neighbour solicitations and advertisements (RFC 4861, 4.3 and 4.4) say of it. IPv6
 * extension headers are not walked: source and destination decide. The time is CLOCK_BOOTTIME, as everywhere. A packet within
 * another one (a tunnel's) is not looked at.
 *
 * And not, while an address is guarded, an RST from it without an ACK: that is how a kernel answers a segment of a connection that
 * it does not know (RFC 9293, 3.10.7.1), which may be one that is about to be rebuilt. What it answers to a SYN has an ACK, and so
 * has the RST of a socket that is closed: both pass.
 *
 * And not, while the process stands still, an acknowledgement from an address that carries nothing else: its kernel would say that
 * bytes have come which the process may never read (docs/decisions/0055-what-nobody-reads-is-not-acknowledged.md).
 */
import { IPPROTO_TCP } from '../constants.js'
import { FUNC_KTIME_GET_BOOT_NS, FUNC_SK_RELEASE, SK_BUFF_PROTOCOL, TCX_DROP, TCX_NEXT } from './abi.js'
import { MAPPED_WORD } from './address-key.js'
import {
  add,
  addAtomically,
  and,
  assemble,
  type Code,
  call,
  exit,
  jump,
  jumpIf,
  Label,
  load,
  move,
  R0,
  R1,
  R2,
  R3,
  R6,
  R7,
  R8,
  R9,
  R10,
  type Register,
  shiftLeft,
  store,
  subtract,
} from './assembler.js'
import { copyBytes } from './frame-bytes.js'
import { lookUp } from './map-lookup.js'

/** Descriptors of its maps. */
export interface LeaseGateMaps {
  /** Address → slot. */
  readonly addresses: number
  /** Slot → deadline and counter, see `LEASE`. */
  readonly leases: number
  /** 0 → until when the process is known not to stand still; 0 if nobody watches. See `Pulse`. */
  readonly pulse: number
  /** 0 → a socket of the process: gone when the process is, and then everything passes. Absent: the program goes with it. */
  readonly alive?: number | undefined
}

/** Offsets in what the map `leases` has of a slot: 64-bit numbers, the times in nanoseconds. */
export const LEASE = { deadline: 0, drops: 8, guardedUntil: 16, heldBack: 24, withheld: 32, bytes: 40 } as const

/** EtherTypes as a little-endian machine reads them. */
const IPV4 = 0x0008
const ARP = 0x0608
const IPV6 = 0xdd86
const VLAN = 0x0081
const VLAN_OUTER = 0xa888

const IP4_LENGTH_AT = 2
const IP4_PROTOCOL_AT = 9
const IP4_FRAGMENT_AT = 6
/** Of flags and offset, as a little-endian machine reads them: the offset. */
const FRAGMENT_OFFSET = 0xff1f
const IP6_HEADER_BYTES = 40
const IP6_LENGTH_AT = 4
const NEXT_HEADER_ICMPV6 = 58
const TCP_OFFSET_AT = 12
const RST = 0x04
const RST_OR_ACK = 0x14
const ACK = 0x10
const SYN_FIN_RST_OR_ACK = 0x17
const NEIGHBOUR_SOLICITATION = 135
const NEIGHBOUR_ADVERTISEMENT = 136

// On the stack, from its top.
const KEY = -16
const SLOT = -20
const HEADER = -64
/** When it is; bytes of the segment; until when the process is awake. */
const NOW = -72
const BYTES = -80
const AWAKE = -88

// Kept over calls: the frame, where its network header begins, its EtherType, and the lease that is looked at.
const [FRAME, START, TYPE, LEASED] = [R6, R7, R9, R8]

export function leaseGateProgram(maps: LeaseGateMaps): Uint8Array {
  const [pass, drop, holdBack] = [new Label('pass'), new Label('drop'), new Label('hold back')]
  const [ip4, arp, ip6, both] = [new Label('IPv4'), new Label('ARP'), new Label('IPv6'), new Label('both addresses')]
  const [segment, about] = [new Label('a segment from an address'), new Label('IPv6 that is no segment')]
  const [unguarded, withhold] = [new Label('it may be an acknowledgement'), new Label('withhold')]
  const judge = (key: number, innocent?: Label) => judgeAddress(maps, key, drop, innocent)
  const judgeIp4 = (at: number, innocent?: Label) => [
    load(4, R1, R10, at),
    store(4, R10, KEY + 12, R1),
    judge(KEY, innocent),
  ]
  return assemble([
    move(FRAME, R1),
    maps.alive === undefined ? [] : isAlive(maps.alive, pass),
    move(START, 0),
    load(4, TYPE, FRAME, SK_BUFF_PROTOCOL),
    // The kernel takes one tag out of the frame; there may be one more, or both where it does not.
    skipTag(pass),
    skipTag(pass),
    jumpIf(TYPE, 'eq', IPV4, ip4),
    jumpIf(TYPE, 'eq', IPV6, ip6),
    jumpIf(TYPE, 'eq', ARP, arp),
    jump(pass),

    ip4,
    fetch(12, 8, HEADER, pass),
    jump(both),

    arp,
    fetch(14, 4, HEADER, pass),
    fetch(24, 4, HEADER + 4, pass),

    both,
    store(8, R10, KEY, 0),
    store(4, R10, KEY + 8, MAPPED_WORD),
    judgeIp4(HEADER + 4),
    judgeIp4(HEADER, pass),
    jumpIf(TYPE, 'ne', IPV4, pass),
    isJudged(maps.pulse, pass),
    fetch(0, 20, HEADER, pass),
    load(1, R1, R10, HEADER + IP4_PROTOCOL_AT),
    jumpIf(R1, 'ne', IPPROTO_TCP, pass),
    load(2, R1, R10, HEADER + IP4_FRAGMENT_AT),
    and(R1, FRAGMENT_OFFSET),
    jumpIf(R1, 'ne', 0, pass),
    load(1, R1, R10, HEADER),
    and(R1, 15),
    shiftLeft(R1, 2),
    add(START, R1),
    // What is left of the packet behind its header, times four.
    shiftLeft(R1, 2),
    bigEndian16(R2, R3, HEADER + IP4_LENGTH_AT),
    shiftLeft(R2, 2),
    subtract(R2, R1),
    store(8, R10, BYTES, R2),

    segment,
    fetch(TCP_OFFSET_AT, 2, HEADER, pass),
    load(8, R0, R10, NOW),
    load(8, R1, LEASED, LEASE.guardedUntil),
    jumpIf(R0, 'at least', R1, unguarded),
    load(1, R1, R10, HEADER + 1),
    and(R1, RST_OR_ACK),
    jumpIf(R1, 'eq', RST, holdBack),

    unguarded,
    load(8, R1, R10, AWAKE),
    jumpIf(R1, 'eq', 0, pass),
    jumpIf(R1, 'above', R0, pass),
    load(1, R1, R10, HEADER + 1),
    and(R1, SYN_FIN_RST_OR_ACK),
    jumpIf(R1, 'ne', ACK, pass),
    // Its header's words stand in the upper four bits: times four as well.
    load(1, R1, R10, HEADER),
    and(R1, 0xf0),
    load(8, R2, R10, BYTES),
    jumpIf(R1, 'eq', R2, withhold),
    jump(pass),

    ip6,
    fetch(0, 40, HEADER, pass),
    judge(HEADER + 24),
    judge(HEADER + 8, about),
    isJudged(maps.pulse, about),
    load(1, R1, R10, HEADER + 6),
    jumpIf(R1, 'ne', IPPROTO_TCP, about),
    bigEndian16(R2, R3, HEADER + IP6_LENGTH_AT),
    shiftLeft(R2, 2),
    store(8, R10, BYTES, R2),
    add(START, IP6_HEADER_BYTES),
    jump(segment),

    about,
    load(1, R1, R10, HEADER + 6),
    jumpIf(R1, 'ne', NEXT_HEADER_ICMPV6, pass),
    fetch(40, 24, HEADER, pass),
    aboutNeighbour(pass),
    judge(HEADER + 8),

    pass,
    move(R0, TCX_NEXT),
    exit(),

    drop,
    move(R1, 1),
    addAtomically(LEASED, LEASE.drops, R1),
    move(R0, TCX_DROP),
    exit(),

    holdBack,
    move(R1, 1),
    addAtomically(LEASED, LEASE.heldBack, R1),
    move(R0, TCX_DROP),
    exit(),

    withhold,
    move(R1, 1),
    addAtomically(LEASED, LEASE.withheld, R1),
    move(R0, TCX_DROP),
    exit(),
  ])
}

/**
 * To `drop`, with the lease, if the address of that key on the stack has one and its deadline has passed. To `otherwise` if it has
 * none; behind it, with the lease and the time in R0, if it has one that is in force.
 */
function judgeAddress(maps: LeaseGateMaps, key: number, drop: Label, otherwise?: Label): Code {
  const here = new Label('innocent')
  const innocent = otherwise ?? here
  return [
    lookUp(maps.addresses, key, innocent),
    load(4, R1, R0, 0),
    store(4, R10, SLOT, R1),
    lookUp(maps.leases, SLOT, innocent),
    move(LEASED, R0),
    call(FUNC_KTIME_GET_BOOT_NS),
    load(8, R1, LEASED, LEASE.deadline),
    jumpIf(R0, 'above', R1, drop),
    otherwise === undefined ? here : [],
  ]
}

/** Right behind `judgeAddress`: its segments are looked into if the address is guarded or the process stands still. */
function isJudged(pulse: number, otherwise: Label): Code {
  const [unwatched, judged] = [new Label('nobody watches'), new Label('judged')]
  return [
    store(8, R10, NOW, R0),
    store(4, R10, SLOT, 0),
    store(8, R10, AWAKE, 0),
    lookUp(pulse, SLOT, unwatched),
    load(8, R1, R0, 0),
    store(8, R10, AWAKE, R1),
    unwatched,
    load(8, R0, R10, NOW),
    load(8, R1, LEASED, LEASE.guardedUntil),
    jumpIf(R1, 'above', R0, judged),
    load(8, R1, R10, AWAKE),
    jumpIf(R1, 'eq', 0, otherwise),
    jumpIf(R1, 'above', R0, otherwise),
    judged,
  ]
}

/** `to` = the two bytes at `at` on the stack, the higher one first. */
function bigEndian16(to: Register, other: Register, at: number): Code {
  return [load(1, to, R10, at), shiftLeft(to, 8), load(1, other, R10, at + 1), add(to, other)]
}

function isAlive(map: number, otherwise: Label): Code {
  return [store(4, R10, SLOT, 0), lookUp(map, SLOT, otherwise), move(R1, R0), call(FUNC_SK_RELEASE)]
}

/** Copies from the network header to the stack; a frame that is too short is nobody's. */
function fetch(from: number, bytes: number, to: number, otherwise: Label): Code {
  return copyBytes(FRAME, START, from, bytes, to, otherwise)
}

function skipTag(otherwise: Label): Code {
  const isTag = new Label('is a tag')
  const isNone = new Label('is no tag')
  return [
    jumpIf(TYPE, 'eq', VLAN, isTag),
    jumpIf(TYPE, 'ne', VLAN_OUTER, isNone),
    isTag,
    fetch(0, 4, HEADER, otherwise),
    load(2, TYPE, R10, HEADER + 2),
    add(START, 4),
    isNone,
  ]
}

/** Of ICMPv6 only what is about a neighbour goes on. */
function aboutNeighbour(otherwise: Label): Code {
  const isOne = new Label('is one')
  return [
    load(1, R1, R10, HEADER),
    jumpIf(R1, 'eq', NEIGHBOUR_SOLICITATION, isOne),
    jumpIf(R1, 'ne', NEIGHBOUR_ADVERTISEMENT, otherwise),
    isOne,
  ]
}
