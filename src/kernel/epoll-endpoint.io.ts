/**
 * Sockets on system calls through FFI: the fast engine, for Linux. Against node:net it copies only what the kernel does
 * not take, notices an RST also while it does not read, and hands listeners and connections to other threads.
 */
import { type Endpoint, isIpv6 } from '../base/address.js'
import type { Clock } from '../base/clock.js'
import type { Millis } from '../base/time.js'
import type { FormerEnds, OnSegment, RepairPlans, SocketRepair } from '../handoff/ports.js'
import type {
  CarriedEnds,
  CloseCause,
  DialOptions,
  ListenHandler,
  ListenOptions,
  Socket,
  Sockets,
} from '../proxy/ports.js'
import {
  AF_INET,
  AF_INET6,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EINPROGRESS,
  IP_BIND_ADDRESS_NO_PORT,
  IP_TRANSPARENT,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_TRANSPARENT,
  IPV6_V6ONLY,
  SO_MARK,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_STREAM_NONBLOCK_CLOEXEC,
  SOL_SOCKET,
} from './constants.js'
import { EpollListener } from './epoll-listener.io.js'
import { EpollSocket } from './epoll-socket.io.js'
import { loadLibc } from './libc.io.js'
import { Poller, type PollerOwner } from './poller.io.js'
import { type DescriptorRecord, recorded } from './recorded-syscalls.io.js'
import { KernelRepair } from './repair.io.js'
import { mayRepair } from './repair-right.io.js'
import { SocketContext } from './socket-context.io.js'
import { CLIENT_MARK } from './source-way.js'
import { loadSyscalls } from './syscalls.io.js'
import { Tap } from './tap.io.js'

export interface EngineExtras {
  /** With them, and the right to it, sockets can be read out and rebuilt. */
  readonly plans?: RepairPlans | undefined
  /** Told of every descriptor. */
  readonly record?: DescriptorRecord | undefined
}

export interface EpollEngine {
  /** Sockets that live by the turns of `poller`. */
  make(clock: Clock, owner: PollerOwner, extras?: EngineExtras): EpollSockets
  /** Ends another thread's wait on its `Poller.wakeFd`. */
  wake(fd: number): void
}

/** For these the numbers in constants.ts hold. */
const ARCHITECTURES = ['x64', 'arm64']

export function loadEpoll(): EpollEngine | { readonly why: string } {
  if (!ARCHITECTURES.includes(process.arch)) return { why: `system calls of ${process.arch} are not known here` }
  const sys = loadSyscalls()
  if ('why' in sys) return sys
  const libc = loadLibc()
  if ('why' in libc) return libc
  return {
    make: (clock, owner, { plans, record } = {}) => {
      const calls = record === undefined ? sys : recorded(sys, record)
      const repair = plans !== undefined && mayRepair() === '' ? new KernelRepair(calls, plans) : undefined
      return new EpollSockets(new SocketContext(new Poller(calls, clock, owner), libc, repair))
    },
    wake: (fd) => void sys.signal(fd),
  }
}

export class EpollSockets implements Sockets {
  readonly engine = 'epoll'
  readonly inbox: ArrayBuffer
  readonly poller: Poller

  constructor(private readonly context: SocketContext) {
    this.inbox = context.inbox
    this.poller = context.poller
  }

  dial(to: Endpoint, options: DialOptions): Socket {
    const { context } = this
    const fd = this.#open(to)
    const socket = new EpollSocket(context, fd, to, 'connecting')
    if (fd < 0) return failed(socket, fd)
    if (options.asAccepted === true) context.dress(fd, options.keepaliveMs)
    else socket.isDelaying = true
    const { as } = options
    const bound = as === undefined ? this.#bindFrom(fd, to, options.from) : bindAs(context, fd, as)
    if (bound < 0) return failed(socket, bound)
    const result = context.connect(fd, to)
    if (result === -EADDRNOTAVAIL && as !== undefined && as.port !== 0) {
      // The client is here twice, by two services: the later one has another port.
      context.sys.close(fd)
      return this.dial(to, { ...options, as: { ...as, port: 0 } })
    }
    // From `bind` it would say that the address is not ours.
    if (result === -EADDRNOTAVAIL) return failed(socket, result, 'exhausted')
    if (result < 0 && result !== -EINPROGRESS) return failed(socket, result)
    socket.keepaliveMs = options.keepaliveMs
    context.poller.setAlarm(socket, options.connectMs)
    socket.watch()
    return socket
  }

  listen(at: Endpoint, options: ListenOptions, handler: ListenHandler): EpollListener {
    const { context } = this
    const { backlog, sockets = 1 } = options
    const fd = this.#bound(at, options.keepaliveMs, false)
    if (fd < 0) return new EpollListener(context, fd, at, handler)
    const port = at.port === 0 ? (context.localOf(fd)?.port ?? 0) : at.port
    const here = { address: at.address, port }
    // Not before it is bound: an address that others have is not to be shared with them.
    if (sockets > 1) context.setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1)
    const result = context.sys.listen(fd, backlog)
    if (result < 0) {
      context.sys.close(fd)
      return new EpollListener(context, result, at, handler)
    }
    const spares = Array.from({ length: sockets - 1 }, () => this.#spare(here, options)).filter((spare) => spare >= 0)
    return new EpollListener(context, fd, here, handler, spares)
  }

  /** Accepts from a queue that `EpollListener.share` gave; `fd` is this listener's from now on. */
  adoptListener(fd: number, at: Endpoint, handler: ListenHandler): EpollListener {
    return new EpollListener(this.context, fd, at, handler)
  }

  #spare(at: Endpoint, { backlog, keepaliveMs }: ListenOptions): number {
    const { sys } = this.context
    const fd = this.#bound(at, keepaliveMs, true)
    const result = fd < 0 ? fd : sys.listen(fd, backlog)
    if (fd >= 0 && result < 0) sys.close(fd)
    return result < 0 ? result : fd
  }

  /** A descriptor, or a negative errno. */
  #bound(at: Endpoint, keepaliveMs: Millis, isShared: boolean): number {
    const { context } = this
    const fd = this.#open(at)
    if (fd < 0) return fd
    context.setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1)
    if (isShared) context.setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1)
    if (isIpv6(at.address)) context.setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)
    // Before the first connection, which inherits them.
    context.dress(fd, keepaliveMs)
    const result = context.bind(fd, at)
    if (result >= 0) return fd
    context.sys.close(fd)
    return result
  }

  setKeepalive(socket: Socket, keepaliveMs: Millis): void {
    if (socket.fd >= 0) this.context.setKeepalive(socket.fd, keepaliveMs)
  }

  closeDescriptor(fd: number): void {
    this.context.sys.close(fd)
  }

  /**
   * A connection's descriptor, to be adopted elsewhere: unread bytes are in the kernel, and nothing more is heard here.
   * `undefined`: it does not stand, was ended here, or has bytes that the kernel did not take. A FIN that was
   * read is read there again.
   */
  release(socket: Socket): number | undefined {
    return socket instanceof EpollSocket ? socket.release() : undefined
  }

  /** Paused; `fd` is this socket's from now on. */
  adoptSocket(fd: number): Socket {
    const remote = this.context.remoteOf(fd)
    const socket = new EpollSocket(this.context, fd, remote ?? { address: '0.0.0.0', port: 0 }, 'open')
    socket.watch()
    return socket
  }

  /** Paused; what was unsent goes first. */
  adoptCarried(fd: number, ends: CarriedEnds, local: Endpoint, remote: Endpoint): Socket {
    const socket = new EpollSocket(this.context, fd, remote, 'open', local)
    socket.ended(ends)
    socket.watch()
    socket.write(ends.unsent)
    if (ends.ending) socket.end()
    return socket
  }

  /** A connection of a lane that has died, as it is in the kernel: paused; `fd` is this socket's from now on. */
  adoptStanding(fd: number, local: Endpoint, remote: Endpoint, ends: FormerEnds): EpollSocket {
    const socket = new EpollSocket(this.context, fd, remote, 'open', local)
    socket.watch()
    socket.ended(ends)
    return socket
  }

  /** What reads sockets out and rebuilds them; `undefined`: this process may not. */
  get repair(): SocketRepair | undefined {
    return this.context.repair
  }

  /** Shows what clients send to an address; `close` ends it. */
  tap(address: string, onSegment: OnSegment): Tap | { readonly why: string } {
    return Tap.open(address, this.context, onSegment)
  }

  /** A connection that `SocketRepair.restore` has made; `fd` is this socket's from now on. */
  adoptFrozen(fd: number, local: Endpoint, remote: Endpoint, keepaliveMs: Millis, ends: FormerEnds): EpollSocket {
    const socket = new EpollSocket(this.context, fd, remote, 'frozen', local)
    socket.rebuiltKeepaliveMs = keepaliveMs
    this.context.dress(fd, keepaliveMs)
    socket.ended(ends)
    return socket
  }

  #bindFrom(fd: number, to: Endpoint, from: string | undefined): number {
    // To an address of this host the kernel goes from that very address by itself.
    if (from === undefined || from === to.address) return 0
    // The port is chosen at connect, when the peer is known: one port serves connections to many peers.
    this.context.setOption(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    return this.context.bind(fd, { address: from, port: 0 })
  }

  #open({ address }: Endpoint): number {
    return this.context.sys.socket(isIpv6(address) ? AF_INET6 : AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC)
  }
}

/** Its port is the client's if that is free here. */
function bindAs(context: SocketContext, fd: number, as: Endpoint): number {
  const isV6 = isIpv6(as.address)
  const transparent = isV6
    ? context.setOption(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
    : context.setOption(fd, IPPROTO_IP, IP_TRANSPARENT, 1)
  if (transparent < 0) return transparent
  const marked = context.setOption(fd, SOL_SOCKET, SO_MARK, CLIENT_MARK)
  if (marked < 0) return marked
  // Of a client that comes again from the same port, the connection before may be in TIME_WAIT.
  context.setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1)
  const bound = context.bind(fd, as)
  if (bound !== -EADDRINUSE) return bound
  context.setOption(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
  return context.bind(fd, { ...as, port: 0 })
}

function failed(socket: EpollSocket, result: number, cause?: CloseCause): EpollSocket {
  socket.failLater(-result, cause)
  return socket
}
