/** What a program needs around it: maps, links, memory. Made together, given back together; or why it cannot be had. */
import { loadSyscalls, type Syscalls } from '../syscalls.io.js'
import { F_MMAPABLE, MAP_TYPE_ARRAY, MAP_TYPE_SOCKMAP } from './abi.js'
import { Block, type Bpf, loadBpf, type MapPlan } from './bpf.io.js'
import { refused } from './rights.io.js'

export interface Problem {
  readonly why: string
}

/**
 * An array map that is memory of this process too: a number that is stored here, aligned and at once (Atomics), is what the
 * next run of a program reads. No system call, nothing in between, and no entry that the kernel might use again meanwhile.
 */
export interface MappedArray {
  readonly fd: number
  readonly memory: ArrayBuffer
}

class Refused extends Error {}

export class Kit {
  readonly #give: (() => void)[] = []

  private constructor(
    readonly bpf: Bpf,
    readonly sys: Syscalls,
    /** The first kernel that has all of it. */
    private readonly since: string,
  ) {}

  /** What `build` makes of it; after a refusal nothing is left. */
  static make<T>(since: string, build: (kit: Kit) => T): T | Problem {
    const [bpf, sys] = [loadBpf(), loadSyscalls()]
    if ('why' in bpf) return bpf
    if ('why' in sys) return sys
    const kit = new Kit(bpf, sys, since)
    try {
      return build(kit)
    } catch (error) {
      kit.close()
      if (error instanceof Refused) return { why: error.message }
      throw error
    }
  }

  map(plan: MapPlan): number {
    return this.keep(this.#done('make a map', this.bpf.createMap(plan)))
  }

  /** `entryBytes`: a multiple of 8, as the kernel rounds up to that. */
  array(entryBytes: number, entriesMax: number): MappedArray {
    const fd = this.map({ type: MAP_TYPE_ARRAY, keyBytes: 4, valueBytes: entryBytes, entriesMax, flags: F_MMAPABLE })
    const mapping = this.bpf.map(fd, entryBytes * entriesMax)
    if (typeof mapping === 'number') throw this.#refusal('share a map', mapping)
    this.#give.push(mapping.unmap)
    return { fd, memory: mapping.memory }
  }

  /**
   * A map with a socket of this process under 0: the entry goes when the process does, however it ends. `from`: its descriptor is
   * that or a higher one; the highest are closed first.
   */
  ownSocket(from?: number): number {
    const map = this.map({ type: MAP_TYPE_SOCKMAP, keyBytes: 4, valueBytes: 8, entriesMax: 1 })
    const [pair, key, value] = [new Block(8), new Block(4), new Block(8)]
    this.#done('make a socket', this.bpf.socketpair(pair.at))
    const [one = -1, other = -1] = new Int32Array(pair.bytes.buffer)
    const kept = from === undefined ? one : this.#done('place a socket', this.sys.duplicateFrom(one, from))
    if (kept !== one) this.sys.close(one)
    new BigUint64Array(value.bytes.buffer)[0] = BigInt(this.keep(kept))
    this.keep(other)
    this.#done('take a socket into a map', this.bpf.update(map, key.at, value.at))
    return map
  }

  program(type: number, attachType: number, code: Uint8Array, name?: string): number {
    const program = this.bpf.load(type, attachType, code, name)
    if (typeof program !== 'number') throw this.#refusal('load the program', program)
    return this.keep(program)
  }

  attach(program: number, target: number, attachType: number): number {
    return this.keep(this.#done('attach the program', this.bpf.attach(program, target, attachType)))
  }

  /** It stays when this process is gone. */
  attachForGood(program: number, cgroup: number, attachType: number): void {
    this.#done('attach the program to a cgroup', this.bpf.attachForGood(program, cgroup, attachType))
  }

  /** Stops `build`. */
  refuse(why: string): never {
    throw new Refused(why)
  }

  keep(fd: number): number {
    this.#give.push(() => this.sys.close(fd))
    return fd
  }

  close(): void {
    for (const give of this.#give.splice(0).reverse()) give()
  }

  #done(what: string, result: number): number {
    if (result < 0) throw this.#refusal(what, result)
    return result
  }

  #refusal(what: string, result: Parameters<typeof refused>[1]): Refused {
    return new Refused(refused(what, result, this.since).why)
  }
}
