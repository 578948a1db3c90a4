/**
 * Decides whether a frame may pass an interface, in or out: not one of, to or about an address whose lease has run out.
 * "About" is what ARP (RFC 826) and neighbour solicitations and advertisements (RFC 4861, 4.3 and 4.4) say of it. IPv6
 * extension headers are not walked: source and destination decide. The time is CLOCK_BOOTTIME, as everywhere. A packet within
 * another one (a tunnel's) is not looked at.
 */
import {
  FUNC_KTIME_GET_BOOT_NS,
  FUNC_SK_RELEASE,
  FUNC_SKB_LOAD_BYTES_RELATIVE,
  HDR_START_NET,
  SK_BUFF_PROTOCOL,
  TCX_DROP,
  TCX_NEXT,
} from './abi.js'
import { MAPPED_WORD } from './address-key.js'
import {
  add,
  addAtomically,
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
  R4,
  R5,
  R6,
  R7,
  R8,
  R9,
  R10,
  store,
} from './assembler.js'
import { lookUp } from './map-lookup.js'

/** Descriptors of its maps. */
export interface LeaseGateMaps {
  /** Address → slot. */
  readonly addresses: number
  /** Slot → deadline and counter, see `LEASE`. */
  readonly leases: number
  /** 0 → a socket of the process: gone when the process is, and then everything passes. Absent: the program goes with it. */
  readonly alive?: number | undefined
}

/** Offsets in what the map `leases` has of a slot: two 64-bit numbers, the deadline in nanoseconds. */
export const LEASE = { deadline: 0, drops: 8, bytes: 16 } as const

/** EtherTypes as a little-endian machine reads them. */
const IPV4 = 0x0008
const ARP = 0x0608
const IPV6 = 0xdd86
const VLAN = 0x0081
const VLAN_OUTER = 0xa888

const NEXT_HEADER_ICMPV6 = 58
const NEIGHBOUR_SOLICITATION = 135
const NEIGHBOUR_ADVERTISEMENT = 136

// On the stack, from its top.
const KEY = -16
const SLOT = -20
const HEADER = -64

// Kept over calls: the frame, where its network header begins, its EtherType, and the lease that is looked at.
const [FRAME, START, TYPE, LEASED] = [R6, R7, R9, R8]

export function leaseGateProgram(maps: LeaseGateMaps): Uint8Array {
  const [pass, drop] = [new Label('pass'), new Label('drop')]
  const [ip4, arp, ip6, both] = [new Label('IPv4'), new Label('ARP'), new Label('IPv6'), new Label('both addresses')]
  const judge = (key: number) => judgeAddress(maps, key, drop)
  const judgeIp4 = (at: number) => [load(4, R1, R10, at), store(4, R10, KEY + 12, R1), judge(KEY)]
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
    judgeIp4(HEADER),
    judgeIp4(HEADER + 4),
    jump(pass),

    ip6,
    fetch(0, 40, HEADER, pass),
    judge(HEADER + 8),
    judge(HEADER + 24),
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
  ])
}

/** To `drop`, with the lease, if the address of that key on the stack has one and its deadline has passed. */
function judgeAddress(maps: LeaseGateMaps, key: number, drop: Label): Code {
  const innocent = new Label('innocent')
  return [
    lookUp(maps.addresses, key, innocent),
    load(4, R1, R0, 0),
    store(4, R10, SLOT, R1),
    lookUp(maps.leases, SLOT, innocent),
    move(LEASED, R0),
    call(FUNC_KTIME_GET_BOOT_NS),
    load(8, R1, LEASED, LEASE.deadline),
    jumpIf(R0, 'above', R1, drop),
    innocent,
  ]
}

function isAlive(map: number, otherwise: Label): Code {
  return [store(4, R10, SLOT, 0), lookUp(map, SLOT, otherwise), move(R1, R0), call(FUNC_SK_RELEASE)]
}

/** Copies from the network header to the stack; a frame that is too short is nobody's. */
function fetch(from: number, bytes: number, to: number, otherwise: Label): Code {
  return [
    move(R1, FRAME),
    move(R2, START),
    add(R2, from),
    move(R3, R10),
    add(R3, to),
    move(R4, bytes),
    move(R5, HDR_START_NET),
    call(FUNC_SKB_LOAD_BYTES_RELATIVE),
    jumpIf(R0, 'ne', 0, otherwise),
  ]
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
