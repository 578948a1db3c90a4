/**
 * The event loop of a lane: one epoll set, tasks put off to the end of the turn, deadlines, and an eventfd by which other
 * threads wake it. It is turned by its owner: a thread that does nothing else, or a test in between other things.
 */
import { assert } from '../base/assert.js'
import { type Clock, HeldClock } from '../base/clock.js'
import { BatonError } from '../base/errors.js'
import { type Enrolled, Roll } from '../base/roll.js'
import type { Millis } from '../base/time.js'
import type { SocketHandler } from '../proxy/ports.js'
import {
  EFD_NONBLOCK_CLOEXEC,
  EINTR,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLLET,
  EPOLLIN,
} from './constants.js'
import { epollEventLayout } from './epoll-event.js'
import { addressOf, type Result, type Syscalls } from './syscalls.io.js'

const EVENTS_MAX = 512
/** Deadlines are of seconds: a busy loop looks at the clock only so often, an idle one wakes for them so often. */
const TURNS_PER_LOOK = 64
const SWEEP_EVERY_MS: Millis = 100
/** Tasks that put off others without end are a fault. */
const ROUNDS_MAX = 64
const NONE: readonly Source[] = []

export interface Source {
  readonly fd: number
  /** `events` of epoll; 0: the turn that `again` asked for. */
  onReady(events: number): void
  /** In the list of `again`; only the poller writes it. */
  isWaiting: boolean
}

/** `place` is that among those with an alarm. */
export interface Sleeper extends Enrolled {
  /** Only the poller writes it. */
  alarmAt: Millis
  onAlarm(): void
}

export interface PollerOwner {
  /** An exception out of a source (`fd`) or a task (-1). The loop goes on. `handler`: out of that, at its last event. */
  onFault(error: unknown, fd: number, handler?: SocketHandler): void
  /** Somebody signalled `wakeFd`; called before all that became ready with it. `false`: that is another's by now, and so is all else. */
  onWake?(): boolean
}

export class Poller {
  /** Of the event or task in hand, for all that works in this loop. */
  readonly clock: HeldClock
  /** `Syscalls.signal` on it, from any thread, ends a wait. */
  readonly wakeFd: number
  readonly #epoll: number
  readonly #layout = epollEventLayout(process.arch)
  readonly #events = new Int32Array(EVENTS_MAX * this.#layout.words)
  readonly #eventsAt = addressOf(this.#events.buffer)
  readonly #change = new Int32Array(this.#layout.words)
  readonly #changeAt = addressOf(this.#change.buffer)
  readonly #sources: (Source | undefined)[] = []
  /** A descriptor that is closed and used again within one batch of events has another generation. */
  readonly #generations: number[] = []
  #generation = 0
  #again: Source[] = []
  #tasks: (() => void)[] = []
  #soon: { readonly at: Millis; readonly task: () => void }[] = []
  readonly #sleepers = new Roll<Sleeper>()
  /** Not later than the first of them; `undefined`: there is none. */
  #alarmAt: Millis | undefined
  #turns = 0
  #turning = false

  constructor(
    readonly sys: Syscalls,
    clock: Clock,
    readonly owner: PollerOwner,
  ) {
    this.clock = new HeldClock(clock)
    this.#epoll = opened(sys.epollCreate(EPOLL_CLOEXEC), 'epoll_create1')
    this.wakeFd = opened(sys.eventfd(0, EFD_NONBLOCK_CLOEXEC), 'eventfd')
    // Edge-triggered, so that nobody has to read it: each signal is an edge, and 2^64 of them never come.
    this.add(this.wakeFd, EPOLLIN | EPOLLET, {
      fd: this.wakeFd,
      isWaiting: false,
      onReady: () => {},
    })
  }

  /** 0 or a negative errno. */
  add(fd: number, events: number, source: Source): Result {
    this.#generation = (this.#generation + 1) | 0
    const { fdWord, generationWord } = this.#layout
    this.#change[0] = events
    this.#change[fdWord] = fd
    this.#change[generationWord] = this.#generation
    const result = this.sys.epollCtl(this.#epoll, EPOLL_CTL_ADD, fd, this.#changeAt)
    if (result === 0) {
      this.#sources[fd] = source
      this.#generations[fd] = this.#generation
    }
    return result
  }

  /** For a descriptor whose file lives on elsewhere, or here. */
  remove(fd: number): void {
    this.sys.epollCtl(this.#epoll, EPOLL_CTL_DEL, fd, this.#changeAt)
    this.#sources[fd] = undefined
  }

  /** Its descriptor is closed already. */
  forget(fd: number): void {
    this.#sources[fd] = undefined
  }

  /** The kernel forgets a file by itself when its last descriptor is closed. */
  close(fd: number): void {
    this.#sources[fd] = undefined
    this.sys.close(fd)
  }

  /** `onReady(0)` in the next turn, after those who have waited longer and after all fresh events. */
  again(source: Source): void {
    if (source.isWaiting) return
    source.isWaiting = true
    this.#again.push(source)
  }

  /** At the end of this turn, or at the start of the next one when called from outside. */
  defer(task: () => void): void {
    this.#tasks.push(task)
  }

  /** Once, as soon as so much time has gone: for the few things that cannot wait for an alarm. */
  soon(afterMs: Millis, task: () => void): void {
    this.#soon.push({ at: this.clock.now() + afterMs, task })
  }

  /** Once, about so much later; up to 100 ms late. */
  setAlarm(sleeper: Sleeper, afterMs: Millis): void {
    sleeper.alarmAt = this.clock.now() + afterMs
    this.#sleepers.add(sleeper)
    this.#alarmAt = Math.min(this.#alarmAt ?? sleeper.alarmAt, sleeper.alarmAt)
  }

  clearAlarm(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper)
  }

  /** Waits at most `timeoutMs` (-1: for ever) for something to do, and does it. Never from within a turn. */
  turn(timeoutMs: number): void {
    // The inner turn would overwrite the events, and what was read, that the outer one has in hand.
    assert(!this.#turning, 'a poller is not turned by its own handlers')
    this.#turning = true
    this.#runTasks()
    const waiting = this.#again.length === 0 ? NONE : this.#again
    const count = this.sys.epollWait(this.#epoll, this.#eventsAt, EVENTS_MAX, this.#patience(timeoutMs))
    if (count < 0 && count !== -EINTR) throw new BatonError('ERR_EPOLL', `epoll_wait: errno ${-count}`)
    if (!this.#isWoken(count) || this.#wake()) this.#act(count, waiting)
    this.clock.release()
    this.#turning = false
  }

  /** All that was put off to the end of a turn, and what that puts off in its turn: nothing is heard of sockets meanwhile. */
  finishTasks(): void {
    for (let round = 0; round < ROUNDS_MAX && this.#tasks.length > 0; round++) this.#runTasks()
  }

  /** Of its own descriptors; those of its sources are theirs. */
  dispose(): void {
    this.sys.close(this.wakeFd)
    this.sys.close(this.#epoll)
  }

  #act(count: number, waiting: readonly Source[]): void {
    if (waiting !== NONE) this.#again = []
    this.#dispatch(count)
    for (const source of waiting) {
      source.isWaiting = false
      this.#call(source, 0)
    }
    if (this.#soon.length > 0) this.#hurry()
    if (count <= 0 || ++this.#turns % TURNS_PER_LOOK === 0) this.#ring()
    this.#runTasks()
  }

  #isWoken(count: number): boolean {
    const { words, fdWord } = this.#layout
    for (let at = fdWord; at < count * words; at += words) if (this.#events[at] === this.wakeFd) return true
    return false
  }

  #wake(): boolean {
    this.clock.hold()
    try {
      return this.owner.onWake?.() ?? true
    } catch (error) {
      this.owner.onFault(error, -1)
      return true
    }
  }

  #dispatch(count: number): void {
    const events = this.#events
    const { words, fdWord, generationWord } = this.#layout
    for (let at = 0; at < count * words; at += words) {
      const fd = events[at + fdWord] as number
      const source = this.#sources[fd]
      if (source === undefined || this.#generations[fd] !== events[at + generationWord]) continue
      this.#call(source, events[at] as number)
    }
  }

  #call(source: Source, events: number): void {
    const { fd } = source
    this.clock.hold()
    try {
      source.onReady(events)
    } catch (error) {
      // Closed meanwhile, it may be another's already: then it tells nobody whose fault it was.
      this.owner.onFault(error, this.#sources[fd] === source ? fd : -1)
      // Its edge is spent: what it has not looked at yet must not be lost.
      this.again(source)
    }
  }

  #runTasks(): void {
    if (this.#tasks.length === 0) return
    const tasks = this.#tasks
    this.#tasks = []
    for (const task of tasks) {
      this.clock.hold()
      try {
        task()
      } catch (error) {
        this.owner.onFault(error, -1)
      }
    }
  }

  #patience(timeoutMs: number): number {
    if (this.#tasks.length > 0 || this.#again.length > 0) return 0
    if (this.#soon.length > 0) {
      this.clock.hold()
      const waitMs =
        this.#soon.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY) - this.clock.now()
      const patience = Math.max(0, Math.ceil(waitMs))
      return timeoutMs < 0 ? patience : Math.min(timeoutMs, patience)
    }
    if (this.#alarmAt === undefined) return timeoutMs
    return timeoutMs < 0 ? SWEEP_EVERY_MS : Math.min(timeoutMs, SWEEP_EVERY_MS)
  }

  #hurry(): void {
    this.clock.hold()
    const now = this.clock.now()
    const due = this.#soon.filter(({ at }) => at <= now)
    if (due.length === 0) return
    this.#soon = this.#soon.filter(({ at }) => at > now)
    for (const { task } of due) this.defer(task)
  }

  #ring(): void {
    if (this.#alarmAt === undefined) return
    this.clock.hold()
    const now = this.clock.now()
    if (now < this.#alarmAt) return
    this.#alarmAt = undefined
    for (const sleeper of this.#sleepers) {
      if (sleeper.alarmAt <= now) {
        this.#sleepers.delete(sleeper)
        this.defer(() => sleeper.onAlarm())
      } else this.#alarmAt = Math.min(this.#alarmAt ?? sleeper.alarmAt, sleeper.alarmAt)
    }
  }
}

function opened(fd: Result, what: string): number {
  if (fd < 0) throw new BatonError('ERR_EPOLL', `${what}: errno ${-fd}`, { hint: 'raise the limit of open files' })
  return fd
}
