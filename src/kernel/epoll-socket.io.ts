/**
 * A TCP socket on system calls. It is registered once, edge-triggered: what an edge said is remembered here, so pause and
 * resume cost no system call. Handlers are called from the poller's turn alone, never from within a call of the caller.
 */
import { getSystemErrorName } from 'node:util'
import type { Endpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import type { FormerEnds, Inbound } from '../handoff/ports.js'
import type { CarriedEnds, CloseCause, Socket, SocketHandler } from '../proxy/ports.js'
import { causeOf } from './close-causes.js'
import { EAGAIN, EINTR, EPERM, EPOLLERR, EPOLLHUP, EPOLLOUT, EPOLLRDHUP, ETIMEDOUT } from './constants.js'
import { INTEREST, MORE_THAN_BYTES, READABLE } from './epoll-event.js'
import { NOBODY, NOWHERE } from './nobody.js'
import type { Sleeper, Source } from './poller.io.js'
import { readOn } from './read-on.io.js'
import type { SocketContext } from './socket-context.io.js'
import { settle, thaw } from './thaw.io.js'
import { WriteQueue } from './write-queue.js'

/** Four system calls, which a shorter connection need not cost. */
export const KEEPALIVE_AFTER_MS: Millis = 1_000

export class EpollSocket implements Socket, Source, Sleeper {
  isWaiting = false
  place = -1
  alarmAt: Millis = 0
  /** Of a dialled socket, which inherits none: set when it has stood for a while; most are over by then. */
  keepaliveMs: Millis | undefined
  /** Of a dialled socket: Nagle's algorithm holds back only what follows a small segment, and many connections write but one. */
  isDelaying = false
  rebuiltKeepaliveMs: Millis = 0
  isClockTrue = false
  #hasWritten = false
  #fd: number
  #handler = NOBODY
  #local: Endpoint | undefined
  /** `frozen`: in repair mode. `broken`: the kernel has told an error, `onClose` is on its way, and what is written goes nowhere. */
  #state: 'frozen' | 'connecting' | 'open' | 'broken' | 'closed'
  #paused = true
  /** An edge came and its bytes have not all been read. */
  #readable = false
  /** Read on until the kernel says that there is nothing. */
  #readToEmpty = false
  #errorSeen = false
  /** The FIN is in the kernel, and all that came before it: a read that leaves room has taken the last byte. */
  #endNear = false
  #endRead = false
  #ending = false
  #endSent = false
  /** Of a frozen one: what is to become of it when it thaws. */
  #owesReset = false
  /** Put into it as sent before. */
  #filled = 0
  readonly #queue: WriteQueue

  constructor(
    private readonly context: SocketContext,
    fd: number,
    readonly remote: Endpoint,
    state: 'frozen' | 'connecting' | 'open',
    local?: Endpoint,
  ) {
    this.#fd = fd
    this.#state = state
    this.#local = local
    this.#queue = new WriteQueue(context.blocks)
  }

  get fd(): number {
    return this.#fd
  }

  get local(): Endpoint {
    if (this.#local === undefined && this.#state === 'open') this.#local = this.context.localOf(this.#fd)
    return this.#local ?? NOWHERE
  }

  /** Once, before anything else. */
  watch(): void {
    const result = this.context.poller.add(this.#fd, INTEREST, this)
    if (result < 0) this.failLater(-result)
  }

  /** `onClose` will say so, as of something that the kernel told. */
  failLater(errno: number, cause?: CloseCause): void {
    this.#state = 'broken'
    this.context.poller.defer(() => {
      // A write may have met the error before what had come ahead of it was read.
      const isRead = () => this.#state === 'broken' && !this.#paused
      if (!this.#endRead) readOn(this.context, this.#fd, this.#handler, isRead)
      this.#fail(errno, cause)
    })
  }

  attach(handler: SocketHandler): void {
    this.#handler = handler
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver() || this.#ending) return true
    let sent = 0
    if (this.#state === 'open' && this.#queue.bytes === 0) {
      if (this.isDelaying && this.#hasWritten) this.#delayNot()
      this.#hasWritten = true
      const result = this.context.send(this.#fd, chunk)
      if (result === chunk.byteLength) return true
      if (result >= 0) sent = result
      else if (result !== -EAGAIN) {
        this.failLater(-result)
        return true
      }
    }
    this.#queue.push(chunk, sent)
    if (this.isDelaying && this.#state === 'open') this.#delayNot()
    return false
  }

  end(): void {
    if (this.#isOver() || this.#ending) return
    this.#ending = true
    if (this.#state === 'open' && this.#queue.bytes === 0) this.#sendEnd()
  }

  reset(): void {
    if (this.#state === 'frozen') this.#owesReset = true
    if (this.#state === 'frozen' || this.#state === 'closed') return
    // A connection that does not stand yet has nobody to send an RST to.
    if (this.#state === 'open') this.context.libc.lingerNot(this.#fd)
    this.#shut()
    this.context.poller.defer(() => this.#sayClosed('aborted', ''))
  }

  readOut(isGone: boolean): void {
    if (this.#state !== 'open') return
    if (!isGone) this.context.repair?.deafen(this.#fd)
    const goesOn = () => this.#state === 'open' && !this.#endRead
    if (readOn(this.context, this.#fd, this.#handler, goesOn) === 0) this.#readEnd()
  }

  vanish(): void {
    if (this.#isOver() || this.#state === 'connecting' || this.context.repair === undefined) return this.reset()
    this.context.repair.silence(this.#fd)
    this.#shut()
    this.context.poller.defer(() => this.#sayClosed('aborted', ''))
  }

  /** Of a socket that is rebuilt, adopted or carried: which of its ends belong to the connection's time before. */
  ended({ read, sent }: FormerEnds): void {
    this.#endRead = read
    this.#ending = this.#endSent = sent
    if (this.#state === 'open') this.#closeIfDone()
  }

  /** See `FrozenSocket.letGo`. */
  letGo(): void {
    const { repair } = this.context
    if (this.#state !== 'frozen' || repair === undefined) return
    const thawed = thaw(repair, this.#fd, this.#queue, this.#ending && !this.#endSent)
    this.#state = 'open'
    if (this.#owesReset) return this.reset()
    if ('why' in thawed) return this.failLater(EPERM)
    this.#filled = thawed.filled
    if (this.#ending) this.#endSent = true
    this.watch()
    this.#handler.onDrain()
    this.#closeIfDone()
  }

  /** See `FrozenSocket.settle`. */
  settle(): boolean {
    const { repair, sys, poller } = this.context
    // Nothing is left to be sent, and no time was measured with a clock that was set ahead.
    if (this.isClockTrue && this.bytesAcknowledged() >= this.#filled) this.#filled = 0
    if (this.isSettled || repair === undefined) return true
    const { local, remote } = this
    const next = settle(repair, sys, this.#fd, { local, remote })
    if (next === 'waiting') return false
    this.#filled = 0
    if (next === 'as-it-is') return true
    poller.forget(this.#fd)
    if (typeof next === 'number') {
      this.#fd = next
      this.context.dress(next, this.rebuiltKeepaliveMs)
      this.watch()
    } else {
      this.#fd = -1
      this.failLater(EPERM)
    }
    return true
  }

  get isSettled(): boolean {
    return this.#filled === 0 || this.#state !== 'open'
  }

  bytesAcknowledged(): number {
    return this.context.repair?.bytesAcknowledged(this.#fd) ?? 0
  }

  inbound(): Inbound {
    return this.context.repair?.inbound(this.#fd) ?? 'nothing'
  }

  probe(): void {
    this.context.repair?.probe(this.#fd)
  }

  clock(): number | undefined {
    return this.context.repair?.clock(this.#fd)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#readable) this.context.poller.again(this)
  }

  queued(): number {
    return this.#queue.bytes
  }

  unacknowledged(): number | undefined {
    return this.#state === 'broken' ? undefined : this.context.libc.unacknowledged(this.#fd)
  }

  carried(): CarriedEnds | undefined {
    if (this.#state !== 'open') return undefined
    this.#catchUp()
    return { unsent: this.#queue.copy(), read: this.#endRead, ending: this.#ending, sent: this.#endSent }
  }

  /** See `EpollSockets.release`. */
  release(): number | undefined {
    if (this.#state !== 'open' || this.#ending || this.#queue.bytes > 0) return undefined
    const fd = this.#fd
    this.#catchUp()
    this.context.poller.remove(fd)
    this.#forget()
    this.#handler = NOBODY
    return fd
  }

  onReady(events: number): void {
    if (this.#state === 'connecting') this.#connected(events)
    if (this.#state !== 'open') return
    // With an error the bytes that came before it are read first: a write would take the error away.
    if ((events & (EPOLLOUT | EPOLLERR)) === EPOLLOUT && this.#queue.bytes > 0) this.#flush()
    if ((events & READABLE) !== 0) this.#note(events)
    // Its turn comes with the others that wait.
    if (this.isWaiting || this.#state !== 'open') return
    if (this.#readable && !this.#paused) this.#read()
    if (this.#errorSeen && this.#state === 'open') this.#lookForError()
  }

  onAlarm(): void {
    if (this.#state === 'connecting') return this.#fail(ETIMEDOUT)
    if (this.#state === 'open' && this.keepaliveMs !== undefined) this.context.setKeepalive(this.#fd, this.keepaliveMs)
    this.keepaliveMs = undefined
  }

  #isOver(): boolean {
    return this.#state === 'closed' || this.#state === 'broken'
  }

  #note(events: number): void {
    if (!this.#endRead) this.#readable = true
    if ((events & MORE_THAN_BYTES) !== 0) this.#readToEmpty = true
    if ((events & EPOLLERR) !== 0) this.#errorSeen = true
    // An urgent mark cuts reads short, and an error has to be heard from a read.
    this.#endNear = (events & MORE_THAN_BYTES) === EPOLLRDHUP
  }

  /** What was put off is due: nobody will come back to it. */
  #catchUp(): void {
    if (this.isDelaying) this.#delayNot()
    if (this.keepaliveMs === undefined) return
    this.context.poller.clearAlarm(this)
    this.onAlarm()
  }

  #delayNot(): void {
    this.isDelaying = false
    this.context.setNoDelay(this.#fd)
  }

  #connected(events: number): void {
    if ((events & (EPOLLERR | EPOLLHUP)) !== 0) {
      const errno = this.context.libc.takeError(this.#fd)
      if (errno !== 0) return this.#fail(errno)
    }
    if ((events & EPOLLOUT) === 0) return
    if (this.keepaliveMs === undefined) this.context.poller.clearAlarm(this)
    else this.context.poller.setAlarm(this, KEEPALIVE_AFTER_MS)
    this.#state = 'open'
    if (this.isDelaying && this.#queue.bytes > 0) this.#delayNot()
    if (this.#ending && this.#queue.bytes === 0) this.#sendEnd()
    this.#handler.onOpen()
  }

  /** An error waits behind the bytes that came before it, but not for a reader that does not read. */
  #lookForError(): void {
    if (this.#readable && !this.#paused) return
    this.#errorSeen = false
    const errno = this.context.libc.takeError(this.#fd)
    if (errno !== 0) this.#fail(errno)
  }

  #read(): void {
    const { context } = this
    for (let left = context.inboxBytes; ; ) {
      const room = this.#handler.room?.()
      const length = room === undefined ? context.read(this.#fd) : context.sys.readInto(this.#fd, room)
      if (length > 0) {
        const isLast = length < (room === undefined ? context.inboxBytes : room.byteLength)
        if (isLast && !this.#readToEmpty) this.#readable = false
        if (room === undefined) this.#handler.onData(context.chunk(length))
        else this.#handler.onFilled?.(length)
        if (isLast && this.#endNear && !this.#paused && this.#state === 'open') return this.#readEnd()
        if (!this.#readable || this.#paused || this.#state !== 'open') return
        left -= length
        if (left <= 0) return context.poller.again(this)
      } else if (length === 0) return this.#readEnd()
      else if (length === -EAGAIN) {
        this.#readable = false
        this.#readToEmpty = false
        return
      } else if (length !== -EINTR) return this.#fail(-length)
    }
  }

  #readEnd(): void {
    this.#readable = false
    this.#endRead = true
    this.#handler.onEnd()
    this.#closeIfDone()
  }

  #flush(): void {
    while (this.#queue.bytes > 0) {
      const piece = this.#queue.peek()
      const result = this.context.sys.send(this.#fd, piece)
      if (result === -EAGAIN) return
      if (result < 0) return this.failLater(-result)
      this.#queue.shift(result)
      if (result < piece.byteLength) return
    }
    if (this.#ending) this.#sendEnd()
    this.#handler.onDrain()
  }

  #sendEnd(): void {
    this.#endSent = true
    // Both have ended: the close sends the FIN, one call less.
    if (!this.#endRead) this.context.sys.shutdownWrite(this.#fd)
    this.#closeIfDone()
  }

  #closeIfDone(): void {
    if (this.#endRead && this.#endSent) this.context.poller.defer(() => this.#close('ended', ''))
  }

  #fail(errno: number, cause?: CloseCause): void {
    const word = getSystemErrorName(-errno)
    this.#close(cause ?? causeOf(word), word)
  }

  #close(cause: CloseCause, detail: string): void {
    if (this.#state === 'closed') return
    this.#shut()
    this.#sayClosed(cause, detail)
  }

  #shut(): void {
    if (this.#state === 'connecting' || this.keepaliveMs !== undefined) this.context.poller.clearAlarm(this)
    if (this.#fd >= 0) this.context.poller.close(this.#fd)
    this.#forget()
  }

  #forget(): void {
    this.#state = 'closed'
    this.#fd = -1
    this.#readable = false
    this.#queue.clear()
  }

  #sayClosed(cause: CloseCause, detail: string): void {
    const handler = this.#handler
    this.#handler = NOBODY
    try {
      handler.onClose(cause, detail)
    } catch (error) {
      // The descriptor is closed, and may be another's already: it tells nobody whose fault it was.
      this.context.poller.owner.onFault(error, -1, handler)
    }
  }
}
