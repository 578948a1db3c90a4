/**
 * Holds back what a kernel acknowledges: of connections in a map no segment leaves with a higher acknowledgement number than the
 * process has released. The window grows by what is held, so that its right edge stays where the kernel has put it: the peer is
 * neither slowed down nor told of a window that shrinks (RFC 9293, 3.8.6). An empty segment that would say nothing but the same number once
 * more is dropped: three of them look like a loss (RFC 5681, 3.2). So is one with blocks beyond a gap (RFC 2018) while anything is held, which
 * the peer would take for part of the gap. What the kernel said last is left in the map, options and all, so that the process
 * can say it when there is more to release and the kernel is silent.
 *
 * On the way out only. Frames with a VLAN tag of their own are let through: they have passed here without it.
 */
import { IPPROTO_TCP } from '../constants.js'
import {
  FUNC_L4_CSUM_REPLACE,
  FUNC_SKB_LOAD_BYTES_RELATIVE,
  FUNC_SKB_STORE_BYTES,
  HDR_START_NET,
  SK_BUFF_LENGTH,
  SK_BUFF_PROTOCOL,
  TCX_DROP,
  TCX_NEXT,
} from './abi.js'
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
  R4,
  R5,
  R6,
  R7,
  R8,
  R9,
  R10,
  type Register,
  shiftLeft,
  shiftRight,
  store,
  subtract,
  swap,
} from './assembler.js'
import { copyBytes } from './frame-bytes.js'
import { lookUp } from './map-lookup.js'

/** Descriptors of its maps. */
export interface AckHoldMaps {
  /** Connection → slot; see `HELD_KEY`. */
  readonly connections: number
  /** Slot → what is held, see `HELD`. */
  readonly held: number
}

/** Of a connection, addresses as address-key has them, ports in network order: offsets. */
export const HELD_KEY = { client: 0, service: 16, clientPort: 32, servicePort: 34, bytes: 40 } as const

/**
 * Offsets in what the map `held` has of a slot. 32 bits each, but the counters: `isHeld`, `released` and `scale` (the shift of the windows that
 * are sent) are the process's to write, and `key`, that of the connection; the others the program's. `told`: the highest number that has left; `acknowledged`: that
 * of the kernel, and of the same segment the number behind it, its window and its options.
 */
export const HELD = {
  isHeld: 0,
  released: 4,
  scale: 8,
  told: 12,
  acknowledged: 16,
  next: 20,
  window: 24,
  optionBytes: 28,
  changed: 32,
  dropped: 40,
  options: 48,
  key: 88,
  bytes: 128,
} as const

/** EtherTypes as a little-endian machine reads them. */
const IPV4 = 0x0008
const IPV6 = 0xdd86
/** Of flags and offset, as a little-endian machine reads them: the offset, and whether more follows. */
const FRAGMENT = 0xff3f
const IP6_HEADER_BYTES = 40
const TCP = { ports: 0, seq: 4, ack: 8, dataOffset: 12, flags: 13, window: 14, checksum: 16, options: 20 } as const
const FIN = 0x01
const SYN_OR_RST = 0x06
const ACK = 0x10
/** Two times NOP, then kind 8 of 10 bytes (RFC 7323, appendix A), as a little-endian machine reads them. */
export const CLOCK_OPTION = 0x0a080101
export const CLOCK_OPTION_BYTES = 12
export const OPTION_BYTES_MAX = 40
/** Words of a header without options, and of one with a clock alone. */
const [BARE, WITH_CLOCK] = [5, 8]
/** No link header is longer. */
const LINK_BYTES_MAX = 64
const WINDOW_MAX = 65_535

// On the stack, from its top.
const KEY = -40
const SLOT = -44
const HEADER = -88
const PAYLOAD = -96
const TCP_AT = -104
const WORD = -112
const WORDS = -120

// Kept over calls: the frame, where its TCP header begins behind its network header, the slot, and what is acknowledged.
const [FRAME, START, HELD_AT, NUMBER] = [R6, R7, R8, R9]

export function ackHoldProgram(maps: AckHoldMaps): Uint8Array {
  const [pass, drop, ip4, ip6] = [new Label('pass'), new Label('drop'), new Label('IPv4'), new Label('IPv6')]
  const [segment, noted, tell] = [new Label('a segment'), new Label('noted'), new Label('tell')]
  const [within, plain, change] = [new Label('it says too much'), new Label('no blocks'), new Label('change')]
  return assemble([
    move(FRAME, R1),
    load(4, R1, FRAME, SK_BUFF_PROTOCOL),
    move(START, 0),
    store(8, R10, KEY + 32, 0),
    jumpIf(R1, 'eq', IPV4, ip4),
    jumpIf(R1, 'eq', IPV6, ip6),
    jump(pass),

    ip4,
    fetch(0, 20, pass),
    load(1, R1, R10, HEADER + 9),
    jumpIf(R1, 'ne', IPPROTO_TCP, pass),
    load(2, R1, R10, HEADER + 6),
    and(R1, FRAGMENT),
    jumpIf(R1, 'ne', 0, pass),
    [0, 16].map((at) => [store(8, R10, KEY + at, 0), store(4, R10, KEY + at + 8, MAPPED_WORD)]),
    copy(4, HEADER + 16, KEY + 12),
    copy(4, HEADER + 12, KEY + 28),
    load(2, R1, R10, HEADER + 2),
    swap(16, R1),
    store(8, R10, PAYLOAD, R1),
    load(1, START, R10, HEADER),
    and(START, 15),
    shiftLeft(START, 2),
    jump(segment),

    ip6,
    fetch(0, IP6_HEADER_BYTES, pass),
    load(1, R1, R10, HEADER + 6),
    jumpIf(R1, 'ne', IPPROTO_TCP, pass),
    [0, 8].map((at) => [copy(8, HEADER + 24 + at, KEY + at), copy(8, HEADER + 8 + at, KEY + 16 + at)]),
    load(2, R1, R10, HEADER + 4),
    swap(16, R1),
    // Beyond 64 KiB its length is elsewhere (RFC 2675).
    jumpIf(R1, 'eq', 0, pass),
    add(R1, IP6_HEADER_BYTES),
    store(8, R10, PAYLOAD, R1),
    move(START, IP6_HEADER_BYTES),

    segment,
    // A frame ends with its packet: what is before that is the link's.
    load(4, R2, FRAME, SK_BUFF_LENGTH),
    load(8, R1, R10, PAYLOAD),
    subtract(R2, R1),
    jumpIf(R2, 'above', LINK_BYTES_MAX, pass),
    add(R2, START),
    store(8, R10, TCP_AT, R2),
    fetch(0, 20, pass),
    load(1, R1, R10, HEADER + TCP.flags),
    move(R2, R1),
    and(R2, ACK),
    jumpIf(R2, 'eq', 0, pass),
    and(R1, SYN_OR_RST),
    jumpIf(R1, 'ne', 0, pass),
    copy(2, HEADER + TCP.ports + 2, KEY + HELD_KEY.clientPort),
    copy(2, HEADER + TCP.ports, KEY + HELD_KEY.servicePort),
    lookUp(maps.connections, KEY, pass),
    load(4, R1, R0, 0),
    store(4, R10, SLOT, R1),
    lookUp(maps.held, SLOT, pass),
    move(HELD_AT, R0),
    load(4, R1, HELD_AT, HELD.isHeld),
    jumpIf(R1, 'eq', 0, pass),
    payloadAndOptions(pass),
    load(4, NUMBER, R10, HEADER + TCP.ack),
    swap(32, NUMBER),

    difference(R1, NUMBER, HELD.acknowledged),
    shiftRight(R1, 63),
    jumpIf(R1, 'ne', 0, noted),
    note(pass),
    noted,

    difference(R1, NUMBER, HELD.released),
    jumpIf(R1, 'eq', 0, tell),
    move(R2, R1),
    shiftRight(R2, 63),
    jumpIf(R2, 'eq', 0, within),

    tell,
    difference(R1, NUMBER, HELD.told),
    shiftRight(R1, 63),
    jumpIf(R1, 'ne', 0, pass),
    store(4, HELD_AT, HELD.told, NUMBER),

    pass,
    move(R0, TCX_NEXT),
    exit(),

    within,
    // R1: how much is held, times 2³².
    shiftRight(R1, 32),
    store(8, R10, WORDS, R1),
    load(8, R2, R10, PAYLOAD),
    jumpIf(R2, 'ne', 0, change),
    load(1, R2, R10, HEADER + TCP.flags),
    and(R2, FIN),
    jumpIf(R2, 'ne', 0, change),
    load(1, R2, R10, HEADER + TCP.dataOffset),
    shiftRight(R2, 4),
    jumpIf(R2, 'eq', BARE, plain),
    jumpIf(R2, 'ne', WITH_CLOCK, drop),
    load(4, R2, R10, HEADER + TCP.options),
    jumpIf(R2, 'ne', CLOCK_OPTION, drop),
    plain,
    load(4, R2, HELD_AT, HELD.released),
    difference(R2, R2, HELD.told),
    jumpIf(R2, 'eq', 0, drop),
    shiftRight(R2, 63),
    jumpIf(R2, 'ne', 0, drop),

    change,
    // As it was compared: it may have grown since.
    move(R1, NUMBER),
    load(8, R2, R10, WORDS),
    subtract(R1, R2),
    store(4, R10, WORD, R1),
    widen(pass),
    load(4, R4, R10, WORD),
    store(4, HELD_AT, HELD.told, R4),
    swap(32, R4),
    store(4, R10, WORD, R4),
    load(4, R3, R10, HEADER + TCP.ack),
    replace(4, TCP.ack, pass),
    move(R1, 1),
    addAtomically(HELD_AT, HELD.changed, R1),
    jump(pass),

    drop,
    move(R1, 1),
    addAtomically(HELD_AT, HELD.dropped, R1),
    move(R0, TCX_DROP),
    exit(),
  ])
}

/** How far `number` is ahead of a field of the slot, times 2³²; bit 63: it is behind. */
function difference(to: Register, number: Register, field: number): Code {
  return [load(4, R5, HELD_AT, field), to === number ? [] : move(to, number), subtract(to, R5), shiftLeft(to, 32)]
}

/** From the length of the packet to that of its payload; and the first word of its options. */
function payloadAndOptions(otherwise: Label): Code {
  const known = new Label('payload and options are known')
  return [
    load(1, R2, R10, HEADER + TCP.dataOffset),
    shiftRight(R2, 4),
    move(R3, R2),
    shiftLeft(R2, 2),
    load(8, R1, R10, PAYLOAD),
    subtract(R1, START),
    subtract(R1, R2),
    jumpIf(R1, 'above', WINDOW_MAX, otherwise),
    store(8, R10, PAYLOAD, R1),
    store(4, R10, HEADER + TCP.options, 0),
    jumpIf(R3, 'eq', BARE, known),
    fetch(TCP.options, 4, otherwise, HEADER + TCP.options),
    known,
  ]
}

/** What the kernel says is news. */
function note(otherwise: Label): Code {
  const done = new Label('noted all')
  return [
    store(4, HELD_AT, HELD.acknowledged, NUMBER),
    load(4, R1, R10, HEADER + TCP.seq),
    swap(32, R1),
    load(8, R2, R10, PAYLOAD),
    add(R1, R2),
    load(1, R2, R10, HEADER + TCP.flags),
    and(R2, FIN),
    add(R1, R2),
    store(4, HELD_AT, HELD.next, R1),
    load(2, R1, R10, HEADER + TCP.window),
    swap(16, R1),
    store(4, HELD_AT, HELD.window, R1),
    store(4, HELD_AT, HELD.optionBytes, 0),
    load(1, R4, R10, HEADER + TCP.dataOffset),
    shiftRight(R4, 4),
    shiftLeft(R4, 2),
    move(R1, TCP.options + CLOCK_OPTION_BYTES),
    jumpIf(R1, 'above', R4, done),
    subtract(R4, TCP.options),
    and(R4, 63),
    // For the verifier, which does not follow the sums.
    jumpIf(R4, 'above', OPTION_BYTES_MAX, done),
    move(R1, CLOCK_OPTION_BYTES),
    jumpIf(R1, 'above', R4, done),
    store(8, R10, WORDS, R4),
    move(R1, FRAME),
    move(R2, START),
    add(R2, TCP.options),
    move(R3, HELD_AT),
    add(R3, HELD.options),
    move(R5, HDR_START_NET),
    call(FUNC_SKB_LOAD_BYTES_RELATIVE),
    jumpIf(R0, 'ne', 0, otherwise),
    load(8, R1, R10, WORDS),
    store(4, HELD_AT, HELD.optionBytes, R1),
    done,
  ]
}

/** The window, by what is held. */
function widen(otherwise: Label): Code {
  const fits = new Label('fits')
  return [
    load(8, R1, R10, WORDS),
    load(4, R2, HELD_AT, HELD.scale),
    and(R2, 15),
    shiftRight(R1, R2),
    load(2, R3, R10, HEADER + TCP.window),
    swap(16, R3),
    add(R1, R3),
    move(R2, WINDOW_MAX),
    jumpIf(R2, 'at least', R1, fits),
    move(R1, WINDOW_MAX),
    fits,
    swap(16, R1),
    load(4, R4, R10, WORD),
    store(8, R10, WORDS, R4),
    store(4, R10, WORD, R1),
    move(R4, R1),
    load(2, R3, R10, HEADER + TCP.window),
    replace(2, TCP.window, otherwise),
    load(8, R4, R10, WORDS),
    store(4, R10, WORD, R4),
  ]
}

/** Of the TCP header: R3 is there, and R4, which also stands at `WORD`, is to be. */
function replace(bytes: 2 | 4, at: number, otherwise: Label): Code {
  return [
    move(R1, FRAME),
    load(8, R2, R10, TCP_AT),
    add(R2, TCP.checksum),
    move(R5, bytes),
    call(FUNC_L4_CSUM_REPLACE),
    jumpIf(R0, 'ne', 0, otherwise),
    move(R1, FRAME),
    load(8, R2, R10, TCP_AT),
    add(R2, at),
    move(R3, R10),
    add(R3, WORD),
    move(R4, bytes),
    move(R5, 0),
    call(FUNC_SKB_STORE_BYTES),
    jumpIf(R0, 'ne', 0, otherwise),
  ]
}

function copy(bytes: 2 | 4 | 8, from: number, to: number): Code {
  return [load(bytes, R1, R10, from), store(bytes, R10, to, R1)]
}

/** Copies from behind `START` to the stack; a frame that is too short is nobody's. */
function fetch(from: number, bytes: number, otherwise: Label, to = HEADER): Code {
  return copyBytes(FRAME, START, from, bytes, to, otherwise)
}
