/**
 * One lane's share of the acknowledgements that are held back (ack-hold-program). Releasing is a store into memory that the program
 * reads; only a connection's beginning and end are system calls, and a word in the kernel's place.
 */
import { type Endpoint, isIpv6 } from '../../base/address.js'
import type { AckHolder, AckWords, EncodeAck, HeldAck, HeldState } from '../../handoff/ports.js'
import type { HeldShare } from '../../proxy/ports.js'
import { AF_INET, AF_INET6, IPPROTO_RAW, SOCK_NONBLOCK_CLOEXEC, SOCK_RAW } from '../constants.js'
import { encodeSockaddr, SOCKADDR_BYTES_MAX } from '../sockaddr.js'
import { loadSyscalls, type Syscalls } from '../syscalls.io.js'
import { NOEXIST } from './abi.js'
import { CLOCK_OPTION, CLOCK_OPTION_BYTES, HELD, HELD_KEY, OPTION_BYTES_MAX } from './ack-hold-program.js'
import { addressKey, KEY_BYTES } from './address-key.js'
import { Block, type Bpf, loadBpf } from './bpf.io.js'
import { type HeldEntry, leaveEntry } from './held-entry.js'
import type { Problem } from './kit.io.js'
import { refused } from './rights.io.js'

const SINCE = '6.6'
const WINDOW_MAX = 65_535
const WORDS = HELD.bytes / 4
const wordAt = (offset: number) => offset / 4

export class HeldAcks implements AckHolder {
  /** A ring: slots are used again in the order in which they were given back, since a program may still be looking at the last. */
  readonly words: Uint32Array
  readonly #free: Int32Array
  #next = 0
  #left: number
  readonly #key = new Block(HELD_KEY.bytes)
  readonly #value = new Block(4)
  readonly #slot = new DataView(this.#value.bytes.buffer)
  /** Of the ends in `#key`. */
  readonly #entry: HeldEntry = {
    find: () => this.#named(this.bpf.lookUp(this.connections, this.#key.at, this.#value.at)),
    takeOut: () => this.#named(this.bpf.takeOut(this.connections, this.#key.at, this.#value.at)),
    putBack: (slot) => void this.#put(slot, NOEXIST),
    isHeld: (slot) =>
      this.words[slot * WORDS] !== 0 && this.#keyOf(slot).every((byte, i) => byte === this.#key.bytes[i]),
  }
  readonly #name = new Block(SOCKADDR_BYTES_MAX)
  readonly #sockets = new Map<number, number>()

  private constructor(
    private readonly bpf: Bpf,
    private readonly sys: Syscalls,
    private readonly connections: number,
    readonly memory: ArrayBuffer,
    readonly encode: EncodeAck,
    first: number,
    count: number,
  ) {
    this.words = new Uint32Array(memory)
    this.#free = Int32Array.from({ length: count }, (_, i) => first + i)
    this.#left = count
    for (const slot of this.#free) this.#clear(slot)
  }

  /** What the lane before this one has left in its share holds nothing back any more. */
  static open({ connections, held, slots, first, count }: HeldShare, encode: EncodeAck): HeldAcks | Problem {
    const [bpf, sys] = [loadBpf(), loadSyscalls()]
    if ('why' in bpf) return bpf
    if ('why' in sys) return sys
    const mapping = bpf.map(held, HELD.bytes * slots)
    if (typeof mapping === 'number') return refused('share a map', mapping, SINCE)
    return new HeldAcks(bpf, sys, connections, mapping.memory, encode, first, count)
  }

  get room(): number {
    return this.#left
  }

  hold(client: Endpoint, service: Endpoint, from: HeldState, scale: number): HeldAck | undefined {
    if (this.#left === 0) return undefined
    const slot = this.#free[this.#next] as number
    this.#begin(slot, from, scale)
    if (!this.#enter(client, service, slot)) return undefined
    this.#next = (this.#next + 1) % this.#free.length
    this.#left--
    return new Hold(this, client, service, slot, from.last)
  }

  end(slot: number): void {
    this.#clear(slot)
    this.#free[(this.#next + this.#left++) % this.#free.length] = slot
  }

  /** A packet with its header. What cannot be sent is lost as on the way; it is said again when more is owed. */
  send(packet: Uint8Array, to: Endpoint): void {
    const family = isIpv6(to.address) ? AF_INET6 : AF_INET
    const known = this.#sockets.get(family)
    const fd = known ?? this.sys.socket(family, SOCK_RAW | SOCK_NONBLOCK_CLOEXEC, IPPROTO_RAW)
    if (known === undefined) this.#sockets.set(family, fd)
    if (fd < 0) return
    this.sys.sendTo(fd, packet, this.#name.at, encodeSockaddr({ address: to.address, port: 0 }, this.#name.bytes))
  }

  #enter(client: Endpoint, service: Endpoint, slot: number): boolean {
    if (!this.#setKey(client, service)) return false
    this.#keyOf(slot).set(this.#key.bytes)
    // First: who ends a connection of the same ends just now looks whether this one is held.
    this.words[slot * WORDS + wordAt(HELD.isHeld)] = 1
    const isEntered = this.#put(slot) === 0
    if (!isEntered) this.words[slot * WORDS + wordAt(HELD.isHeld)] = 0
    return isEntered
  }

  #begin(slot: number, { released, told, last }: HeldState, scale: number): void {
    const at = slot * WORDS
    this.words.fill(0, at, at + WORDS)
    const set = (field: number, value: number) => {
      this.words[at + wordAt(field)] = value
    }
    set(HELD.released, released)
    set(HELD.scale, scale)
    set(HELD.told, told)
    set(HELD.acknowledged, last?.ack ?? released)
    if (last === undefined) return
    set(HELD.next, last.seq)
    set(HELD.window, last.window)
    const options = last.options.subarray(0, OPTION_BYTES_MAX)
    new Uint8Array(this.memory, slot * HELD.bytes + HELD.options, OPTION_BYTES_MAX).set(options)
    set(HELD.optionBytes, options.byteLength)
  }

  /** Its connection is not found there any more. */
  #clear(slot: number): void {
    const isHeld = this.words[slot * WORDS] !== 0
    this.words[slot * WORDS] = 0
    if (!isHeld) return
    this.#key.bytes.set(this.#keyOf(slot))
    leaveEntry(this.#entry, slot)
  }

  #put(slot: number, flags = 0): number {
    this.#slot.setUint32(0, slot, true)
    return this.bpf.update(this.connections, this.#key.at, this.#value.at, flags)
  }

  #named(result: number): number | undefined {
    return result < 0 ? undefined : this.#slot.getUint32(0, true)
  }

  #keyOf(slot: number): Uint8Array {
    return new Uint8Array(this.memory, slot * HELD.bytes + HELD.key, HELD_KEY.bytes)
  }

  #setKey(client: Endpoint, service: Endpoint): boolean {
    const [from, to] = [addressKey(service.address), addressKey(client.address)]
    if (from?.length !== KEY_BYTES || to?.length !== KEY_BYTES) return false
    const { bytes } = this.#key
    bytes.set(to, HELD_KEY.client)
    bytes.set(from, HELD_KEY.service)
    const view = new DataView(bytes.buffer)
    view.setUint16(HELD_KEY.clientPort, client.port)
    view.setUint16(HELD_KEY.servicePort, service.port)
    return true
  }
}

class Hold implements HeldAck {
  readonly #at: number
  #isOver = false

  constructor(
    private readonly table: HeldAcks,
    private readonly client: Endpoint,
    private readonly service: Endpoint,
    private readonly slot: number,
    /** What the kernel has said last where another program heard it; by now it may have said more there. */
    private readonly before: AckWords | undefined,
  ) {
    this.#at = slot * WORDS
  }

  release(seq: number): void {
    if (!this.#isOver && aheadOf(seq, this.#word(HELD.released)) > 0)
      this.table.words[this.#at + wordAt(HELD.released)] = seq
  }

  releaseAll(): void {
    this.release(this.#word(HELD.acknowledged))
  }

  get state(): HeldState {
    const [ack, seq, window] = [this.#word(HELD.acknowledged), this.#word(HELD.next), this.#word(HELD.window)]
    const last = seq === 0 && window === 0 ? undefined : { seq, ack, window, options: this.#optionsFor(ack) }
    return { released: this.#word(HELD.released), told: this.#word(HELD.told), last }
  }

  get held(): number {
    return Math.max(0, aheadOf(this.#word(HELD.acknowledged), this.#word(HELD.released)))
  }

  get owed(): number {
    return Math.max(0, aheadOf(this.#sayable, this.#word(HELD.told)))
  }

  say(): void {
    if (this.#isOver) return
    const ack = this.#sayable
    const edge = this.#word(HELD.window) + (aheadOf(this.#word(HELD.acknowledged), ack) >> this.#word(HELD.scale))
    const segment = {
      seq: this.#word(HELD.next),
      ack,
      window: Math.max(0, Math.min(edge, WINDOW_MAX)),
      options: this.#optionsFor(ack),
    }
    this.table.send(this.table.encode(this.service, this.client, segment), this.client)
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.table.end(this.slot)
  }

  /** Not what the kernel has not said yet: it will say that itself. Unless it has, and not to this process's program. */
  get #sayable(): number {
    const [released, acknowledged] = [this.#word(HELD.released), this.#word(HELD.acknowledged)]
    const isHeard = this.before === undefined || acknowledged !== this.before.ack
    return isHeard && aheadOf(released, acknowledged) > 0 ? acknowledged : released
  }

  /** Blocks beyond a gap go with the number that the gap begins at alone. */
  #optionsFor(ack: number): Uint8Array {
    const hasClock = this.#word(HELD.options) === CLOCK_OPTION
    const isAll = ack === this.#word(HELD.acknowledged)
    const length =
      isAll || this.#word(HELD.optionBytes) === 0 ? this.#word(HELD.optionBytes) : hasClock ? CLOCK_OPTION_BYTES : 0
    return new Uint8Array(this.table.memory, this.slot * HELD.bytes + HELD.options, length).slice()
  }

  #word(field: number): number {
    return this.table.words[this.#at + wordAt(field)] as number
  }
}

/** Of sequence numbers: how far the one is ahead of the other; below 0: behind. */
function aheadOf(seq: number, other: number): number {
  return (seq - other) | 0
}
