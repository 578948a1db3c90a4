/**
 * Which program holds a listening socket. The kernel's socket table has an inode and no process, so the descriptors of all
 * processes are looked through: only for a socket that is new, in slices between which the event loop has its turn, and over
 * any longer time for a tenth of it at most. Afterwards a descriptor that is known is looked at now and then: a socket
 * may be handed over.
 *
 * Several processes may hold one socket, as the workers of a server do. Named is the newest that was found, or of its
 * ancestors the oldest that is joined to it by holders without a gap: the master, not a worker. A service manager that
 * holds sockets for programs (systemd) is named only while no other process has it.
 */
import type { Alarm, AlarmClock } from '../base/clock.js'
import type { Program } from '../base/program.js'
import type { Millis } from '../base/time.js'

export interface HeldSocket {
  readonly inode: number
  readonly fd: number
}

/** Where processes are seen; `ProcPrograms` has the words. */
export interface Processes {
  newestFirst(): Generator<number | undefined>
  socketsOf(pid: number): Generator<HeldSocket | undefined>
  socketAt(pid: number, fd: number): number | undefined
  program(pid: number): Program | undefined
  parentOf(pid: number): number | undefined
}

/** The loop is held up no longer than this at once; then it has as long for itself. */
export const SLICE_MS: Millis = 2
/** Of all time, searching may take this share; so much may be taken in advance, which is a search of a large host. */
const SHARE = 0.1
const ADVANCE_MS: Millis = 1_000
/** How often holders are looked at, and a search for what was not found is due: at first, and after many in vain. */
export const REVIEW_MS: Millis = 1_000
export const RETRY_MS_MAX: Millis = 64_000
/** So many times what a search in vain, or a look at all holders, took passes before the next: the time in advance is for what is new. */
const RESTS = 20
/** Of one search: those beyond stay unknown. */
const SEARCHED_MAX = 1_000_000
const ANCESTORS_MAX = 16
const SOCKET_KEEPERS: ReadonlySet<string> = new Set(['systemd', 'init'])

interface Known {
  /** What was found, if anything. */
  readonly holder: { readonly program: Program; readonly fd: number } | undefined
  /** When to search once more, and how long to wait after that; of a holder that is the last word `undefined`. */
  readonly retry: { readonly at: Millis; readonly waitMs: Millis } | undefined
}

export class ListenerPrograms {
  readonly #alarm: Alarm
  readonly #known = new Map<number, Known>()
  /** Searched for next. */
  readonly #due = new Set<number>()
  #inodes: readonly number[] = []
  #work: Generator<void, boolean> | undefined
  /** Taken and not yet earned, as of a time. */
  #debt = { ms: 0, at: Number.NEGATIVE_INFINITY }
  #reviewAt: Millis = Number.POSITIVE_INFINITY

  constructor(
    private readonly clock: AlarmClock,
    private readonly processes: Processes,
    /** Something that `of` says is new; never called from within `want`. */
    private readonly onNews: () => void,
  ) {
    this.#alarm = clock.alarm(() => {
      if (this.#turn()) this.onNews()
    })
  }

  /** All sockets of interest, in place of what was said before. A first slice of searching is done before it returns. */
  want(inodes: readonly number[]): void {
    this.#inodes = inodes
    const fresh = inodes.filter((inode) => inode !== 0 && !this.#known.has(inode) && !this.#due.has(inode))
    for (const inode of fresh) this.#due.add(inode)
    if (this.#known.size + this.#due.size > inodes.length) this.#forgetOthers(new Set(inodes))
    if (fresh.length > 0) this.#glance()
  }

  /** `undefined`: not found yet, or not to be seen. */
  of(inode: number): Program | undefined {
    return this.#known.get(inode)?.holder?.program
  }

  stop(): void {
    this.#abandon()
    this.#alarm.set(undefined)
  }

  /**
   * Who opens a socket is most often among the newest: they are looked at for one slice in any case, even before a search
   * that is under way goes on.
   */
  #glance(): void {
    const underWay = this.#work
    this.#work = undefined
    this.#slice()
    if (underWay !== undefined) {
      this.#abandon()
      this.#work = underWay
    }
    this.#sleep()
  }

  /** Folders that it has open are closed. */
  #abandon(): void {
    this.#work?.return(false)
    this.#work = undefined
  }

  /** `true`: there is news. */
  #turn(): boolean {
    const now = this.clock.now()
    const news = this.#payableAt(now) <= now && this.#slice()
    this.#sleep()
    return news
  }

  #slice(): boolean {
    const startedAt = this.clock.now()
    let [news, now] = [false, startedAt]
    do {
      this.#work ??= this.#nextWork(now)
      const step = this.#work?.next()
      if (step?.done === true) {
        news ||= step.value
        this.#work = undefined
      }
      now = this.clock.now()
    } while (this.#work !== undefined && now - startedAt < SLICE_MS)
    this.#debt = { ms: this.#debtAt(startedAt) + now - startedAt, at: now }
    return news
  }

  #debtAt(now: Millis): Millis {
    return Math.max(0, this.#debt.ms - SHARE * (now - this.#debt.at))
  }

  /** When there may be another slice. */
  #payableAt(now: Millis): Millis {
    return now + Math.max(0, this.#debtAt(now) - ADVANCE_MS) / SHARE
  }

  #sleep(): void {
    const now = this.clock.now()
    const payableAt = this.#payableAt(now)
    if (this.#work !== undefined) this.#alarm.set(Math.max(now + SLICE_MS, payableAt))
    else if (this.#due.size > 0) this.#alarm.set(payableAt)
    else this.#alarm.set(this.#known.size > 0 ? Math.max(payableAt, this.#reviewAt) : undefined)
  }

  #nextWork(now: Millis): Generator<void, boolean> | undefined {
    if (this.#due.size === 0 && now < this.#reviewAt) return undefined
    this.#reviewAt = now + REVIEW_MS
    return this.#due.size > 0 ? this.#search(new Set(this.#due), now) : this.#review()
  }

  *#search(wanted: Set<number>, startedAt: Millis): Generator<void, boolean> {
    let [news, searched] = [false, 0]
    const kept = new Map<number, { program: Program; fd: number }>()
    for (const pid of this.processes.newestFirst()) {
      if (wanted.size === 0 || searched > SEARCHED_MAX) break
      if (pid === undefined) {
        yield
        continue
      }
      for (const socket of this.processes.socketsOf(pid)) {
        searched++
        yield
        if (wanted.size === 0) break
        if (socket === undefined || !wanted.has(socket.inode)) continue
        const holder = yield* this.#oldestHolder(pid, socket)
        if (holder === undefined) continue
        if (SOCKET_KEEPERS.has(holder.program.name)) {
          kept.set(socket.inode, holder)
          continue
        }
        wanted.delete(socket.inode)
        news = this.#learn(socket.inode, { holder, retry: undefined }) || news
      }
      yield
    }
    for (const inode of wanted) {
      const before = this.#known.get(inode)?.retry?.waitMs ?? REVIEW_MS / 2
      const waitMs = Math.min(RETRY_MS_MAX, Math.max(2 * before, RESTS * (this.clock.now() - startedAt)))
      news = this.#learn(inode, { holder: kept.get(inode), retry: { at: startedAt + waitMs, waitMs } }) || news
    }
    return news
  }

  *#oldestHolder(pid: number, { inode, fd }: HeldSocket): Generator<void, Known['holder']> {
    let program = this.processes.program(pid)
    if (program === undefined) return undefined
    let holder = { program, fd }
    for (let i = 0; i < ANCESTORS_MAX; i++) {
      const parent = this.processes.parentOf(holder.program.pid)
      program = parent === undefined ? undefined : this.processes.program(parent)
      if (program === undefined || SOCKET_KEEPERS.has(program.name)) break
      const theirs = yield* this.#descriptorOf(program.pid, inode, holder.fd)
      if (theirs === undefined) break
      holder = { program, fd: theirs }
    }
    return holder
  }

  /** What a child has inherited has the number that it has with its parent, as a rule. */
  *#descriptorOf(pid: number, inode: number, likely: number): Generator<void, number | undefined> {
    if (this.processes.socketAt(pid, likely) === inode) return likely
    for (const socket of this.processes.socketsOf(pid)) {
      if (socket?.inode === inode) return socket.fd
      yield
    }
    return undefined
  }

  /** Looks at each holder: whether it still has the socket, and its name. What was not found is due again in its time. */
  *#review(): Generator<void, boolean> {
    const startedAt = this.clock.now()
    let news = false
    for (const inode of this.#inodes) {
      const known = this.#known.get(inode)
      if (known === undefined) continue
      const { holder, retry } = known
      const isThere = holder !== undefined && this.processes.socketAt(holder.program.pid, holder.fd) === inode
      const program = isThere ? this.processes.program(holder.program.pid) : undefined
      if (holder !== undefined && program === undefined) this.#due.add(inode)
      else if (retry !== undefined && retry.at <= this.clock.now()) this.#due.add(inode)
      if (program !== undefined && holder?.program.name !== program.name) {
        news = this.#learn(inode, { holder: { program, fd: holder?.fd ?? 0 }, retry }) || news
      }
      yield
    }
    // Thousands of listeners are looked at less often.
    this.#reviewAt = startedAt + Math.max(REVIEW_MS, RESTS * (this.clock.now() - startedAt))
    return news
  }

  #learn(inode: number, known: Known): boolean {
    // It may have been closed while we searched.
    if (!this.#due.delete(inode) && !this.#known.has(inode)) return false
    const before = this.of(inode)
    this.#known.set(inode, known)
    const { program } = known.holder ?? {}
    return before?.pid !== program?.pid || before?.name !== program?.name
  }

  #forgetOthers(inodes: ReadonlySet<number>): void {
    for (const inode of this.#known.keys()) if (!inodes.has(inode)) this.#known.delete(inode)
    for (const inode of this.#due) if (!inodes.has(inode)) this.#due.delete(inode)
  }
}
