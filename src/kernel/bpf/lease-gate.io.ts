/**
 * The deadline of a lease, enforced by the kernel: whatever the process does or no longer does, after its deadline no frame of
 * that address passes the interfaces that the gate is attached to: docs/addresses.md. It goes with the process; a stopped
 * process still has it.
 */
import type { Millis } from '../../base/time.js'
import { EINVAL } from '../constants.js'
import { loadLibc } from '../libc.io.js'
import { PROG_TYPE_SCHED_CLS, TCX_DROP } from './abi.js'
import { ADDRESSES_MAP, AddressSlots, SLOTS } from './address-slots.io.js'
import { graveProgram } from './grave-program.js'
import {
  type Attached,
  type Burial,
  buried,
  clsact,
  type HookName,
  type InterfaceHook,
  OWN_NAMES,
  programsAhead,
  tcx,
  tryTcx,
} from './interface-hook.io.js'
import { Kit, type MappedArray, type Problem } from './kit.io.js'
import { LEASE, leaseGateProgram } from './lease-gate-program.js'
import { PULSE_BYTES } from './pulse.io.js'
import { refused } from './rights.io.js'

/** Of clsact, with a socket of our own in a map. */
const SINCE = '5.15'
const TCX_SINCE = '6.6'

/** Descriptors right below the device's that connections do not reach before the process is out of them. */
const RESERVED = 8

const OPEN = 2n ** 64n - 1n
const CLOSED = 0n
const NS_PER_MS = 1_000_000

/** An address for documentation (RFC 5737) in a frame that goes nowhere. */
const PROBED = '192.0.2.1'
const PROBE_SLACK_MS = 60_000

export class LeaseGate {
  readonly #slots: AddressSlots
  readonly #longs: BigUint64Array
  readonly #attached = new Map<number, { on: Attached | undefined; unbury: () => void }>()

  private constructor(
    private readonly kit: Kit,
    addresses: number,
    leases: MappedArray,
    private readonly program: number,
    private readonly interfaceHook: InterfaceHook,
    /** Keeps the process silent when it is dead. */
    private readonly grave: Grave | undefined,
    /** No other process of this node has a gate here, which must not be disturbed. */
    private isAlone: boolean,
    /** The map of its pulse: for `Pulse.of`. */
    readonly pulse: number,
  ) {
    this.#slots = new AddressSlots(kit.bpf, addresses)
    this.#longs = new BigUint64Array(leases.memory)
  }

  /**
   * By tcx where the kernel has it, otherwise by clsact; `by` insists on one. `below`: a descriptor above those of all connections.
   * `isAlone`: see `claim`.
   */
  static open(by?: HookName, below?: number, isAlone = true): LeaseGate | Problem {
    return Kit.make(SINCE, (kit) => {
      const addresses = kit.map(ADDRESSES_MAP)
      const leases = kit.array(LEASE.bytes, SLOTS)
      const pulse = kit.array(PULSE_BYTES, 1).fd
      const load = (alive?: number) =>
        kit.program(
          PROG_TYPE_SCHED_CLS,
          0,
          leaseGateProgram({ addresses, leases: leases.fd, pulse, alive }),
          `${OWN_NAMES}gate`,
        )
      const [links, filters] = [tcx(kit.bpf, kit.sys), clsact(kit.sys)]
      const program = load()
      const refusal = by === 'clsact' ? -EINVAL : tryTcx(kit.bpf, program)
      if (refusal < 0 && (by === 'tcx' || refusal !== -EINVAL)) kit.refuse(refused('use tcx', refusal, TCX_SINCE).why)
      const [code, hook] = refusal === 0 ? [program, links] : [load(kit.ownSocket()), filters]
      const grave = dig(kit, addresses, leases.fd, below)
      const gate = new LeaseGate(kit, addresses, leases, code, hook, grave, isAlone, pulse)
      gate.#proveClock()
      return gate
    })
  }

  /** What it is attached by. */
  get hook(): HookName {
    return this.interfaceHook.name
  }

  /** Both directions, before whatever other programs are there. */
  attach(ifindex: number): Problem | undefined {
    if (this.#attached.has(ifindex)) return undefined
    // Of filters there is one place for each, and it is still the other process's.
    const on = this.isAlone || this.hook === 'tcx' ? this.interfaceHook.attach(this.program, ifindex) : undefined
    if (typeof on === 'number') return refused(`guard interface ${ifindex}`, on, SINCE)
    this.#attached.set(ifindex, { on, unbury: () => {} })
    if (this.isAlone) this.#bury(ifindex)
    return undefined
  }

  /** No other process of this node has a gate any more, or is to have one: on every interface this one's takes its place. */
  claim(): void {
    this.isAlone = true
    for (const [ifindex, attached] of this.#attached) {
      const on = this.hook === 'tcx' ? attached.on : this.interfaceHook.attach(this.program, ifindex)
      if (typeof on === 'object') attached.on = on
      attached.unbury()
      attached.unbury = () => {}
      this.#bury(ifindex)
      // The other's would bury this one's address with it.
      this.grave?.hook.clear(ifindex)
    }
  }

  /** Also for an interface that is gone: its number may be given to another one. */
  detach(ifindex: number): void {
    const attached = this.#attached.get(ifindex)
    attached?.on?.undo()
    attached?.unbury()
    this.#attached.delete(ifindex)
  }

  /** Where what judges frames further is to stand; `undefined`: there is no such place. */
  egressOn(ifindex: number): number | undefined {
    return this.#attached.get(ifindex)?.on?.egress
  }

  /** Programs of others that frames come to before this one, in either direction, in words: they may take frames round it. */
  ahead(ifindex: number): readonly string[] {
    if (this.hook !== 'tcx' || !this.#attached.has(ifindex)) return []
    return programsAhead(this.kit.bpf, this.kit.sys, this.program, ifindex)
  }

  /** Earlier processes have left programs that keep them silent. */
  get hasGraves(): boolean {
    return this.grave?.hook.hasOthers === true
  }

  /** Once what keeps earlier processes silent has nothing more to do. */
  clearGraves(): void {
    for (const ifindex of this.#attached.keys()) this.grave?.hook.clear(ifindex)
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
      this.#longs.fill(0n, this.#at(free), this.#at(free + 1))
      store(free)
    })
    return typeof slot === 'number' ? undefined : slot
  }

  /**
   * Until then, or until told otherwise, the kernel's answers to segments of connections that it does not know are held back. The
   * address has a deadline already; without one it is not guarded.
   */
  guard(address: string, until: Millis | 'no more'): void {
    const slot = this.#slots.slotOf(address)
    if (slot === undefined) return
    const ns = until === 'no more' ? CLOSED : asNs(until)
    Atomics.store(this.#longs, this.#at(slot) + LEASE.guardedUntil / 8, ns)
  }

  /** Such answers since the address was set; `undefined` if it is not. */
  heldBack(address: string): number | undefined {
    return this.#counted(address, LEASE.heldBack)
  }

  /** Acknowledgements that were withheld while the process stood still, since the address was set; `undefined` if it is not. */
  withheld(address: string): number | undefined {
    return this.#counted(address, LEASE.withheld)
  }

  /** Its traffic is of no concern any more. */
  remove(address: string): void {
    this.#slots.release(address)
  }

  /** Frames dropped since the address was set; `undefined` if it is not. */
  drops(address: string): number | undefined {
    return this.#counted(address, LEASE.drops)
  }

  /** The last call: nothing is held back any more. */
  close(): void {
    for (const ifindex of [...this.#attached.keys()]) this.detach(ifindex)
    this.#slots.close()
    this.kit.close()
  }

  /** What the program says of an Ethernet frame. */
  judge(frame: Uint8Array): 'pass' | 'drop' | Problem {
    const result = this.kit.bpf.testRun(this.program, frame)
    if ('errno' in result) return refused('try the program', -result.errno, SINCE)
    return result.answer === TCX_DROP ? 'drop' : 'pass'
  }

  #bury(ifindex: number): void {
    const attached = this.#attached.get(ifindex)
    const unbury = this.grave?.hook.attach(this.grave.program, ifindex)
    if (attached !== undefined && typeof unbury === 'function') attached.unbury = unbury
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

  #counted(address: string, offset: number): number | undefined {
    const slot = this.#slots.slotOf(address)
    return slot === undefined ? undefined : Number(this.#longs[this.#at(slot) + offset / 8])
  }

  #at(slot: number): number {
    return (slot * LEASE.bytes) / 8
  }
}

interface Grave {
  readonly program: number
  readonly hook: Burial
}

/** Without it the end of the process is heard over IPv6. */
function dig(kit: Kit, addresses: number, leases: number, below: number | undefined): Grave | undefined {
  if (below === undefined) return undefined
  const alive = kit.ownSocket(Math.max(0, below - RESERVED))
  const code = graveProgram({ addresses, leases, alive })
  return { program: kit.program(PROG_TYPE_SCHED_CLS, 0, code), hook: buried(kit.sys) }
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
