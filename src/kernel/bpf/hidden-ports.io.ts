/**
 * Ports that this network namespace's own addresses have for nobody but its own host: docs/addresses.md. As with any-port the link
 * goes with the process; two programs on one namespace are asked one after the other, and a refusal counts.
 */
import { closeSync, openSync } from 'node:fs'
import { canonicalIp } from '../../base/address.js'
import { ATTACH_SK_LOOKUP, PROG_TYPE_SK_LOOKUP } from './abi.js'
import { ADDRESSES_MAP, AddressSlots } from './address-slots.io.js'
import { hiddenPortsProgram } from './hidden-ports-program.js'
import { Kit, type MappedArray, type Problem } from './kit.io.js'
import { PORT_BITMAP_BYTES, portBitmap } from './port-bitmap.js'

const SINCE = '5.9'
/** Array entries are rounded up to eight bytes. */
const STATE_BYTES = 8

export class HiddenPorts {
  readonly #exempt: AddressSlots
  readonly #state: Uint32Array
  readonly #bitmaps: Uint8Array
  #addresses: ReadonlySet<string> = new Set()

  private constructor(
    private readonly kit: Kit,
    state: MappedArray,
    ports: MappedArray,
    exempt: number,
  ) {
    this.#exempt = new AddressSlots(kit.bpf, exempt)
    this.#state = new Uint32Array(state.memory)
    this.#bitmaps = new Uint8Array(ports.memory)
  }

  static open(): HiddenPorts | Problem {
    return Kit.make(SINCE, (kit) => {
      const state = kit.array(STATE_BYTES, 1)
      const ports = kit.array(PORT_BITMAP_BYTES, 2)
      const exempt = kit.map(ADDRESSES_MAP)
      const code = hiddenPortsProgram({ state: state.fd, ports: ports.fd, exempt })
      const program = kit.program(PROG_TYPE_SK_LOOKUP, ATTACH_SK_LOOKUP, code)
      const namespace = openSync('/proc/self/ns/net', 'r')
      try {
        kit.attach(program, namespace, ATTACH_SK_LOOKUP)
      } finally {
        closeSync(namespace)
      }
      return new HiddenPorts(kit, state, ports, exempt)
    })
  }

  /** New connections from other hosts to `ports` are refused, but to the addresses `exempt`. Others are not touched. */
  set(ports: Iterable<number>, exempt: Iterable<string>): Problem | undefined {
    const wanted = new Set([...exempt].flatMap((address) => canonicalIp(address) ?? []))
    // Before a port is hidden, and after it is no more.
    for (const address of wanted) {
      const slot = this.#exempt.take(address, () => {})
      if (typeof slot !== 'number') return slot
    }
    const bank = ~(this.#state[0] ?? 0) & 1
    this.#bitmaps.set(portBitmap(ports), bank * PORT_BITMAP_BYTES)
    Atomics.store(this.#state, 0, bank)
    for (const address of this.#addresses) if (!wanted.has(address)) this.#exempt.release(address)
    this.#addresses = wanted
    return undefined
  }

  close(): void {
    this.#exempt.close()
    this.kit.close()
  }
}
