/**
 * Keeps a dead process silent. Its sockets are closed after its addresses are gone, and over IPv4 their FINs find no way out; unless
 * another process has been given the device, and was about to take the place of this one. Over IPv6 a source address need not be on the
 * host, so they are sent, and again and again. Here they are dropped: what leaves from one of the process's addresses when the process
 * is no more. Not for ever: whoever has the address here later, by
 * whatever means, is to be heard, and by then the kernel has given those sockets up.
 */
import { FUNC_KTIME_GET_BOOT_NS, FUNC_SK_RELEASE, SK_BUFF_PROTOCOL, TCX_DROP, TCX_NEXT } from './abi.js'
import { MAPPED_WORD } from './address-key.js'
import {
  add,
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
  R6,
  R7,
  R8,
  R10,
  shiftRight,
  store,
} from './assembler.js'
import { copyBytes } from './frame-bytes.js'
import { LEASE } from './lease-gate-program.js'
import { lookUp } from './map-lookup.js'

export interface GraveMaps {
  /** Address → slot. */
  readonly addresses: number
  /** Slot → deadline, see `LEASE`. */
  readonly leases: number
  /** 0 → a socket of the process, whose descriptor is above those of all connections. */
  readonly alive: number
}

/**
 * So long after the lease's deadline. The FIN of a socket that nobody has is sent eight times, each after twice the time of the one
 * before, at most 120 s (tcp_orphan_retries, net/ipv4/tcp_timer.c): 102 s where the first came after 200 ms, 429 s after 3 s.
 */
export const GRAVE_S = 600

/** Over IPv4 the address goes when the process ends that was given the device, which it does at once. */
const GRAVE4_S = 2

const IPV4 = 0x0008
const IPV6 = 0xdd86
const [SOURCE4_AT, ADDRESS4_BYTES] = [12, 4]
const [SOURCE6_AT, ADDRESS6_BYTES] = [8, 16]
const KEY = -16
const NOUGHT = -20
const SLOT = -24
/** Comparisons have room for 31 bits: time is counted in 2³⁰ ns, 1.07 s. */
const UNIT_SHIFT = 30

export function graveProgram({ addresses, leases, alive }: GraveMaps, forS = GRAVE_S): Uint8Array {
  const [pass, dead] = [new Label('pass'), new Label('dead')]
  const [ip6, known] = [new Label('IPv6'), new Label('its source is known')]
  return assemble([
    move(R6, R1),
    load(4, R1, R6, SK_BUFF_PROTOCOL),
    jumpIf(R1, 'eq', IPV6, ip6),
    jumpIf(R1, 'ne', IPV4, pass),
    store(8, R10, KEY, 0),
    store(4, R10, KEY + 8, MAPPED_WORD),
    fetch(SOURCE4_AT, ADDRESS4_BYTES, KEY + 12, pass),
    move(R8, unitsOf(GRAVE4_S)),
    jump(known),
    ip6,
    fetch(SOURCE6_AT, ADDRESS6_BYTES, KEY, pass),
    move(R8, unitsOf(forS)),
    known,
    lookUp(addresses, KEY, pass),
    load(4, R7, R0, 0),
    store(4, R10, NOUGHT, 0),
    lookUp(alive, NOUGHT, dead),
    move(R1, R0),
    call(FUNC_SK_RELEASE),

    pass,
    move(R0, TCX_NEXT),
    exit(),

    dead,
    store(4, R10, SLOT, R7),
    lookUp(leases, SLOT, pass),
    load(8, R7, R0, LEASE.deadline),
    call(FUNC_KTIME_GET_BOOT_NS),
    shiftRight(R0, UNIT_SHIFT),
    shiftRight(R7, UNIT_SHIFT),
    add(R7, R8),
    jumpIf(R0, 'above', R7, pass),
    move(R0, TCX_DROP),
    exit(),
  ])
}

function unitsOf(seconds: number): number {
  return Math.ceil((seconds * 1e9) / 2 ** UNIT_SHIFT)
}

function fetch(from: number, bytes: number, to: number, otherwise: Label): Code {
  return copyBytes(R6, undefined, from, bytes, to, otherwise)
}
