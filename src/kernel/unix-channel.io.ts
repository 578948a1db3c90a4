/**
 * Two processes of one host, by a unix socket: frames with descriptors beside them (SCM_RIGHTS, unix(7)). Calls wait for the other
 * side, at most as long as they are told: whoever hands a process over has nothing else to do meanwhile.
 *
 *   frame   kind u8 ‖ descriptors u8 ‖ 0 u16 ‖ length u32 ‖ bytes
 *
 * The header goes out in one message, and with it the descriptors: the kernel never joins two messages that have some.
 */
import { ByteReader, ByteWriter, utf8 } from '../base/bytes.js'
import { EAGAIN, EINTR, MSG_NOSIGNAL, MSG_PEEK_DONTWAIT, SOL_SOCKET } from './constants.js'
import { errorName } from './control-calls.io.js'
import { addressOf, loadSyscalls, type Syscalls } from './syscalls.io.js'

const AF_UNIX = 1
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000
const SO_PEERCRED = 17
const SO_RCVTIMEO = 20
const SO_SNDTIMEO = 21
const SCM_RIGHTS = 1
const SHUT_RD = 0
const MSG_CTRUNC = 0x8
const MSG_WAITALL = 0x100
const MSG_DONTWAIT = 0x40
const MSG_CMSG_CLOEXEC = 0x4000_0000
/** Too many descriptors of this user are on their way: it passes when the other side has read. */
const ETOOMANYREFS = 109
const PATH_BYTES_MAX = 107
const HEADER_BYTES = 8
/** SCM_MAX_FD (include/net/scm.h). */
export const FDS_MAX = 253
/** A splice's row has at most some tens of megabytes. */
const FRAME_BYTES_MAX = 256 * 2 ** 20
/** struct msghdr, struct iovec and struct cmsghdr where a pointer has 64 bits. */
const MSGHDR_BYTES = 56
const CMSGHDR_BYTES = 16
const RETRY_MS = 1
/** Of a frame whose header is there. */
const REST_MS_MAX = 100

export interface Frame {
  readonly kind: number
  readonly bytes: Uint8Array
  readonly fds: readonly number[]
}

export interface ChannelProblem {
  readonly errno: number
  readonly why: string
  /** Nothing more will come. */
  readonly isEnd?: boolean
}

export interface PeerProcess {
  readonly pid: number
  readonly uid: number
}

/** A listening socket for one connection. */
export class UnixListener {
  private constructor(
    private readonly sys: Syscalls,
    private readonly fd: number,
  ) {}

  static open(path: string): UnixListener | ChannelProblem {
    const sys = loadSyscalls()
    if ('why' in sys) return { errno: 0, why: sys.why }
    const fd = sys.socket(AF_UNIX, SOCK_STREAM_CLOEXEC)
    if (fd < 0) return problem('no unix socket', fd)
    const name = sockaddrOf(path)
    const bound = name === undefined ? -36 : sys.bind(fd, addressOf(name), name.byteLength)
    const result = bound < 0 ? bound : sys.listen(fd, 1)
    if (result >= 0) return new UnixListener(sys, fd)
    sys.close(fd)
    return problem(`cannot listen on ${path}`, result)
  }

  accept(limitMs: number): UnixChannel | ChannelProblem {
    setTimeouts(this.sys, this.fd, limitMs)
    const fd = retried(() => this.sys.accept4(this.fd, 0, 0, 0o2000000))
    return fd < 0 ? problem('nobody came', fd) : new UnixChannel(this.sys, fd)
  }

  close(): void {
    this.sys.close(this.fd)
  }
}

export class UnixChannel {
  readonly #header = new Uint8Array(new ArrayBuffer(HEADER_BYTES))
  readonly #headerAt = addressOf(this.#header.buffer)
  readonly #control = new Uint8Array(new ArrayBuffer(CMSGHDR_BYTES + 4 * (FDS_MAX + 1)))
  readonly #controlAt = addressOf(this.#control.buffer)
  readonly #message = new ArrayBuffer(MSGHDR_BYTES + 16)
  readonly #messageAt = addressOf(this.#message)

  constructor(
    private readonly sys: Syscalls,
    private readonly fd: number,
  ) {}

  static connect(path: string, limitMs: number): UnixChannel | ChannelProblem {
    const sys = loadSyscalls()
    if ('why' in sys) return { errno: 0, why: sys.why }
    const fd = sys.socket(AF_UNIX, SOCK_STREAM_CLOEXEC)
    if (fd < 0) return problem('no unix socket', fd)
    setTimeouts(sys, fd, limitMs)
    const name = sockaddrOf(path)
    const result = name === undefined ? -36 : sys.connect(fd, addressOf(name), name.byteLength)
    if (result >= 0) return new UnixChannel(sys, fd)
    sys.close(fd)
    return problem(`cannot connect to ${path}`, result)
  }

  /** Who is at the other end, as the kernel says. */
  get peer(): PeerProcess {
    const words = new Int32Array(4)
    const at = addressOf(words.buffer)
    words[3] = 12
    this.sys.getsockopt(this.fd, SOL_SOCKET, SO_PEERCRED, at, at + 12)
    return { pid: words[0] ?? 0, uid: words[1] ?? -1 }
  }

  send(kind: number, bytes: Uint8Array, fds: readonly number[], limitMs: number): ChannelProblem | undefined {
    const { sys } = this
    setTimeouts(sys, this.fd, limitMs)
    this.#header.set(new ByteWriter(HEADER_BYTES).u8(kind).u8(fds.length).u16(0).u32(bytes.byteLength).finish())
    const control = fds.length === 0 ? 0 : CMSGHDR_BYTES + 4 * fds.length
    if (control > 0) {
      const writer = new ByteWriter(control).u64(control).u32(SOL_SOCKET).u32(SCM_RIGHTS)
      for (const fd of fds) writer.u32(fd)
      this.#control.set(writer.finish())
    }
    this.#prepare(control)
    const sent = retried(() => sys.sendMessage(this.fd, this.#messageAt, MSG_NOSIGNAL), limitMs)
    if (sent !== HEADER_BYTES) return problem('cannot send', sent)
    for (let at = 0; at < bytes.byteLength; ) {
      const result = retried(() => sys.send(this.fd, bytes.subarray(at)), limitMs)
      if (result <= 0) return problem('cannot send', result)
      at += result
    }
    return undefined
  }

  /** With 0 it does not wait for a frame, only for the rest of one that has begun. */
  receive(limitMs: number): Frame | ChannelProblem {
    const { sys } = this
    setTimeouts(sys, this.fd, limitMs || REST_MS_MAX)
    this.#prepare(this.#control.byteLength)
    const flags = MSG_CMSG_CLOEXEC | MSG_WAITALL | (limitMs === 0 ? MSG_DONTWAIT : 0)
    const result = retried(() => sys.receiveMessage(this.fd, this.#messageAt, flags))
    const fds = result < 0 ? [] : this.#received()
    if (result !== HEADER_BYTES) return this.#failed(fds, result < 0 ? result : 0, 'the other process is gone')
    const reader = new ByteReader(this.#header)
    const [kind, count, , length] = [reader.u8(), reader.u8(), reader.u16(), reader.u32()]
    if (count !== fds.length) {
      const why = `${count} descriptors were sent and ${fds.length} came: this process may not open so many (ulimit -n)`
      return this.#failed(fds, 0, why)
    }
    if (length > FRAME_BYTES_MAX) return this.#failed(fds, 0, `a frame of ${length} bytes`)
    const bytes = new Uint8Array(new ArrayBuffer(length))
    for (let at = 0; at < length; ) {
      const got = retried(() => sys.receive(this.fd, bytes.subarray(at), MSG_WAITALL))
      if (got <= 0) return this.#failed(fds, got, 'the other process is gone')
      at += got
    }
    return { kind, bytes, fds }
  }

  /** The other process is gone, and has left nothing to receive. */
  get isEnded(): boolean {
    return this.sys.receive(this.fd, new Uint8Array(new ArrayBuffer(1)), MSG_PEEK_DONTWAIT) === 0
  }

  /** What the other side sends from now on fails there; what it had sent can still be received. */
  shutdownRead(): void {
    this.sys.shutdown(this.fd, SHUT_RD)
  }

  close(): void {
    this.sys.close(this.fd)
  }

  #prepare(controlBytes: number): void {
    const view = new DataView(this.#message)
    view.setBigUint64(0, 0n, true)
    view.setBigUint64(8, 0n, true)
    view.setBigUint64(16, BigInt(this.#messageAt + MSGHDR_BYTES), true)
    view.setBigUint64(24, 1n, true)
    view.setBigUint64(32, BigInt(controlBytes === 0 ? 0 : this.#controlAt), true)
    view.setBigUint64(40, BigInt(controlBytes), true)
    view.setBigUint64(48, 0n, true)
    view.setBigUint64(56, BigInt(this.#headerAt), true)
    view.setBigUint64(64, BigInt(HEADER_BYTES), true)
  }

  #received(): number[] {
    const view = new DataView(this.#message)
    const length = Number(view.getBigUint64(40, true))
    const reader = new ByteReader(this.#control.subarray(0, length))
    const end = reader.u64()
    const [level, type] = [reader.u32(), reader.u32()]
    if (reader.failed || level !== SOL_SOCKET || type !== SCM_RIGHTS || (view.getInt32(48, true) & MSG_CTRUNC) !== 0) {
      // Those that came all the same are closed with the count that does not fit.
      if (reader.failed || level !== SOL_SOCKET) return []
    }
    return Array.from({ length: Math.floor((end - CMSGHDR_BYTES) / 4) }, () => reader.u32())
  }

  #failed(fds: readonly number[], result: number, why: string): ChannelProblem {
    for (const fd of fds) this.sys.close(fd)
    return result < 0 ? problem('cannot receive', result) : { errno: 0, why, isEnd: true }
  }
}

function sockaddrOf(path: string): ArrayBuffer | undefined {
  const bytes = utf8(path)
  if (bytes.byteLength > PATH_BYTES_MAX) return undefined
  const name = new Uint8Array(new ArrayBuffer(2 + bytes.byteLength + 1))
  name.set(new ByteWriter(2).u16(AF_UNIX).finish())
  name.set(bytes, 2)
  return name.buffer
}

function setTimeouts(sys: Syscalls, fd: number, limitMs: number): void {
  const time = new BigInt64Array([
    BigInt(Math.floor(limitMs / 1_000)),
    BigInt(Math.floor(limitMs % 1_000) * 1_000 || 1),
  ])
  const at = addressOf(time.buffer)
  for (const option of [SO_RCVTIMEO, SO_SNDTIMEO]) sys.setsockopt(fd, SOL_SOCKET, option, at, 16)
}

/** A signal may come in between; and what passes by itself is waited for, as long as it may take. */
function retried(call: () => number, limitMs = 0): number {
  const words = new Int32Array(new SharedArrayBuffer(4))
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    const result = call()
    if (result === -EINTR) continue
    if (result !== -ETOOMANYREFS || waitedMs >= limitMs) return result
    Atomics.wait(words, 0, 0, RETRY_MS)
  }
}

function problem(what: string, result: number): ChannelProblem {
  return {
    errno: -result,
    isEnd: result !== -EAGAIN,
    why: `${what}: ${result === -EAGAIN ? 'nothing happened in time' : errorName(result)}`,
  }
}
