/**
 * Leads connections of some programs (a cgroup's) to a door of this node instead of where they go, and remembers where that was. Three
 * programs and one map:
 *
 *   connect4, connect6   the socket's cookie ──► where it goes; then it goes to the door
 *   sock_ops             as it connects, and has its port: ALIAS | port ──► where it goes (what the door asks for)
 *
 * Loopback stays as it is, and what is no TCP. `only` narrows it to a port attribute's connections, where all others go as ever;
 * without it, what cannot be led to the door is forbidden (EPERM): a program that is to be seen as the service never leaves as the node.
 */
import { isIpv6, parseIp } from '../../base/address.js'
import { AF_INET, AF_INET6, IPPROTO_TCP } from '../constants.js'
import { FUNC_GET_NETNS_COOKIE, FUNC_GET_SOCKET_COOKIE, FUNC_MAP_UPDATE_ELEM, SOCK_ADDR, SOCK_OPS } from './abi.js'
import {
  add,
  and,
  assemble,
  type Code,
  call,
  exit,
  jump,
  jumpIf,
  Label,
  load,
  loadMap,
  move,
  R0,
  R1,
  R2,
  R3,
  R4,
  R6,
  R7,
  R8,
  R9,
  R10,
  type Register,
  shiftLeft,
  shiftRight,
  store,
  swap,
} from './assembler.js'
import { lookUp } from './map-lookup.js'

/** Which connections, of all programs that the hook sees. */
export interface SteerOnly {
  readonly ports: readonly PortSpan[]
  /** To where; at least one is of the family. */
  readonly networks: readonly SteerNetwork[]
  /** Of programs in this network namespace (SO_NETNS_COOKIE): the door is there. */
  readonly namespace: bigint
}

export interface PortSpan {
  readonly first: number
  readonly last: number
}

export interface SteerNetwork extends PortSpan {
  /** `undefined`: every address. */
  readonly net: { readonly address: string; readonly prefix: number } | undefined
}

export interface SteerPlan {
  /** Descriptor of the map. */
  readonly origins: number
  /** Of the service's address, and so of all that its programs can reach. */
  readonly family: 4 | 6
  /** Of the door, on the loopback address of that family. */
  readonly port: number
  readonly only?: SteerOnly | undefined
}

/** A value of the map: family, port in network order, address; a key: a cookie, or PORT_KEY and the source port. */
export const ORIGIN = { bytes: 24, family: 0, port: 4, address: 8 } as const
export const ORIGIN_KEY_BYTES = 8
/** Cookies are counted up from 1. */
export const PORT_KEY = 1n << 63n

const SOCK_STREAM = 1
const ALLOW = 1
const FORBID = 0
const LOOPBACK_NET = 127
/** 127.0.0.1, and the last word of ::1, as a word in network order is read. */
const LOOPBACK4 = 0x0100007f
const LOOPBACK6_LAST = 0x01000000
const MAPPED_WORD = 0xffff
const KEY = -8
const VALUE = KEY - ORIGIN.bytes

export function connect4Program(plan: SteerPlan): Uint8Array {
  const [pass, other] = [new Label('as ever'), new Label('of the other family')]
  return assemble([
    begin(pass),
    load(4, R7, R6, SOCK_ADDR.userIp4),
    passLoopback4(pass),
    // The verifier takes no code that nothing leads to.
    plan.family === 4
      ? [select(plan, 4, SOCK_ADDR.userIp4, pass), lead4(plan, SOCK_ADDR.userIp4)]
      : [jump(other), other, forbid(plan)],
    pass,
    answer(ALLOW),
  ])
}

export function connect6Program(plan: SteerPlan): Uint8Array {
  const [pass, other, real] = [new Label('as ever'), new Label('of the other family'), new Label('no IPv4')]
  const last = SOCK_ADDR.userIp6 + 12
  return assemble([
    begin(pass),
    load(4, R7, R6, last),
    [0, 4].map((word) => [load(4, R2, R6, SOCK_ADDR.userIp6 + word), jumpIf(R2, 'ne', 0, real)]),
    load(4, R2, R6, SOCK_ADDR.userIp6 + 8),
    swap(32, R2),
    // ::ffff:a.b.c.d is IPv4 on a socket of both families.
    jumpUnlessMapped(plan, pass, real, other, last),
    real,
    passLoopback6(pass),
    plan.family === 6 ? [select(plan, 6, SOCK_ADDR.userIp6, pass), lead6(plan)] : jump(other),
    other,
    forbid(plan),
    pass,
    answer(ALLOW),
  ])
}

/** A socket's port is known when it connects, and that is what the other end sees. */
export function sockOpsProgram(origins: number): Uint8Array {
  const done = new Label('done')
  return assemble([
    move(R6, R1),
    load(4, R2, R6, SOCK_OPS.op),
    jumpIf(R2, 'ne', SOCK_OPS.tcpConnect, done),
    call(FUNC_GET_SOCKET_COOKIE),
    store(8, R10, KEY, R0),
    lookUp(origins, KEY, done),
    [0, 8, 16].map((at) => [load(8, R2, R0, at), store(8, R10, VALUE + at, R2)]),
    load(4, R2, R6, SOCK_OPS.localPort),
    constant(R3, PORT_KEY),
    add(R3, R2),
    store(8, R10, KEY, R3),
    remember(origins),
    done,
    move(R0, ALLOW),
    exit(),
  ])
}

function begin(pass: Label): Code {
  return [
    move(R6, R1),
    load(4, R2, R6, SOCK_ADDR.type),
    jumpIf(R2, 'ne', SOCK_STREAM, pass),
    load(4, R2, R6, SOCK_ADDR.protocol),
    jumpIf(R2, 'ne', IPPROTO_TCP, pass),
  ]
}

function answer(value: number): Code {
  return [move(R0, value), exit()]
}

/** To an address of the other family. */
function forbid({ only }: SteerPlan): Code {
  return answer(only === undefined ? FORBID : ALLOW)
}

/** R7: the address. No address is this host as well. */
function passLoopback4(pass: Label): Code {
  return [jumpIf(R7, 'eq', 0, pass), move(R2, R7), and(R2, 0xff), jumpIf(R2, 'eq', LOOPBACK_NET, pass)]
}

function passLoopback6(pass: Label): Code {
  const isOther = new Label('no loopback')
  return [
    [0, 4, 8].map((word) => [load(4, R2, R6, SOCK_ADDR.userIp6 + word), jumpIf(R2, 'ne', 0, isOther)]),
    jumpIf(R7, 'eq', 0, pass),
    jumpIf(R7, 'eq', LOOPBACK6_LAST, pass),
    isOther,
  ]
}

/** R2: the third word, as a number. */
function jumpUnlessMapped(plan: SteerPlan, pass: Label, real: Label, other: Label, last: number): Code {
  return [
    jumpIf(R2, 'ne', MAPPED_WORD, real),
    passLoopback4(pass),
    plan.family === 6 ? jump(other) : [select(plan, 4, last, pass), lead4(plan, last)],
  ]
}

/** Goes on where the connection is meant, and to `pass` where it is not. */
function select({ only }: SteerPlan, family: 4 | 6, addressAt: number, pass: Label): Code {
  if (only === undefined) return []
  const [ports, networks] = [new Label('a port of them'), new Label('a network of them')]
  return [
    // One that has chosen its own address keeps it: what directors themselves make is among those.
    load(8, R9, R6, SOCK_ADDR.socket),
    family === 4
      ? [load(4, R2, R9, SOCK_ADDR.sourceIp4), jumpIf(R2, 'ne', 0, pass)]
      : [0, 4, 8, 12].map((word) => [load(4, R2, R9, SOCK_ADDR.sourceIp6 + word), jumpIf(R2, 'ne', 0, pass)]),
    load(4, R8, R6, SOCK_ADDR.userPort),
    swap(16, R8),
    only.ports.map((range) => within(range, ports)),
    jump(pass),
    ports,
    only.networks.flatMap((network) => fits(network, family, addressAt, networks)),
    jump(pass),
    networks,
    move(R1, R6),
    call(FUNC_GET_NETNS_COOKIE),
    constant(R2, only.namespace),
    jumpIf(R0, 'ne', R2, pass),
  ]
}

/** R8: the port. To `found` if it is one of the range. */
function within({ first, last }: PortSpan, found: Label): Code {
  const next = new Label('not of that range')
  return [move(R2, first), jumpIf(R2, 'above', R8, next), move(R2, last), jumpIf(R2, 'at least', R8, found), next]
}

function fits({ net, first, last }: SteerNetwork, family: 4 | 6, addressAt: number, found: Label): Code[] {
  const bytes = net === undefined ? new Uint8Array(0) : parseIp(net.address)
  if (bytes === undefined || (net !== undefined && isIpv6(net.address) !== (family === 6))) return []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const next = new Label('not of that network')
  const words: Code[] = []
  for (let word = 0; 4 * word < bytes.byteLength; word++) {
    const free = 32 - Math.max(0, Math.min(32, (net?.prefix ?? 0) - 32 * word))
    if (free === 32) break
    words.push([
      load(4, R2, R6, addressAt + 4 * word),
      swap(32, R2),
      shiftRight(R2, free),
      constant(R3, BigInt(view.getUint32(4 * word)) >> BigInt(free)),
      jumpIf(R2, 'ne', R3, next),
    ])
  }
  return [words, within({ first, last }, found), next]
}

/** R7: the address, which stands at `addressAt`. */
function lead4({ origins, port }: SteerPlan, addressAt: number): Code {
  return [
    origin(AF_INET),
    store(4, R10, VALUE + ORIGIN.address, R7),
    store(4, R10, VALUE + ORIGIN.address + 4, 0),
    store(8, R10, VALUE + ORIGIN.address + 8, 0),
    remember(origins),
    move(R2, LOOPBACK4),
    store(4, R6, addressAt, R2),
    toDoor(port),
  ]
}

function lead6({ origins, port }: SteerPlan): Code {
  const words = [0, 4, 8, 12]
  return [
    origin(AF_INET6),
    words.map((word) => [load(4, R2, R6, SOCK_ADDR.userIp6 + word), store(4, R10, VALUE + ORIGIN.address + word, R2)]),
    remember(origins),
    words.map((word) => [move(R2, word === 12 ? LOOPBACK6_LAST : 0), store(4, R6, SOCK_ADDR.userIp6 + word, R2)]),
    toDoor(port),
  ]
}

function origin(family: number): Code {
  return [
    move(R1, R6),
    call(FUNC_GET_SOCKET_COOKIE),
    store(8, R10, KEY, R0),
    store(4, R10, VALUE + ORIGIN.family, family),
    load(4, R2, R6, SOCK_ADDR.userPort),
    store(4, R10, VALUE + ORIGIN.port, R2),
  ]
}

/** What stands at VALUE under what stands at KEY. */
function remember(origins: number): Code {
  return [loadMap(R1, origins), pointTo(R2, KEY), pointTo(R3, VALUE), move(R4, 0), call(FUNC_MAP_UPDATE_ELEM)]
}

function toDoor(port: number): Code {
  return [move(R2, ((port & 255) << 8) | (port >> 8)), store(4, R6, SOCK_ADDR.userPort, R2), move(R0, ALLOW), exit()]
}

function pointTo(to: Register, at: number): Code {
  return [move(to, R10), add(to, at)]
}

/** A number of 64 bits: what an instruction holds would be sign-extended. */
function constant(to: Register, value: bigint): Code {
  const part = (shift: bigint) => Number((value >> shift) & 0xffffn)
  return [move(to, part(48n)), [32n, 16n, 0n].map((shift) => [shiftLeft(to, 16), add(to, part(shift))])]
}
