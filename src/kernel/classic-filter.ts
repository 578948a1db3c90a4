/**
 * Filters in classic BPF (linux/filter.h, Documentation/networking/filter.rst): which packets a socket takes. They need no
 * privilege of their own, and one replaces another at once.
 */
import { isIpv6, parseIp } from '../base/address.js'
import { ByteReader } from '../base/bytes.js'
import { ETHERNET_BYTES } from './neighbour/ethernet.js'

/** Code, jump if true, jump if false, constant. */
export type Instruction = readonly [code: number, yes: number, no: number, constant: number]

const LOAD_WORD = 0x20
const LOAD_BYTE = 0x30
const LOAD_BYTE_AT_X = 0x50
/** X = 4 × (byte & 15): the length of an IPv4 header. */
const LOAD_X_IPV4_LENGTH = 0xb1
const AND = 0x54
const JUMP_IF_EQUAL = 0x15
const RETURN = 0x06
const ON_TO_THE_NEXT: Instruction = [0x05, 0, 0, 0]

/** Places that are no bytes of the packet (SKF_AD_OFF), and those that begin at the network header (SKF_NET_OFF). */
const PACKET_TYPE = 0xfffff000 + 4
const HARDWARE_TYPE = 0xfffff000 + 28
const NETWORK_HEADER = 0xfff00000

const ARPHRD_ETHER = 1
/** Addressed to this very host (linux/if_packet.h). */
const PACKET_HOST = 0
const PROTOCOL_TCP = 6
const [IPV4_PROTOCOL_AT, IPV4_DESTINATION_AT] = [9, 16]
const [IPV6_NEXT_HEADER_AT, IPV6_DESTINATION_AT, IPV6_HEADER_BYTES] = [6, 24, 40]
const TCP_FLAGS_AT = 13
const [SYN, SYN_AND_ACK] = [0x02, 0x12]
const WHOLE_PACKET = 0x40000
const NOTHING = 0

/** What is tested one after the other: `then` if all hold, else `otherwise`. */
class Conditions {
  readonly #code: Instruction[] = []
  readonly #tests: number[] = []

  /** The accumulator is to be `value`. */
  is(value: number): this {
    this.#tests.push(this.#code.length)
    return this.run(JUMP_IF_EQUAL, value)
  }

  run(code: number, constant: number): this {
    this.#code.push([code, 0, 0, constant])
    return this
  }

  finish(then: number, otherwise: number): Instruction[] {
    const end = this.#code.length + 1
    const code = this.#code.map((one, at): Instruction => {
      return this.#tests.includes(at) ? [one[0], 0, end - at - 1, one[3]] : one
    })
    return [...code, [RETURN, 0, 0, then], [RETURN, 0, 0, otherwise]]
  }
}

/**
 * For a packet socket of all interfaces: TCP to the address that came to this host over Ethernet; of it SYNs alone, if so asked.
 * Not what is looped back or comes by a device without neighbours, the one of our own addresses first of all.
 */
export function trapFilter(address: string, what: 'syn' | 'all'): readonly Instruction[] {
  const isV6 = isIpv6(address)
  const test = new Conditions()
  test.run(LOAD_WORD, HARDWARE_TYPE).is(ARPHRD_ETHER).run(LOAD_WORD, PACKET_TYPE).is(PACKET_HOST)
  test.run(LOAD_BYTE, ETHERNET_BYTES + (isV6 ? IPV6_NEXT_HEADER_AT : IPV4_PROTOCOL_AT)).is(PROTOCOL_TCP)
  testDestination(test, address, ETHERNET_BYTES)
  if (what === 'syn') {
    if (isV6) test.run(LOAD_BYTE, ETHERNET_BYTES + IPV6_HEADER_BYTES + TCP_FLAGS_AT)
    else test.run(LOAD_X_IPV4_LENGTH, ETHERNET_BYTES).run(LOAD_BYTE_AT_X, ETHERNET_BYTES + TCP_FLAGS_AT)
    test.run(AND, SYN_AND_ACK).is(SYN)
  }
  return test.finish(WHOLE_PACKET, NOTHING)
}

/**
 * For a listening socket, which looks at segments from the TCP header on: SYNs to the addresses are dropped, as if lost on their way;
 * handshakes that have begun go on.
 */
export function hushFilter(addresses: readonly string[]): readonly Instruction[] {
  const parts = addresses.map((address) => {
    const test = new Conditions()
    test.run(LOAD_BYTE, TCP_FLAGS_AT).run(AND, SYN_AND_ACK).is(SYN)
    testDestination(test, address, NETWORK_HEADER)
    return test.finish(NOTHING, WHOLE_PACKET)
  })
  // One after the other: what a part lets pass is the next one's.
  return parts.flatMap((part, i) => (i < parts.length - 1 ? [...part.slice(0, -1), ON_TO_THE_NEXT] : part))
}

function testDestination(test: Conditions, address: string, from: number): void {
  const at = from + (isIpv6(address) ? IPV6_DESTINATION_AT : IPV4_DESTINATION_AT)
  const words = new ByteReader(parseIp(address) ?? new Uint8Array(0))
  for (let offset = 0; words.remaining >= 4; offset += 4) test.run(LOAD_WORD, at + offset).is(words.u32be())
}
