/**
 * Decides which socket a TCP connection to a service address meets (`sk_lookup`, bpf-helpers(7)): for a port of the
 * service ours, else nobody's (the kernel answers RST) or, if the service says so, whatever the host has there. Runs before
 * the host's own listening sockets are looked at and only where no connection exists yet. Other addresses: untouched.
 */
import { AF_INET6, IPPROTO_TCP } from '../constants.js'
import { FUNC_SK_ASSIGN, FUNC_SK_RELEASE, SK_DROP, SK_LOOKUP, SK_PASS } from './abi.js'
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
  shiftRight,
  store,
} from './assembler.js'
import { lookUp } from './map-lookup.js'
import { PORT_BITMAP_BYTES } from './port-bitmap.js'

/** Descriptors of its maps. */
export interface AnyPortMaps {
  /** Address → slot. */
  readonly addresses: number
  /** Slot → state and counters, see `SERVICE`. */
  readonly services: number
  /** Twice the slot, plus the bank that is in force → bitmap of ports. */
  readonly ports: number
  /** 0: IPv4, 1: IPv6 → listening socket. */
  readonly listeners: number
}

/** Offsets in what the map `services` has of a slot. */
export const SERVICE = { state: 0, assigned: 8, refused: 16, bytes: 24 } as const
/** Bits of the state: which bank of the two is in force; all ports; other ports are the host's. */
export const STATE = { bank: 1, any: 2, pass: 4 } as const
export const LISTENER_IP4 = 0
export const LISTENER_IP6 = 1

/** Where on the stack `destination` puts the key. */
export const ADDRESS_KEY = -16
const INDEX = -20
const STATE_THEN = -24

export function anyPortProgram(maps: AnyPortMaps): Uint8Array {
  const pass = new Label('pass')
  const refuse = new Label('refuse')
  const assign = new Label('assign')
  const [context, slot, service, family] = [R6, R7, R8, R9]
  return assemble([
    move(context, R1),
    load(4, R2, context, SK_LOOKUP.protocol),
    jumpIf(R2, 'ne', IPPROTO_TCP, pass),
    destination(context, family),
    lookUp(maps.addresses, ADDRESS_KEY, pass),
    load(4, slot, R0, 0),
    store(4, R10, INDEX, slot),
    lookUp(maps.services, INDEX, pass),
    move(service, R0),
    // Once: what is decided is decided by one state, whatever is stored meanwhile.
    load(4, R2, service, SERVICE.state),
    store(4, R10, STATE_THEN, R2),
    move(R3, R2),
    and(R3, STATE.any),
    jumpIf(R3, 'ne', 0, assign),

    and(R2, STATE.bank),
    shiftLeft(slot, 1),
    add(slot, R2),
    store(4, R10, INDEX, slot),
    lookUp(maps.ports, INDEX, pass),
    load(4, R1, context, SK_LOOKUP.localPort),
    move(R2, R1),
    shiftRight(R2, 3),
    and(R2, PORT_BITMAP_BYTES - 1),
    add(R0, R2),
    load(1, R2, R0, 0),
    and(R1, 7),
    shiftRight(R2, R1),
    and(R2, 1),
    jumpIf(R2, 'ne', 0, assign),
    load(4, R2, R10, STATE_THEN),
    and(R2, STATE.pass),
    jumpIf(R2, 'ne', 0, pass),

    refuse,
    move(R1, 1),
    addAtomically(service, SERVICE.refused, R1),
    move(R0, SK_DROP),
    exit(),

    assign,
    store(4, R10, INDEX, family),
    lookUp(maps.listeners, INDEX, refuse),
    move(R7, R0),
    move(R1, context),
    move(R2, R7),
    move(R3, 0),
    call(FUNC_SK_ASSIGN),
    move(R9, R0),
    move(R1, R7),
    call(FUNC_SK_RELEASE),
    // Another program had chosen before us.
    jumpIf(R9, 'ne', 0, pass),
    move(R1, 1),
    addAtomically(service, SERVICE.assigned, R1),

    pass,
    move(R0, SK_PASS),
    exit(),
  ])
}

/** The key of the address that is connected to, and the index of the listener for its family. */
export function destination(context: Register, family: Register): Code {
  const isIp6 = new Label('is IPv6')
  const known = new Label('known')
  return [
    load(4, R2, context, SK_LOOKUP.family),
    jumpIf(R2, 'eq', AF_INET6, isIp6),
    store(8, R10, ADDRESS_KEY, 0),
    store(4, R10, ADDRESS_KEY + 8, MAPPED_WORD),
    load(4, R2, context, SK_LOOKUP.localIp4),
    store(4, R10, ADDRESS_KEY + 12, R2),
    move(family, LISTENER_IP4),
    jump(known),
    isIp6,
    [0, 4, 8, 12].map((word) => [
      load(4, R2, context, SK_LOOKUP.localIp6 + word),
      store(4, R10, ADDRESS_KEY + word, R2),
    ]),
    move(family, LISTENER_IP6),
    known,
  ]
}
