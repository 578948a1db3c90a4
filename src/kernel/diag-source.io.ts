import os from 'node:os'

import { AF_INET, AF_INET6, SOCK_NONBLOCK_CLOEXEC } from './constants.js'
import {
  LISTENING_SOCKETS_MAX,
  type ListeningSocket,
  type SocketSource,
  type SourceProblem,
  tooManySockets,
} from './listening-socket.js'
import { decodeListenReply, encodeListenQuery } from './sock-diag.js'
import { addressOf, loadSyscalls, type Result, type Syscalls } from './syscalls.io.js'

const AF_NETLINK = 16
const NETLINK_SOCK_DIAG = 4
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | SOCK_NONBLOCK_CLOEXEC
/** The kernel fills at most 32 KiB a datagram. */
const DATAGRAM_BYTES_MAX = 32 * 1024
const DATAGRAMS_MAX = 256

/** Asks the kernel's sock_diag: no privilege needed, and the cost is that of the listeners alone. */
export class DiagSource implements SocketSource {
  readonly name = 'sock_diag'
  readonly #datagram = new Uint8Array(new ArrayBuffer(DATAGRAM_BYTES_MAX))
  readonly #datagramAt = addressOf(this.#datagram.buffer)
  #sequence = 0

  private constructor(
    private readonly fd: number,
    private readonly sys: Syscalls,
  ) {}

  /** Or why it cannot be asked here: another system, no C library to call, a kernel or a sandbox that refuses. */
  static open(): DiagSource | SourceProblem {
    const sys = loadSyscalls()
    if ('why' in sys) return unsupported(sys.why)
    const fd = sys.socket(AF_NETLINK, SOCK_RAW_NONBLOCK_CLOEXEC, NETLINK_SOCK_DIAG)
    if (fd < 0) return unsupported(`no netlink socket: ${errorName(-fd)}`)
    const source = new DiagSource(fd, sys)
    const first = source.look()
    if (!('code' in first) || first.code === 'too-many') return source
    source.close()
    return unsupported(first.why)
  }

  look(): readonly ListeningSocket[] | SourceProblem {
    const sockets: ListeningSocket[] = []
    for (const family of [AF_INET, AF_INET6]) {
      const problem = this.#ask(family, sockets)
      if (problem !== undefined) return problem
    }
    return sockets
  }

  close(): void {
    this.sys.close(this.fd)
  }

  #ask(family: number, into: ListeningSocket[]): SourceProblem | undefined {
    const sequence = ++this.#sequence
    const sent = this.sys.send(this.fd, encodeListenQuery(family, sequence))
    if (sent < 0) return failed('send', sent)
    // Read to its end even when it is too long: the kernel takes no other question before.
    for (let datagrams = 0; datagrams < DATAGRAMS_MAX; datagrams++) {
      // The kernel writes each part of the answer when the one before is read: never EAGAIN before DONE.
      const length = this.sys.read(this.fd, this.#datagramAt, DATAGRAM_BYTES_MAX)
      if (length < 0) return failed('read', length)
      const reply = decodeListenReply(this.#datagram.subarray(0, length), sequence)
      if (reply.errno !== undefined) return { code: 'unreadable', why: `sock_diag says ${errorName(reply.errno)}` }
      if (into.length < LISTENING_SOCKETS_MAX) into.push(...reply.sockets)
      if (reply.done) return into.length < LISTENING_SOCKETS_MAX ? undefined : tooManySockets(into)
    }
    return tooManySockets(into)
  }
}

function failed(call: string, result: Result): SourceProblem {
  return { code: 'unreadable', why: `sock_diag: ${call} failed with ${errorName(-result)}` }
}

function unsupported(why: string): SourceProblem {
  return { code: 'unsupported', why }
}

function errorName(errno: number): string {
  return Object.entries(os.constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`
}
