/**
 * The deadline of a lease, enforced by the kernel: whatever the process does or no longer does, after its deadline no frame of
 * that address passes the interfaces that the gate is attached to: docs/addresses.md. The links that hold the programs go with
 * the process; a stopped process still has them.
 */
import type { Millis } from '../../base/time.js'
import { ENODEV } from '../constants.js'
import { loadLibc } from '../libc.io.js'
import { ATTACH_TCX_EGRESS, ATTACH_TCX_INGRESS, F_BEFORE, PROG_TYPE_SCHED_CLS, TCX_DROP } from './abi.js'
import { ADDRESSES_MAP, AddressSlots, SLOTS } from './address-slots.io.js'
import { Kit, type MappedArray, type Problem } from './kit.io.js'
import { LEASE, leaseGateProgram } from './lease-gate-program.js'
import { refused } from './rights.io.js'

const SINCE = '6.6'
/** No interface has this index: whether there is tcx shows in what is wrong with it. */
const NO_INTERFACE = 0x7fffffff

const OPEN = 2n ** 64n - 1n
const CLOSED = 0n
const NS_PER_MS = 1_000_000

/** An address for documentation (RFC 5737) in a frame that goes nowhere. */
const PROBED = '192.0.2.1'
const PROBE_SLACK_MS = 60_000

export class LeaseGate {
  readonly #slots: AddressSlots
  readonly #longs: BigUint64Array
  readonly #links = new Map<number, readonly number[]>()

  private constructor(
    private readonly kit: Kit,
    addresses: number,
    leases: MappedArray,
    private readonly program: number,
  ) {
    this.#slots = new AddressSlots(kit.bpf, addresses)
    this.#longs = new BigUint64Array(leases.memory)
  }

  static open(): LeaseGate | Problem {
    return Kit.make(SINCE, (kit) => {
      const addresses = kit.map(ADDRESSES_MAP)
      const leases = kit.array(LEASE.bytes, SLOTS)
      const code = leaseGateProgram({ addresses, leases: leases.fd })
      const program = kit.program(PROG_TYPE_SCHED_CLS, ATTACH_TCX_INGRESS, code)
      const answer = kit.bpf.attach(program, NO_INTERFACE, ATTACH_TCX_INGRESS)
      if (answer !== -ENODEV) kit.refuse(refused('attach the program', answer, SINCE).why)
      const gate = new LeaseGate(kit, addresses, leases, program)
      gate.#proveClock()
      return gate
    })
  }

  /** Both directions, before whatever other programs are there. */
  attach(ifindex: number): Problem | undefined {
    if (this.#links.has(ifindex)) return undefined
    const links: number[] = []
    for (const direction of [ATTACH_TCX_INGRESS, ATTACH_TCX_EGRESS]) {
      const link = this.kit.bpf.attach(this.program, ifindex, direction, F_BEFORE)
      if (link < 0) {
        for (const one of links) this.kit.sys.close(one)
        return refused(`guard interface ${ifindex}`, link, SINCE)
      }
      links.push(link)
    }
    this.#links.set(ifindex, links)
    return undefined
  }

  /** Also for an interface that is gone: its number may be given to another one. */
  detach(ifindex: number): void {
    for (const link of this.#links.get(ifindex) ?? []) this.kit.sys.close(link)
    this.#links.delete(ifindex)
  }

  /** `deadline`: in CLOCK_BOOTTIME, as `Clock.now`. Takes effect at once. */
  setDeadline(address: string, deadline: Millis | 'open' | 'closed'): Problem | undefined {
    const store = (slot: number) => Atomics.store(this.#longs, this.#at(slot) + LEASE.deadline / 8, asNs(deadline))
    const known = this.#slots.slotOf(address)
    if (known !== undefined) {
      store(known)
      return undefined
    }
    const slot = this.#slots.take(address, (free) => {
      this.#longs[this.#at(free) + LEASE.drops / 8] = 0n
      store(free)
    })
    return typeof slot === 'number' ? undefined : slot
  }

  /** Its traffic is of no concern any more. */
  remove(address: string): void {
    this.#slots.release(address)
  }

  /** Frames dropped since the address was set; `undefined` if it is not. */
  drops(address: string): number | undefined {
    const slot = this.#slots.slotOf(address)
    return slot === undefined ? undefined : Number(this.#longs[this.#at(slot) + LEASE.drops / 8])
  }

  /** The last call: nothing is held back any more. */
  close(): void {
    for (const ifindex of [...this.#links.keys()]) this.detach(ifindex)
    this.#slots.close()
    this.kit.close()
  }

  /** What the program says of an Ethernet frame. */
  judge(frame: Uint8Array): 'pass' | 'drop' | Problem {
    const result = this.kit.bpf.testRun(this.program, frame)
    if ('errno' in result) return refused('try the program', -result.errno, SINCE)
    return result.answer === TCX_DROP ? 'drop' : 'pass'
  }

  /** The program's clock and ours may differ: a time namespace shifts ours (time_namespaces(7)). */
  #proveClock(): void {
    const libc = loadLibc()
    if ('why' in libc) return this.kit.refuse(libc.why)
    const now = libc.boottime()
    for (const [deadline, expected] of [
      [now + PROBE_SLACK_MS, 'pass'],
      [now - 1, 'drop'],
    ] as const) {
      this.setDeadline(PROBED, deadline)
      const said = this.judge(frameTo(PROBED))
      if (typeof said !== 'string') this.kit.refuse(said.why)
      else if (said !== expected) {
        this.kit.refuse('the kernel judges deadlines by another clock than this process has (a time namespace?)')
      }
    }
    this.remove(PROBED)
  }

  #at(slot: number): number {
    return (slot * LEASE.bytes) / 8
  }
}

/** Above 104 days of uptime a millisecond's fraction is no longer exact to the nanosecond: rounded down. */
function asNs(deadline: Millis | 'open' | 'closed'): bigint {
  if (deadline === 'open') return OPEN
  if (deadline === 'closed') return CLOSED
  return BigInt(Math.max(0, Math.floor(deadline * NS_PER_MS)))
}

/** Ethernet and as much of an IPv4 header as counts. */
function frameTo(address: string): Uint8Array {
  const frame = new Uint8Array(64)
  frame.set([0x08, 0x00, 0x45], 12)
  frame.set(address.split('.').map(Number), 30)
  return frame
}
