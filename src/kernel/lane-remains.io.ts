/**
 * The descriptors of a lane whose heap is gone: they belong to the process, and its kernel goes on with them. Connections of
 * clients stay as they are, for another lane; what else there is ends as its peer should hear of it.
 */
import type { Endpoint } from '../base/address.js'
import { IPPROTO_TCP, SO_ACCEPTCONN, SO_LINGER, SOL_SOCKET, TCP_REPAIR } from './constants.js'
import { REPAIR_ON } from './repair-calls.io.js'
import { decodeSockaddr, SOCKADDR_BYTES_MAX } from './sockaddr.js'
import { addressOf, loadSyscalls, type Syscalls } from './syscalls.io.js'

export interface ClientRemains {
  readonly fd: number
  readonly client: Endpoint
  readonly destination: Endpoint
}

export interface Remains {
  /** Still open. */
  readonly clients: readonly ClientRemains[]
  /** Links to other nodes: what they were given is on its way, and FIN behind it. To be closed a little later. */
  readonly links: readonly number[]
  /** Programs of this host that were reset. */
  readonly programs: number
}

export interface Sorting {
  /** Of a client: its connection is to live on here; or on another node, and is closed without a word; or it is none. */
  clientAt(destination: Endpoint): 'keep' | 'silence' | undefined
  isLink(local: Endpoint, remote: Endpoint): boolean
}

export class RemainsSorter {
  readonly #name = new Uint8Array(new ArrayBuffer(SOCKADDR_BYTES_MAX))
  readonly #nameAt = addressOf(this.#name.buffer)
  /** A value, its length, and a `struct linger` of on and nothing. */
  readonly #words = new Int32Array([0, 0, 1, 0])
  readonly #at = addressOf(this.#words.buffer)

  private constructor(private readonly sys: Syscalls) {}

  static open(): RemainsSorter | { readonly why: string } {
    const sys = loadSyscalls()
    return 'why' in sys ? sys : new RemainsSorter(sys)
  }

  sort(fds: readonly number[], { clientAt, isLink }: Sorting): Remains {
    const clients: ClientRemains[] = []
    const links: number[] = []
    let programs = 0
    for (const fd of fds) {
      const [local, remote] = this.#isListening(fd) ? [] : [this.#local(fd), this.#remote(fd)]
      const fate = local === undefined ? undefined : clientAt(local)
      if (local === undefined || remote === undefined) this.sys.close(fd)
      else if (fate === 'keep') clients.push({ fd, client: remote, destination: local })
      else if (fate === 'silence') {
        this.silence(fd)
        this.sys.close(fd)
      } else if (isLink(local, remote)) {
        this.sys.shutdownWrite(fd)
        links.push(fd)
      } else {
        programs++
        this.sys.setsockopt(fd, SOL_SOCKET, SO_LINGER, this.#at + 8, 8)
        this.sys.close(fd)
      }
    }
    return { clients, links, programs }
  }

  /** Whatever of these is a connection at one of the addresses says no more word, however it is closed. */
  silenceAt(addresses: ReadonlySet<string>, fds: readonly number[]): void {
    for (const fd of fds) if (addresses.has(this.#local(fd)?.address ?? '')) this.silence(fd)
  }

  silence(fd: number): void {
    this.#words[0] = REPAIR_ON
    this.sys.setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, this.#at, 4)
  }

  close(fds: readonly number[]): void {
    for (const fd of fds) this.sys.close(fd)
  }

  #isListening(fd: number): boolean {
    this.#words[1] = 4
    return this.sys.getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, this.#at, this.#at + 4) === 0 && this.#words[0] === 1
  }

  /** `undefined`: it is no socket of the internet. */
  #local(fd: number): Endpoint | undefined {
    this.#words[0] = SOCKADDR_BYTES_MAX
    return this.sys.getsockname(fd, this.#nameAt, this.#at) === 0 ? decodeSockaddr(this.#name) : undefined
  }

  #remote(fd: number): Endpoint | undefined {
    this.#words[0] = SOCKADDR_BYTES_MAX
    return this.sys.getpeername(fd, this.#nameAt, this.#at) === 0 ? decodeSockaddr(this.#name) : undefined
  }
}
