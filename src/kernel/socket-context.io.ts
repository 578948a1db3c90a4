/** What all sockets of one poller share: the buffer they read into, the blocks they queue in, and room for arguments. */
import type { Endpoint } from '../base/address.js'
import { BufferPool } from '../base/buffer-pool.js'
import type { Millis } from '../base/time.js'
import type { SocketRepair } from '../handoff/ports.js'
import {
  EINVAL,
  IPPROTO_TCP,
  MSG_TRUNC,
  SO_KEEPALIVE,
  SO_OOBINLINE,
  SOCK_NONBLOCK_CLOEXEC,
  SOL_SOCKET,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_NODELAY,
} from './constants.js'
import type { Libc } from './libc.io.js'
import type { Poller } from './poller.io.js'
import { decodeSockaddr, encodeSockaddr, SOCKADDR_BYTES_MAX } from './sockaddr.js'
import { addressOf, type Result, type Syscalls } from './syscalls.io.js'

/**
 * What one socket may read before the others have their turn: one call then takes it all. Four times 64 KiB cost a third
 * more time per byte on loopback; more than this gains nothing.
 */
const INBOX_BYTES = 256 * 1024
/** See `Sockets.inbox`. */
const HEADROOM_BYTES = 64
/** Lengths repeat, so views of the inbox are kept. */
const VIEWS = 1_024
const BLOCK_BYTES = 64 * 1024
const FREE_BLOCKS_MAX = 64
/** As libuv has it: after the idle time a probe each second, dead after ten. */
const KEEPALIVE_INTERVAL_S = 1
const KEEPALIVE_PROBES = 10

export class SocketContext {
  readonly sys: Syscalls
  readonly inboxBytes = INBOX_BYTES
  readonly blocks = new BufferPool(BLOCK_BYTES, FREE_BLOCKS_MAX)
  readonly inbox = new ArrayBuffer(HEADROOM_BYTES + INBOX_BYTES)
  readonly #inboxAt = addressOf(this.inbox)
  readonly #views: (Uint8Array | undefined)[] = new Array<undefined>(VIEWS).fill(undefined)
  readonly #name = new Uint8Array(new ArrayBuffer(SOCKADDR_BYTES_MAX))
  readonly #nameAt = addressOf(this.#name.buffer)
  readonly #words = new Int32Array(1)
  readonly #wordAt = addressOf(this.#words.buffer)

  constructor(
    readonly poller: Poller,
    readonly libc: Libc,
    /** `undefined`: sockets of this process cannot be read out and rebuilt. */
    readonly repair?: SocketRepair | undefined,
  ) {
    this.sys = poller.sys
  }

  /** Into the inbox: `chunk` shows it, until the next `read`. */
  read(fd: number): Result {
    return this.sys.read(fd, this.#inboxAt + HEADROOM_BYTES, INBOX_BYTES)
  }

  chunk(length: number): Uint8Array {
    const slot = length % VIEWS
    const kept = this.#views[slot]
    if (kept !== undefined && kept.byteLength === length) return kept
    const view = new Uint8Array(this.inbox, HEADROOM_BYTES, length)
    this.#views[slot] = view
    return view
  }

  /** What was just read goes out by its address, which is cheaper. */
  send(fd: number, chunk: Uint8Array): Result {
    if (chunk.buffer !== this.inbox) return this.sys.send(fd, chunk)
    return this.sys.sendAt(fd, this.#inboxAt + chunk.byteOffset, chunk.byteLength)
  }

  /** A new connection's descriptor; `acceptedFrom` says whose it is, until the next call. */
  accept(fd: number): Result {
    this.#words[0] = SOCKADDR_BYTES_MAX
    return this.sys.accept4(fd, this.#nameAt, this.#wordAt, SOCK_NONBLOCK_CLOEXEC)
  }

  /** A packet, or as much of it as `into` has room for; its whole length. `acceptedFrom` says from where. */
  receiveFrom(fd: number, into: Uint8Array): Result {
    this.#words[0] = SOCKADDR_BYTES_MAX
    return this.sys.receiveFrom(fd, into, MSG_TRUNC, this.#nameAt, this.#wordAt)
  }

  /** One packet. */
  sendTo(fd: number, packet: Uint8Array, to: Endpoint): Result {
    const length = encodeSockaddr(to, this.#name)
    return length === 0 ? -EINVAL : this.sys.sendTo(fd, packet, this.#nameAt, length)
  }

  acceptedFrom(): Endpoint | undefined {
    return decodeSockaddr(this.#name)
  }

  connect(fd: number, to: Endpoint): Result {
    const length = encodeSockaddr(to, this.#name)
    return length === 0 ? -EINVAL : this.sys.connect(fd, this.#nameAt, length)
  }

  bind(fd: number, at: Endpoint): Result {
    const length = encodeSockaddr(at, this.#name)
    return length === 0 ? -EINVAL : this.sys.bind(fd, this.#nameAt, length)
  }

  localOf(fd: number): Endpoint | undefined {
    this.#words[0] = SOCKADDR_BYTES_MAX
    return this.sys.getsockname(fd, this.#nameAt, this.#wordAt) === 0 ? decodeSockaddr(this.#name) : undefined
  }

  remoteOf(fd: number): Endpoint | undefined {
    this.#words[0] = SOCKADDR_BYTES_MAX
    return this.sys.getpeername(fd, this.#nameAt, this.#wordAt) === 0 ? decodeSockaddr(this.#name) : undefined
  }

  setOption(fd: number, level: number, option: number, value: number): Result {
    this.#words[0] = value
    return this.sys.setsockopt(fd, level, option, this.#wordAt, 4)
  }

  /** What every connection has; those accepted inherit it, and keepalive, from their listener. */
  setNoDelay(fd: number): void {
    this.setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1)
  }

  /** What an accepted socket has from its listener, and a rebuilt one from nobody; see front-door. */
  dress(fd: number, keepaliveMs: Millis): void {
    this.setNoDelay(fd)
    this.setOption(fd, SOL_SOCKET, SO_OOBINLINE, 1)
    this.setKeepalive(fd, keepaliveMs)
  }

  /** Failures leave the kernel's defaults. */
  setKeepalive(fd: number, keepaliveMs: Millis): void {
    this.setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1)
    this.setOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, Math.max(1, Math.floor(keepaliveMs / 1_000)))
    this.setOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S)
    this.setOption(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES)
  }
}
