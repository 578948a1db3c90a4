import { isIpv6 } from '../../base/address.js'
import { ByteReader } from '../../base/bytes.js'
import { attachFilter, detachFilter } from '../../kernel/classic-filter.io.js'
import { hushFilter } from '../../kernel/classic-filter.js'
import { IPPROTO_TCP, TCP_INFO } from '../../kernel/constants.js'
import { type ControlCalls, type Lacking, loadControlCalls } from '../../kernel/control-calls.io.js'
import { HalfOpen } from '../../kernel/half-open.io.js'
import { PacketTrap } from '../../kernel/packet-trap.io.js'
import type { Catcher } from '../addresses/address-keeper.js'

/** Of `struct tcp_info`; of a listening socket, how many wait to be accepted (net/ipv4/tcp.c, tcp_get_info). */
const UNACKED_AT = 24

/** The listening sockets of a host, and the addresses for which they take nobody new. */
export interface Hushes {
  readonly addresses: Set<string>
  readonly doors: ReadonlyMap<4 | 6, number>
}

/**
 * An address that is about to leave this host: SYNs to it are dropped at the listening socket, and kept here to be heard by whoever
 * has the address next.
 */
export class Hush implements Catcher {
  private constructor(
    private readonly address: string,
    private readonly hushes: Hushes,
    private readonly calls: ControlCalls,
    private readonly trap: PacketTrap,
    private readonly halfOpen: HalfOpen | Lacking,
  ) {}

  static begin(address: string, hushes: Hushes): Hush | Lacking {
    const calls = loadControlCalls()
    if ('why' in calls) return calls
    // First: a SYN that is dropped is to be caught.
    const trap = PacketTrap.open(address)
    if ('why' in trap) return trap
    const hush = new Hush(address, hushes, calls, trap, HalfOpen.open())
    hushes.addresses.add(address)
    hushDoors(hushes, calls)
    return hush
  }

  pending(): number {
    // In this order: what is no handshake any more waits to be accepted by then.
    const begun = 'why' in this.halfOpen ? 0 : this.halfOpen.count(this.address)
    return begun + this.#unaccepted()
  }

  catchAll(): void {
    this.trap.widen()
  }

  next(): Uint8Array | undefined {
    return this.trap.next()
  }

  welcome(): void {
    if (this.hushes.addresses.delete(this.address)) hushDoors(this.hushes, this.calls)
  }

  close(): number {
    this.welcome()
    const lost = this.trap.lost()
    this.trap.close()
    if (!('why' in this.halfOpen)) this.halfOpen.close()
    return lost
  }

  /** Without a front door the address has listening sockets of its own, whose connections are not waited for. */
  #unaccepted(): number {
    const door = this.hushes.doors.get(familyOf(this.address))
    if (door === undefined) return 0
    const info = new Uint8Array(UNACKED_AT + 4)
    return this.calls.getsockopt(door, IPPROTO_TCP, TCP_INFO, info) < 0 ? 0 : new ByteReader(info, UNACKED_AT).u32()
  }
}

/** Each listening socket drops SYNs to the addresses of its family, and to no others: whatever filter it had, also by another process. */
function hushDoors({ addresses, doors }: Hushes, calls: ControlCalls): void {
  for (const [family, door] of doors) {
    const hushed = [...addresses].filter((address) => familyOf(address) === family)
    if (hushed.length === 0) detachFilter(calls, door)
    else attachFilter(calls, door, hushFilter(hushed))
  }
}

/** To what this process does not hush: another may have given an address away a moment ago, and is not there any more to do it. */
export function reopenDoors(hushes: Hushes): void {
  const calls = loadControlCalls()
  if (!('why' in calls)) hushDoors(hushes, calls)
}

function familyOf(address: string): 4 | 6 {
  return isIpv6(address) ? 6 : 4
}
