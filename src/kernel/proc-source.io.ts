import { closeSync, openSync, readSync } from 'node:fs'
import path from 'node:path'

import { errnoOf, messageOf } from '../base/errors.js'
import {
  LISTENING_SOCKETS_MAX,
  type ListeningSocket,
  type SocketSource,
  type SourceProblem,
  tooManySockets,
} from './listening-socket.js'
import { ListenScan } from './proc-net-tcp.js'

const CHUNK_BYTES = 64 * 1024

/**
 * The text tables of /proc. Independent of the number of connections, but not cheap: after the last listener the kernel
 * looks for the first connection, through all of its empty hash buckets (3 ms a table for 262,144 buckets, on a host
 * without connections). Where sock_diag can be asked, ask that.
 *
 * The files are opened once, so that a look needs no descriptor, and read from the start each time.
 */
export class ProcSource implements SocketSource {
  readonly name = 'proc'
  readonly #buffer = Buffer.alloc(CHUNK_BYTES)
  readonly #open = new Map<string, number>()

  constructor(private readonly procFolder = '/proc') {}

  look(): readonly ListeningSocket[] | SourceProblem {
    try {
      const sockets = this.#scan('tcp')
      if (sockets === undefined) return { code: 'unsupported', why: `there is no ${this.#file('tcp')} on this system` }
      // A kernel without IPv6 has no tcp6.
      const all = [...sockets, ...(this.#scan('tcp6') ?? [])]
      if (all.length < LISTENING_SOCKETS_MAX) return all
      return tooManySockets(all)
    } catch (error) {
      return { code: 'unreadable', why: messageOf(error) }
    }
  }

  close(): void {
    for (const fd of this.#open.values()) closeSync(fd)
    this.#open.clear()
  }

  #scan(table: string): ListeningSocket[] | undefined {
    const fd = this.#descriptor(table)
    if (fd === undefined) return undefined
    const scan = new ListenScan()
    for (let at = 0; !scan.ended; ) {
      const length = readSync(fd, this.#buffer, 0, CHUNK_BYTES, at)
      if (length === 0) break
      at += length
      scan.push(this.#buffer.toString('latin1', 0, length))
    }
    return scan.sockets
  }

  #descriptor(table: string): number | undefined {
    const known = this.#open.get(table)
    if (known !== undefined) return known
    try {
      const fd = openSync(this.#file(table), 'r')
      this.#open.set(table, fd)
      return fd
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  #file(table: string): string {
    return path.join(this.procFolder, 'net', table)
  }
}
