import type { Endpoint as SocketAddress } from '../base/address.js'
import type { Millis } from '../base/time.js'

/**
 * The seam for speed: how a half talks to its TCP socket. Implemented on node:net (portable) and on system
 * calls (Linux); one compliance suite (test/kernel/endpoint-compliance.ts) tests them alike.
 *
 * Pressure: `write` answers `false` when bytes had to be kept in user space; the caller goes on only after `onDrain`.
 * `pause` stops reading, so that the kernel closes the sender's window and the pressure reaches the peer, not our heap.
 */
export type CloseCause =
  /** FIN went both ways, everything was written. */
  | 'ended'
  /** The peer sent RST, or its host said that nobody is there any more. */
  | 'reset'
  /** Nobody listens at the address dialled. */
  | 'refused'
  /** No route, no such host, address not usable here. */
  | 'unreachable'
  /** No answer within the limit, or keepalive gave up. */
  | 'timeout'
  /** This host is out of descriptors, ports or socket memory. */
  | 'exhausted'
  /** `reset` was called on this side. */
  | 'aborted'

export interface SocketHandler {
  /** A dialled connection stands. Never called for an accepted one. */
  onOpen(): void
  /** `chunk` is valid only during the call. Never called while paused, but for at most what `pause` came too late for. */
  onData(chunk: Uint8Array): void
  /**
   * Where the next bytes should be read to, because a part of what they belong to lies there already: then `onFilled` tells
   * how many came, instead of `onData`. `undefined`, and on engines that cannot do it: nowhere special.
   */
  room?(): Uint8Array | undefined
  onFilled?(length: number): void
  /** The peer's FIN, after its last byte. */
  onEnd(): void
  /** All that `write` had to keep is in the kernel. */
  onDrain(): void
  /** The last event, exactly once. `detail` is the system's own word (`ECONNREFUSED`), for logs. */
  onClose(cause: CloseCause, detail: string): void
}

export interface Socket {
  readonly fd: number
  readonly local: SocketAddress
  readonly remote: SocketAddress
  /**
   * To be called before the socket's first event can come: in the turn in which it was handed over. Again by whoever hands it on, from
   * within a call of the handler so far, which may get the rest of what was being read.
   */
  attach(handler: SocketHandler): void
  /** Takes all of `chunk`, copying what the kernel does not take. After `end` or the close it is dropped. */
  write(chunk: Uint8Array): boolean
  /** FIN after everything written. */
  end(): void
  /** RST at once; what is unsent is lost. */
  reset(): void
  /**
   * Closed at once without FIN and RST, where the system can do it and nothing waits to be written: the connection is to live
   * on elsewhere; a socket for which that cannot be done now is reset. Missing where it never can. `onClose` follows as after `reset`.
   */
  vanish?(): void
  /**
   * Reads all that the kernel has, at once and also where it is paused; nothing more comes in. Missing where that cannot be done.
   * `isGone`: nothing can come, its address has left this host.
   */
  readOut?(isGone: boolean): void
  /** What it tells its peer as the time (TSval, RFC 7323); missing, or `undefined`, where that is not known. */
  clock?(): number | undefined
  /** What is not in its kernel, for another process that goes on with it; `undefined`: it does not stand. Missing as `vanish` is. */
  carried?(): CarriedEnds | undefined
  pause(): void
  resume(): void
  /** Bytes taken by `write` that are not in the kernel yet. */
  queued(): number
  /**
   * Bytes in the kernel that the peer's TCP has not acknowledged (SIOCOUTQ), or `undefined` where that cannot be asked.
   * A FIN that is not acknowledged counts as one.
   */
  unacknowledged(): number | undefined
}

/** Of a socket that another process goes on with: what this one had not written yet, and which ends have passed. */
export interface CarriedEnds {
  readonly unsent: Uint8Array
  /** The peer's FIN was read. */
  readonly read: boolean
  /** `end` was called; and its FIN is in the kernel. */
  readonly ending: boolean
  readonly sent: boolean
}

export interface DialOptions {
  /** Source address; the port is the kernel's choice. */
  readonly from?: string | undefined
  /**
   * It is to seem to come from there, an address of another host; another port where that one is in use. How answers find back is not
   * the engine's business. The portable engine has no such sockets.
   */
  readonly as?: SocketAddress | undefined
  readonly connectMs: Millis
  readonly keepaliveMs: Millis
  /** It is to be as an accepted one is, whose every byte is counted. */
  readonly asAccepted?: boolean
}

export interface ListenOptions {
  readonly backlog: number
  readonly keepaliveMs: Millis
  /**
   * So many sockets at one address, among which the kernel deals out connections by their ends (SO_REUSEPORT); see `Listener.spare`. Where
   * another program has the address it is in use all the same. Not given: one.
   */
  readonly sockets?: number
}

export interface ListenHandler {
  onListening(at: SocketAddress): void
  /** A paused socket: it says nothing before `resume`. */
  onAccept(socket: Socket): void
  /** `fatal`: not listening (any more). Otherwise one connection was lost, such as to a full descriptor table. */
  onProblem(code: string, fatal: boolean): void
}

export interface Listener {
  /** Where a listener has one of its own. */
  readonly fd?: number
  close(): void
  /** As `close`, for all who share the socket; without it each closes its own, and the address is in use until the last has. */
  end?(): void
  /** Another descriptor of the listening socket, which the caller owns; a negative errno where there is none. */
  share?(): number
  /** One of the further sockets of `ListenOptions.sockets`, each once, which the caller owns; a negative number where there is none. */
  spare?(): number
}

/** Makes sockets. Failures come as `onClose` or `onProblem`, never as exceptions. */
export interface Sockets {
  /** `net` or `epoll`, for status and logs. */
  readonly engine: string
  /**
   * Where chunks lie that `onData` shows. At least 64 bytes before such a chunk, and whatever of it was used
   * already, may be overwritten during the call: with a header, which spares a copy.
   */
  readonly inbox?: ArrayBuffer
  dial(to: SocketAddress, options: DialOptions): Socket
  listen(at: SocketAddress, options: ListenOptions, handler: ListenHandler): Listener
  /**
   * Accepts on a socket that listens already, as whoever opened it has set it up; `fd` is the engine's from now on. `at` of
   * all addresses: each connection tells its own.
   */
  adoptListener?(fd: number, at: SocketAddress, handler: ListenHandler): Listener
  /** A connection that another process had; `fd` is the engine's from now on. */
  adoptCarried?(fd: number, ends: CarriedEnds, local: SocketAddress, remote: SocketAddress): Socket
  /** Of a connection that an adopted listener accepted, where it is to be another than the listener's. */
  setKeepalive?(socket: Socket, keepaliveMs: Millis): void
  /** Of a descriptor that came to be adopted and is not wanted: the socket itself is others' too, and stays as it is. */
  closeDescriptor?(fd: number): void
}
