/**
 * Reads the lines of /proc/net/tcp and tcp6 (proc(5); printed by `get_tcp4_sock` and `get_tcp6_sock` in the kernel):
 *
 *     0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 1000 0 34567 …
 *
 * An address is printed as 32-bit words in the byte order of the host, which is little-endian here.
 */
import { formatIp } from '../base/address.js'
import { fromHex } from '../base/bytes.js'
import { LISTENING_SOCKETS_MAX, type ListeningSocket } from './listening-socket.js'

const LISTEN = '0A'
const LINE_CHARS_MAX = 512

/** Slot, local address and port, remote end, state, queues, timer, retransmissions, uid, time-out, inode. */
const LINE =
  /^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) \S+ \S+ \S+ +(\d{1,10}) +\d+ +(\d{1,15})(?: |$)/

export interface SocketLine extends ListeningSocket {
  /** Two hexadecimal digits, numbered as in the kernel's `tcp_states.h`. */
  readonly state: string
}

/** `undefined` for a line that is no socket: the heading, or a damaged one. */
export function parseSocketLine(line: string): SocketLine | undefined {
  const match = LINE.exec(line)
  if (match === null) return undefined
  const [, address = '', port = '', state = '', uid, inode] = match
  return {
    address: formatIp(networkOrder(fromHex(address))),
    port: Number.parseInt(port, 16),
    state,
    uid: Number(uid),
    inode: Number(inode),
  }
}

/**
 * Collects the listening sockets from the text of one table, chunk by chunk. The kernel lists all sockets in LISTEN before
 * all others (`tcp_seek_last_pos`), so the first other line ends it, however many connections follow.
 */
export class ListenScan {
  readonly sockets: ListeningSocket[] = []
  #rest = ''
  #ended = false

  /** Nothing that follows can matter. */
  get ended(): boolean {
    return this.#ended
  }

  push(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n')
    // A line that never ends is none of the kernel's.
    this.#rest = (lines.pop() ?? '').slice(0, LINE_CHARS_MAX)
    for (const line of lines) {
      if (this.#ended) return
      this.#take(line)
    }
  }

  #take(line: string): void {
    const parsed = parseSocketLine(line)
    if (parsed === undefined) return
    const { state, ...socket } = parsed
    if (state !== LISTEN || this.sockets.length === LISTENING_SOCKETS_MAX) this.#ended = true
    else this.sockets.push(socket)
  }
}

function networkOrder(words: Uint8Array): Uint8Array {
  return words.map((_, i) => words[i ^ 3] as number)
}
