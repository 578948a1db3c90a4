/** Asks and tells the kernel about interfaces, addresses and routes. */
import { AF_INET, AF_INET6, EEXIST } from '../constants.js'
import { errorName, type Lacking } from '../control-calls.io.js'
import { everythingIsHere, FAMILIES, RTM_DELRULE, RTM_NEWRULE, ruleRequest } from '../source-way.js'
import { Conversation } from './conversation.io.js'
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_EXCL, NLM_F_REPLACE } from './message.js'
import {
  addressRequest,
  decodeAddress,
  decodeLink,
  decodeRoute,
  dumpRequest,
  IFADDRMSG_BYTES,
  IFINFOMSG_BYTES,
  isWayHere,
  linkUpRequest,
  looseSourceRequest,
  type NetAddress,
  type NetLink,
  type NetRoute,
  noLinkLocalRequest,
  RTM_DELADDR,
  RTM_DELROUTE,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETROUTE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWROUTE,
  subnetRoutesRequest,
  wayRequest,
} from './objects.js'

const NETLINK_ROUTE = 0
const NETLINK_GET_STRICT_CHK = 12
/** A dump during which something changed is asked for again. */
const TRIES = 5

export class Netlink {
  private constructor(private readonly conversation: Conversation) {}

  static open(): Netlink | Lacking {
    const conversation = Conversation.open(NETLINK_ROUTE)
    if ('why' in conversation) return conversation
    // A dump then has only what was asked for. Older kernels (before 4.20) tell all, and we look ourselves.
    conversation.set(NETLINK_GET_STRICT_CHK, 1)
    return new Netlink(conversation)
  }

  close(): void {
    this.conversation.close()
  }

  links(): readonly NetLink[] | Lacking {
    return this.#dump(RTM_GETLINK, RTM_NEWLINK, dumpRequest(0, IFINFOMSG_BYTES), decodeLink)
  }

  addresses(): readonly NetAddress[] | Lacking {
    return this.#dump(RTM_GETADDR, RTM_NEWADDR, dumpRequest(0, IFADDRMSG_BYTES), decodeAddress)
  }

  /** Those that the kernel made for the subnets of interfaces: a host may have a million others. */
  subnetRoutes(): readonly NetRoute[] | Lacking {
    const [v4, v6] = [AF_INET, AF_INET6].map((family) => {
      return this.#dump(RTM_GETROUTE, RTM_NEWROUTE, subnetRoutesRequest(family), decodeRoute)
    })
    if (v4 === undefined || 'why' in v4) return v4 ?? []
    return v6 === undefined || 'why' in v6 ? v4 : [...v4, ...v6]
  }

  /** 0 or a negative errno. One that is there already is well. */
  addAddress(index: number, address: string): number {
    return this.#tell(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, addressRequest(index, address))
  }

  /** Whether what comes for the address is for this host. */
  isHere(address: string): boolean {
    let isHere = false
    this.conversation.exchange(RTM_GETROUTE, NLM_F_ACK, wayRequest(address), (type, _flags, payload) => {
      isHere ||= type === RTM_NEWROUTE && isWayHere(payload)
    })
    return isHere
  }

  /** 0 or a negative errno; EADDRNOTAVAIL: it was not there. */
  removeAddress(index: number, address: string): number {
    return this.#tell(RTM_DELADDR, 0, addressRequest(index, address))
  }

  /** Whether what is marked as `source-way` says is for this host. 0 or a negative errno: the first of a rule or route of IPv4, then IPv6. */
  keepMarked(isKept: boolean): number {
    const [rule, route] = isKept ? [RTM_NEWRULE, RTM_NEWROUTE] : [RTM_DELRULE, RTM_DELROUTE]
    const flags = isKept ? NLM_F_CREATE | NLM_F_EXCL : 0
    // The route first, and last: a rule without one would let what is marked go on to other tables.
    const told = FAMILIES.flatMap((family) => {
      const steps = [
        () => this.#tell(route, flags, everythingIsHere(family)),
        () => this.#tell(rule, flags, ruleRequest(family)),
      ]
      return (isKept ? steps : steps.reverse()).map((step) => step())
    })
    return told.find((result) => result < 0 && result !== -EEXIST) ?? 0
  }

  /** Without a link-local address of its own; where there is no IPv6 it gets none anyway. */
  setUp(index: number): number {
    this.#tell(RTM_NEWLINK, 0, noLinkLocalRequest(index))
    this.#tell(RTM_NEWLINK, 0, looseSourceRequest(index))
    return this.#tell(RTM_NEWLINK, 0, linkUpRequest(index))
  }

  #dump<T>(
    ask: number,
    expect: number,
    payload: Uint8Array,
    decode: (payload: Uint8Array) => T | undefined,
  ): readonly T[] | Lacking {
    for (let tries = 0; tries < TRIES; tries++) {
      const found: T[] = []
      let isWhole = true
      const result = this.conversation.exchange(ask, NLM_F_DUMP, payload, (type, flags, body) => {
        if ((flags & NLM_F_DUMP_INTR) !== 0) isWhole = false
        const one = type === expect ? decode(body) : undefined
        if (one !== undefined) found.push(one)
      })
      if (result < 0) return { why: `netlink: ${errorName(result)}` }
      if (isWhole) return found
    }
    return { why: 'netlink: it changed faster than it could be read' }
  }

  #tell(type: number, flags: number, payload: Uint8Array): number {
    return this.conversation.exchange(type, flags | NLM_F_ACK, payload, () => {})
  }
}
