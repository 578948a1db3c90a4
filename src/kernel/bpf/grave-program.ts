/**
 * Keeps a dead process silent over IPv6. Its sockets are closed after its addresses are gone, and over IPv4 their FINs find no
 * way out; over IPv6 a source address need not be on the host, so they are sent, and again and again. Here they are dropped: what
 * leaves from one of the process's addresses when the process is no more.
 */
import {
  FUNC_SK_RELEASE,
  FUNC_SKB_LOAD_BYTES_RELATIVE,
  HDR_START_NET,
  SK_BUFF_PROTOCOL,
  TCX_DROP,
  TCX_NEXT,
} from './abi.js'
import {
  add,
  assemble,
  call,
  exit,
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
  R10,
  store,
} from './assembler.js'
import { lookUp } from './map-lookup.js'

export interface GraveMaps {
  /** Address → slot. */
  readonly addresses: number
  /** 0 → a socket of the process, whose descriptor is above those of all connections. */
  readonly alive: number
}

const IPV6 = 0xdd86
const SOURCE_AT = 8
const ADDRESS_BYTES = 16
const KEY = -16
const SLOT = -20

export function graveProgram({ addresses, alive }: GraveMaps): Uint8Array {
  const [pass, drop] = [new Label('pass'), new Label('drop')]
  return assemble([
    move(R6, R1),
    load(4, R1, R6, SK_BUFF_PROTOCOL),
    jumpIf(R1, 'ne', IPV6, pass),
    move(R1, R6),
    move(R2, SOURCE_AT),
    move(R3, R10),
    add(R3, KEY),
    move(R4, ADDRESS_BYTES),
    move(R5, HDR_START_NET),
    call(FUNC_SKB_LOAD_BYTES_RELATIVE),
    jumpIf(R0, 'ne', 0, pass),
    lookUp(addresses, KEY, pass),
    store(4, R10, SLOT, 0),
    lookUp(alive, SLOT, drop),
    move(R1, R0),
    call(FUNC_SK_RELEASE),

    pass,
    move(R0, TCX_NEXT),
    exit(),

    drop,
    move(R0, TCX_DROP),
    exit(),
  ])
}
