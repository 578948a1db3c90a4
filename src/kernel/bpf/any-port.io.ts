/**
 * One listening socket takes connections to any port of the service addresses in this network namespace: docs/addresses.md.
 * The program is attached by a link whose only descriptor is here: it goes with the process, however that ends.
 */
import { closeSync, openSync } from 'node:fs'
import { SO_REUSEADDR, SOL_SOCKET } from '../constants.js'
import { ATTACH_SK_LOOKUP, MAP_TYPE_SOCKMAP, PROG_TYPE_SK_LOOKUP } from './abi.js'
import { ADDRESSES_MAP, AddressSlots, SLOTS } from './address-slots.io.js'
import { anyPortProgram, LISTENER_IP4, LISTENER_IP6, SERVICE, STATE } from './any-port-program.js'
import { Block } from './bpf.io.js'
import { Kit, type MappedArray, type Problem } from './kit.io.js'
import { PORT_BITMAP_BYTES, portBitmap } from './port-bitmap.js'
import { refused } from './rights.io.js'

const SINCE = '5.9'

export interface AnyPortCounters {
  readonly assigned: number
  readonly refused: number
}

export class AnyPort {
  readonly #slots: AddressSlots
  readonly #words: Uint32Array
  readonly #longs: BigUint64Array
  readonly #bitmaps: Uint8Array
  readonly #key = new Block(4)
  readonly #value = new Block(8)

  private constructor(
    private readonly kit: Kit,
    addresses: number,
    services: MappedArray,
    ports: MappedArray,
    private readonly listeners: number,
  ) {
    this.#slots = new AddressSlots(kit.bpf, addresses)
    this.#words = new Uint32Array(services.memory)
    this.#longs = new BigUint64Array(services.memory)
    this.#bitmaps = new Uint8Array(ports.memory)
  }

  /** For the network namespace of this process. Until there is a listener, what is to be assigned is refused. */
  static open(): AnyPort | Problem {
    return Kit.make(SINCE, (kit) => {
      const addresses = kit.map(ADDRESSES_MAP)
      const services = kit.array(SERVICE.bytes, SLOTS)
      const ports = kit.array(PORT_BITMAP_BYTES, 2 * SLOTS)
      const listeners = kit.map({ type: MAP_TYPE_SOCKMAP, keyBytes: 4, valueBytes: 8, entriesMax: 2 })
      const maps = { addresses, services: services.fd, ports: ports.fd, listeners }
      const program = kit.program(PROG_TYPE_SK_LOOKUP, ATTACH_SK_LOOKUP, anyPortProgram(maps))
      const namespace = openSync('/proc/self/ns/net', 'r')
      try {
        kit.attach(program, namespace, ATTACH_SK_LOOKUP)
      } finally {
        closeSync(namespace)
      }
      return new AnyPort(kit, addresses, services, ports, listeners)
    })
  }

  /**
   * Connections of that family go to this listening socket; closed, it is forgotten by itself. It is made to allow the reuse
   * of its port, and so are the connections it accepts: their ports are those that were asked for, and a program of the host
   * must be able to begin listening there.
   */
  setListener(family: 4 | 6, fd: number): Problem | undefined {
    const view = new DataView(this.#value.bytes.buffer)
    view.setUint32(0, 1, true)
    const reuse = this.kit.sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, this.#value.at, 4)
    if (reuse < 0) return refused('let a port be used again', reuse, SINCE)
    view.setBigUint64(0, BigInt(fd), true)
    this.#index(family === 4 ? LISTENER_IP4 : LISTENER_IP6)
    const result = this.kit.bpf.update(this.listeners, this.#key.at, this.#value.at)
    return result < 0 ? refused('take the listening socket', result, SINCE) : undefined
  }

  /**
   * From here on new connections to `ports` of the address are ours. All others are refused, or left to what the host has
   * there. All of it takes effect at once; established connections are not touched.
   */
  setService(address: string, ports: 'any' | Iterable<number>, rest: 'refuse' | 'pass'): Problem | undefined {
    const store = (slot: number) => {
      // The bank that is not in force is written, then it is.
      const bank = ~(this.#words[this.#stateAt(slot)] ?? 0) & STATE.bank
      if (ports !== 'any') this.#bitmaps.set(portBitmap(ports), (2 * slot + bank) * PORT_BITMAP_BYTES)
      const state = bank | (ports === 'any' ? STATE.any : 0) | (rest === 'pass' ? STATE.pass : 0)
      Atomics.store(this.#words, this.#stateAt(slot), state)
    }
    const known = this.#slots.slotOf(address)
    if (known !== undefined) {
      store(known)
      return undefined
    }
    const slot = this.#slots.take(address, (free) => {
      this.#longs.fill(0n, this.#countersAt(free), this.#countersAt(free) + 2)
      store(free)
    })
    return typeof slot === 'number' ? undefined : slot
  }

  /** Its new connections go where they would without us. */
  remove(address: string): void {
    this.#slots.release(address)
  }

  /** Since the address was set; `undefined` if it is not. */
  counters(address: string): AnyPortCounters | undefined {
    const slot = this.#slots.slotOf(address)
    if (slot === undefined) return undefined
    const at = this.#countersAt(slot)
    return { assigned: Number(this.#longs[at]), refused: Number(this.#longs[at + 1]) }
  }

  /** The last call. Accepted connections live on. */
  close(): void {
    this.#slots.close()
    this.kit.close()
  }

  #index(index: number): void {
    new DataView(this.#key.bytes.buffer).setUint32(0, index, true)
  }

  #stateAt(slot: number): number {
    return (slot * SERVICE.bytes + SERVICE.state) / 4
  }

  #countersAt(slot: number): number {
    return (slot * SERVICE.bytes + SERVICE.assigned) / 8
  }
}
