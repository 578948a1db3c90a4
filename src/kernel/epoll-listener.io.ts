/**
 * A listening socket. Level-triggered and exclusive, so that pollers which share one wake each other as little as the
 * kernel can manage; what is left in its queue after one turn's share is reported again.
 */
import { getSystemErrorName } from 'node:util'

import { type Endpoint, isWildcard } from '../base/address.js'
import type { Millis } from '../base/time.js'
import type { Listener, ListenHandler } from '../proxy/ports.js'
import { EAGAIN, ECONNABORTED, EINTR, EINVAL, EPERM, EPOLLEXCLUSIVE, EPOLLIN, EPROTO, SHUT_RD } from './constants.js'
import { EpollSocket } from './epoll-socket.io.js'
import type { Sleeper, Source } from './poller.io.js'
import type { SocketContext } from './socket-context.io.js'

const ACCEPTS_PER_TURN = 64
/** Without a free descriptor the listener would report the same connection without end. */
const SHORTAGE_PAUSE_MS: Millis = 100
/** One connection's own fault (accept(2)): gone again, or not let in by a filter. */
const LOST = new Set([EINTR, ECONNABORTED, EPERM, EPROTO])

export class EpollListener implements Listener, Source, Sleeper {
  isWaiting = false
  place = -1
  alarmAt: Millis = 0
  #fd: number
  /** A connection's local address, where the listener's says it. */
  readonly #local: Endpoint | undefined

  constructor(
    private readonly context: SocketContext,
    fd: number,
    at: Endpoint,
    private readonly handler: ListenHandler,
    /** Sockets that listen at the same address. */
    private readonly spares: number[] = [],
  ) {
    this.#fd = fd
    this.#local = isWildcard(at.address) ? undefined : at
    const problem = fd < 0 ? fd : this.#watch()
    if (problem < 0) {
      context.poller.defer(() => handler.onProblem(getSystemErrorName(problem), true))
      this.close()
    } else context.poller.defer(() => this.#fd >= 0 && handler.onListening(at))
  }

  get fd(): number {
    return this.#fd
  }

  /** A descriptor of the same queue, for `adoptListener` of another thread, which owns it. Negative errno: none. */
  share(): number {
    return this.context.sys.duplicate(this.#fd)
  }

  spare(): number {
    const spare = this.spares.pop()
    if (spare === undefined) return -1
    // A duplicate is in no record of what this thread has open.
    const fd = this.context.sys.duplicate(spare)
    this.context.sys.close(spare)
    return fd
  }

  /** For all who share the queue: they hear nothing more of it, and the address is free, also where one is late to close its own. */
  end(): void {
    if (this.#fd < 0) return
    this.context.sys.shutdown(this.#fd, SHUT_RD)
    this.close()
  }

  close(): void {
    if (this.#fd < 0) return
    this.context.poller.clearAlarm(this)
    this.context.poller.remove(this.#fd)
    this.context.poller.close(this.#fd)
    for (const spare of this.spares.splice(0)) this.context.sys.close(spare)
    this.#fd = -1
  }

  onReady(_events: number): void {
    const { context } = this
    for (let left = ACCEPTS_PER_TURN; left > 0 && this.#fd >= 0; left--) {
      const fd = context.accept(this.#fd)
      if (fd >= 0) this.#welcome(fd)
      else if (fd === -EAGAIN) return
      // Whoever opened it has ended it.
      else if (fd === -EINVAL) return this.context.poller.remove(this.#fd)
      else if (!LOST.has(-fd)) return this.#rest(fd)
    }
  }

  onAlarm(): void {
    if (this.#fd >= 0 && this.#watch() < 0) this.context.poller.setAlarm(this, SHORTAGE_PAUSE_MS)
  }

  #welcome(fd: number): void {
    const { context } = this
    const remote = context.acceptedFrom()
    if (remote === undefined) return void context.sys.close(fd)
    const socket = new EpollSocket(context, fd, remote, 'open', this.#local)
    socket.watch()
    this.handler.onAccept(socket)
  }

  #rest(problem: number): void {
    this.context.poller.remove(this.#fd)
    this.context.poller.setAlarm(this, SHORTAGE_PAUSE_MS)
    this.handler.onProblem(getSystemErrorName(problem), false)
  }

  #watch(): number {
    return this.context.poller.add(this.#fd, EPOLLIN | EPOLLEXCLUSIVE, this)
  }
}
