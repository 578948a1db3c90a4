/**
 * Refuses connections from other hosts to some ports of this host's own addresses (`sk_lookup`): whoever wants the program there
 * comes by the service. Service addresses are left alone, and so is whatever this host itself connects to.
 */
import { AF_INET6, IPPROTO_TCP } from '../constants.js'
import { SK_DROP, SK_LOOKUP, SK_PASS } from './abi.js'
import { ADDRESS_KEY, destination } from './any-port-program.js'
import {
  add,
  and,
  assemble,
  type Code,
  exit,
  jump,
  jumpIf,
  Label,
  load,
  move,
  R0,
  R1,
  R2,
  R6,
  R7,
  R9,
  R10,
  shiftRight,
  store,
} from './assembler.js'
import { lookUp } from './map-lookup.js'
import { PORT_BITMAP_BYTES } from './port-bitmap.js'

/** Descriptors of its maps. */
export interface HiddenPortsMaps {
  /** 0 → which of the two bitmaps is in force. */
  readonly state: number
  /** 0 and 1 → bitmap of ports. */
  readonly ports: number
  /** Addresses of services. */
  readonly exempt: number
}

/** 127.0.0.0/8 by its first byte, which is the lowest of a word in network order. */
const LOOPBACK_NET = 127
const INDEX = -20

export function hiddenPortsProgram({ state, ports, exempt }: HiddenPortsMaps): Uint8Array {
  const pass = new Label('pass')
  const own = new Label('no service')
  return assemble([
    move(R6, R1),
    load(4, R2, R6, SK_LOOKUP.protocol),
    jumpIf(R2, 'ne', IPPROTO_TCP, pass),
    // Most ports are not hidden: the cheap question first.
    store(4, R10, INDEX, 0),
    lookUp(state, INDEX, pass),
    load(4, R2, R0, 0),
    and(R2, 1),
    store(4, R10, INDEX, R2),
    lookUp(ports, INDEX, pass),
    load(4, R1, R6, SK_LOOKUP.localPort),
    move(R2, R1),
    shiftRight(R2, 3),
    and(R2, PORT_BITMAP_BYTES - 1),
    add(R0, R2),
    load(1, R7, R0, 0),
    and(R1, 7),
    shiftRight(R7, R1),
    and(R7, 1),
    jumpIf(R7, 'eq', 0, pass),

    passIfLocal(pass),
    destination(R6, R9),
    lookUp(exempt, ADDRESS_KEY, own),
    jump(pass),

    own,
    move(R0, SK_DROP),
    exit(),

    pass,
    move(R0, SK_PASS),
    exit(),
  ])
}

/**
 * What a host connects to on its own address comes from that address, unless it chose another; the interface would not tell, since
 * the kernel names the one that has the address. Nobody else is answered who says to be from there.
 */
function passIfLocal(pass: Label): Code {
  const isIp6 = new Label('is IPv6')
  const isOther = new Label('is of another host')
  return [
    load(4, R2, R6, SK_LOOKUP.family),
    jumpIf(R2, 'eq', AF_INET6, isIp6),
    load(4, R1, R6, SK_LOOKUP.remoteIp4),
    load(4, R2, R6, SK_LOOKUP.localIp4),
    jumpIf(R1, 'eq', R2, pass),
    and(R1, 0xff),
    jumpIf(R1, 'eq', LOOPBACK_NET, pass),
    jump(isOther),
    isIp6,
    [0, 4, 8, 12].map((word) => [
      load(4, R1, R6, SK_LOOKUP.remoteIp6 + word),
      load(4, R2, R6, SK_LOOKUP.localIp6 + word),
      jumpIf(R1, 'ne', R2, isOther),
    ]),
    jump(pass),
    isOther,
  ]
}
