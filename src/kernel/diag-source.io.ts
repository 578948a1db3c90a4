import os from 'node:os'

import koffi from 'koffi'

import { messageOf } from '../base/errors.js'
import {
  LISTENING_SOCKETS_MAX,
  type ListeningSocket,
  type SocketSource,
  type SourceProblem,
} from './listening-socket.js'
import { AF_INET, AF_INET6, decodeListenReply, encodeListenQuery } from './sock-diag.js'

const AF_NETLINK = 16
const NETLINK_SOCK_DIAG = 4
const SOCK_RAW_CLOEXEC = 3 | 0x80000
const MSG_DONTWAIT = 0x40
/** The kernel fills at most 32 KiB a datagram. */
const DATAGRAM_BYTES_MAX = 32 * 1024
const DATAGRAMS_MAX = 256

interface Calls {
  send(fd: number, bytes: Uint8Array): number
  receive(fd: number, into: Uint8Array): number
  close(fd: number): void
}

/** Asks the kernel's sock_diag: no privilege needed, and the cost is that of the listeners alone. */
export class DiagSource implements SocketSource {
  readonly name = 'sock_diag'
  readonly #datagram = new Uint8Array(DATAGRAM_BYTES_MAX)
  #sequence = 0

  private constructor(
    private readonly fd: number,
    private readonly calls: Calls,
  ) {}

  /** Or why it cannot be asked here: another system, no C library to call, a kernel or a sandbox that refuses. */
  static open(): DiagSource | SourceProblem {
    if (process.platform !== 'linux') return unsupported(`no sock_diag on ${process.platform}`)
    try {
      const library = koffi.load(null)
      const socket = library.func('int socket(int, int, int)')
      const send = library.func('long send(int, const void *, size_t, int)')
      const receive = library.func('long recv(int, void *, size_t, int)')
      const close = library.func('int close(int)')
      const fd: number = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG)
      if (fd < 0) return unsupported(`no netlink socket: ${errorName(koffi.errno())}`)
      const source = new DiagSource(fd, {
        send: (to, bytes) => send(to, bytes, bytes.byteLength, 0),
        receive: (from, into) => receive(from, into, into.byteLength, MSG_DONTWAIT),
        close: (which) => void close(which),
      })
      const first = source.look()
      if (!('code' in first) || first.code === 'too-many') return source
      source.close()
      return unsupported(first.why)
    } catch (error) {
      return unsupported(messageOf(error))
    }
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
    this.calls.close(this.fd)
  }

  #ask(family: number, into: ListeningSocket[]): SourceProblem | undefined {
    const sequence = ++this.#sequence
    if (this.calls.send(this.fd, encodeListenQuery(family, sequence)) < 0) return this.#failed('send')
    // Read to its end even when it is too long: the kernel takes no other question before.
    for (let datagrams = 0; datagrams < DATAGRAMS_MAX; datagrams++) {
      // The kernel writes each part of the answer when the one before is read: never EAGAIN before DONE.
      const length = this.calls.receive(this.fd, this.#datagram)
      if (length < 0) return this.#failed('recv')
      const reply = decodeListenReply(this.#datagram.subarray(0, length), sequence)
      if (reply.errno !== undefined) return { code: 'unreadable', why: `sock_diag says ${errorName(reply.errno)}` }
      if (into.length < LISTENING_SOCKETS_MAX) into.push(...reply.sockets)
      if (reply.done) return into.length < LISTENING_SOCKETS_MAX ? undefined : tooMany(into.length)
    }
    return tooMany(into.length)
  }

  #failed(call: string): SourceProblem {
    return { code: 'unreadable', why: `sock_diag: ${call} failed with ${errorName(koffi.errno())}` }
  }
}

function tooMany(seen: number): SourceProblem {
  return { code: 'too-many', why: `${seen} listening sockets or more, the limit is ${LISTENING_SOCKETS_MAX}` }
}

function unsupported(why: string): SourceProblem {
  return { code: 'unsupported', why }
}

function errorName(errno: number): string {
  return Object.entries(os.constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`
}
