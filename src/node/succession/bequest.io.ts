/**
 * The running node's part when another process replaces it: its lanes stand still and give all away, then the control plane does, in one
 * turn of its event loop. Either it hears that all was taken, and ends; or it goes on as if nothing had been. Who stands still does
 * nothing else, so that nothing that was given away can change: what comes meanwhile waits in the kernel for whoever goes on.
 */
import path from 'node:path'
import v8 from 'node:v8'
import type { Clock } from '../../base/clock.js'
import { BatonError, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import { UnixChannel } from '../../kernel/unix-channel.io.js'
import { JUST_TAKEN_OVER } from '../../lane/bequest.js'
import type { HandedOver } from '../../lane/handover.io.js'
import type { Belongings } from '../addresses/surroundings.io.js'
import type { ReplaceRequest, ReplaceView } from '../control/control-protocol.js'
import type { IdleLane } from '../lanes/idle-lane.js'
import type { LaneGroup } from '../lanes/lane-group.io.js'
import { refuseInFirstProcess } from './first-process.io.js'
import {
  type CarriedLease,
  type ControlState,
  FRAME,
  HANDOVER_VERSION,
  type HandoverCounts,
  type Hello,
} from './handover-protocol.js'
import type { Notify } from './notify.io.js'
import type { Refusal } from './successor.io.js'

/** Its lanes have to start, on a busy host. */
const READY_MS_MAX: Millis = 30_000
const LOOK_EVERY_MS: Millis = 4
/** While lanes stand still. */
const LOOK_OFTEN_MS: Millis = 1
/** A recovery or a move ends within seconds; a handover does not begin before. */
const REST_MS_MAX: Millis = 10_000
/** How long lanes may stand still. */
const STILL_MS_MAX: Millis = 2_000
const STILL_MS_MIN: Millis = 50
/** A gap of half a lease would void it (elections, `clock-gap`), if it comes to nothing. */
const SHARE_OF_LEASE = 0.4
const YOUNG_SHARE = 0.75
const RESTLESS = 'a service is being recovered or moved: try again'
const CHANGED = 'the cluster changed meanwhile: try again'
const UNRENEWED = 'no lease was renewed in time'
/** What a refusal ends with that another attempt, a moment later, does not meet. */
const PASSING: readonly string[] = [RESTLESS, CHANGED, UNRENEWED, JUST_TAKEN_OVER]
const LAST_WORDS_MS: Millis = 50
const LAST_WORD_MS: Millis = 1
const SOCKET_NAME = /^replace\.\d{1,10}\.sock$/

export interface BequestParts {
  readonly folder: string
  readonly clock: Clock
  readonly logger: Logger
  readonly lanes: LaneGroup | IdleLane
  readonly addresses: Belongings
  readonly hello: Omit<Hello, 'version' | 'device' | 'doors'>
  /** Of gossip and of the control listener; -1: not known. */
  readonly fds: () => readonly [gossip: number, control: number]
  /** What is held now; `undefined`: not everything is at rest. */
  readonly leases: () => readonly CarriedLease[] | undefined
  readonly state: () => Omit<ControlState, 'leases' | 'stillSince'>
  readonly isStopping: () => boolean
  /** The other process reads it from the disk. */
  readonly unsaved: () => string | undefined
  /** What the service manager is told of it. */
  readonly notify: Pick<Notify, 'replacing' | 'ready'>
  /** The other process acts from now on: peers are to look for it at once. */
  readonly cutLinks: () => void
  readonly onTaken: (pid: number) => never
}

interface Given {
  readonly channel: UnixChannel
  readonly pid: number
  readonly handed: readonly HandedOver[]
  readonly counts: { rows: number; descriptors: number; bytes: number }
  /** Since when lanes stand still, and how much they had been told by then. */
  readonly stillSince: Millis
  readonly told: number
}

export class Bequest {
  #isBusy = false
  /** Of the shortest lease, at the last look. */
  #leftMs: Millis | undefined
  /** That, right after a renewal. */
  #freshMs: Millis = 0
  #refusal: Refusal | undefined

  constructor(private readonly parts: BequestParts) {}

  /** Throws ERR_REPLACE_…; otherwise the other process hears the rest on its socket. */
  begin({ version, socket }: ReplaceRequest): ReplaceView {
    const { lanes, folder, isStopping, unsaved } = this.parts
    if (version !== HANDOVER_VERSION) throw versionUnknown(version)
    if (lanes.view.count > 0 && lanes.view.engine !== 'epoll') throw engineCannot(lanes.view.why)
    refuseInFirstProcess(THE_OTHER_WAY)
    const why = unsaved()
    if (why !== undefined) throw new BatonError('ERR_REPLACE_FAILED', why, { hint: 'make room on its disk first' })
    if (this.#isBusy || isStopping()) {
      throw new BatonError('ERR_REPLACE_UNAVAILABLE', 'the node is being replaced or stopped already', {})
    }
    if (!SOCKET_NAME.test(socket)) throw new BatonError('ERR_REPLACE_INVALID', `no socket of a new process: ${socket}`)
    const channel = UnixChannel.connect(path.join(folder, socket), LAST_WORDS_MS)
    if ('why' in channel) throw new BatonError('ERR_REPLACE_FAILED', channel.why)
    const { pid, uid } = channel.peer
    if (uid !== process.getuid?.()) {
      channel.close()
      const hint = `run it as user ${process.getuid?.()}`
      throw new BatonError('ERR_REPLACE_DENIED', `process ${pid} runs as user ${uid}, and this node does not`, { hint })
    }
    this.#isBusy = true
    this.parts.notify.replacing(`process ${pid} is to take its place`)
    void this.#give(channel, pid).catch((error: unknown) => {
      this.#failed(channel, messageOf(error))
    })
    return { pid: process.pid }
  }

  /** Why the last attempt came to nothing; once. */
  takeRefusal(): Refusal | undefined {
    const refusal = this.#refusal
    this.#refusal = undefined
    return refusal
  }

  async #give(channel: UnixChannel, pid: number): Promise<void> {
    const problem = this.#greet(channel)
    if (problem !== undefined) return this.#failed(channel, problem)
    const ready = await this.#until(READY_MS_MAX, () => readiness(channel))
    if (ready !== true) return this.#failed(channel, ready ?? `it was not ready after ${READY_MS_MAX} ms`)
    const rest = await this.#until(REST_MS_MAX, () => this.#isFresh() || undefined)
    if (rest === undefined) return this.#failed(channel, RESTLESS)
    await this.#handOver(channel, pid)
  }

  /** Lanes stand still first, while the control plane goes on renewing what it holds; it stands still last, and for a few milliseconds. */
  async #handOver(channel: UnixChannel, pid: number): Promise<void> {
    const { clock, lanes } = this.parts
    const stillSince = clock.now()
    const handed = 'handOver' in lanes ? lanes.handOver() : []
    const counts = { rows: 0, descriptors: 0, bytes: 0 }
    const given = { channel, pid, handed, counts, stillSince, told: lanes.told }
    const why = await this.#giveAll(given).catch(messageOf)
    for (const lane of handed) lane.goOn()
    this.#failed(channel, why)
  }

  /** Comes back only with why it came to nothing. */
  async #giveAll(given: Given): Promise<string> {
    const { channel, pid, stillSince, counts } = given
    const deadline = stillSince + STILL_MS_MAX
    const leftMs = () => Math.max(1, deadline - this.parts.clock.now())
    const stuck = await this.#giveLanes(given, deadline)
    if (stuck !== undefined) return stuck
    const problem = channel.send(FRAME.rows, v8.serialize(counts satisfies HandoverCounts), [], this.#turnMs)
    if (problem !== undefined) return problem.why
    const isRead = await this.#until(leftMs(), () => readiness(channel), LOOK_OFTEN_MS)
    if (isRead === undefined) {
      // It has the sockets, and would keep them open.
      endProcess(pid)
      return 'it did not read in time what lanes have'
    }
    if (isRead !== true) return isRead
    const isYoung = await this.#until(leftMs(), () => this.#isYoung() || this.#isFresh() || undefined, LOOK_OFTEN_MS)
    return isYoung === undefined ? UNRENEWED : this.#standStill(given)
  }

  #greet(channel: UnixChannel): string | undefined {
    const { hello, fds, addresses } = this.parts
    const leaving = addresses.estate?.leaving
    const own = fds()
    if (own.includes(-1)) return 'this node does not know its own sockets'
    const given = [...own, ...(leaving === undefined ? [] : [leaving.tun, ...leaving.doors])]
    const more = { device: leaving?.device ?? '', doors: leaving?.doors.length ?? 0 }
    const view: Hello = { version: HANDOVER_VERSION, ...hello, ...more }
    return channel.send(FRAME.hello, v8.serialize(view), given, LAST_WORDS_MS)?.why
  }

  /** Whether now is a good time: everything at rest, and leases renewed since the last look. */
  #isFresh(): boolean {
    const leftMs = this.#leaseLeftMs()
    const before = this.#leftMs
    this.#leftMs = leftMs
    if (leftMs === undefined) return false
    const isFresh = leftMs === Number.POSITIVE_INFINITY || (before !== undefined && leftMs > before)
    if (isFresh) this.#freshMs = leftMs
    return isFresh
  }

  /** Renewed not long ago: the next process has most of the lease to renew it itself. */
  #isYoung(): boolean {
    return (this.#leaseLeftMs() ?? 0) >= YOUNG_SHARE * this.#freshMs
  }

  #leaseLeftMs(): Millis | undefined {
    const now = this.parts.clock.now()
    const leases = this.parts.leases()
    return leases?.reduce((least, { deadline }) => Math.min(least, deadline - now), Number.POSITIVE_INFINITY)
  }

  /** All of this is one turn: nobody else runs in this thread until it is decided. */
  #standStill(given: Given): string {
    const { channel, pid, told, stillSince } = given
    const { clock, lanes, addresses, isStopping, state } = this.parts
    // Lanes have not heard what they were told since they stand still, and the next process would not know of it.
    if (lanes.told !== told) return CHANGED
    if (isStopping()) return 'the node is stopping'
    const leases = this.parts.leases()
    if (leases === undefined) return RESTLESS
    const deadline = clock.now() + this.#turnMs
    const leftMs = () => Math.max(1, deadline - clock.now())
    const all: ControlState = { ...state(), leases, stillSince }
    const why =
      channel.send(FRAME.control, v8.serialize(all), [], leftMs())?.why ??
      channel.send(FRAME.end, new Uint8Array(0), [], leftMs())?.why ??
      this.#verdict(channel, pid, leftMs)
    if (why === undefined) return this.#taken(given)
    addresses.estate?.arm(leases)
    return why
  }

  /** In this very turn: the other process acts, and this one never again. */
  #taken({ pid, handed, counts, stillSince }: Given): never {
    const { cutLinks, clock, logger, onTaken } = this.parts
    cutLinks()
    const ms = Math.round(clock.now() - stillSince)
    for (const lane of handed) lane.leave(LAST_WORDS_MS)
    logger.log('info', 'replaced', { by: pid, ...counts, ms })
    return onTaken(pid)
  }

  /** What one turn of the event loop may take: less than a lease lasts yet, so that the node can go on with what it holds if need be. */
  get #turnMs(): Millis {
    return Math.max(STILL_MS_MIN, Math.min(STILL_MS_MAX, SHARE_OF_LEASE * (this.#leaseLeftMs() ?? 0)))
  }

  async #giveLanes({ channel, handed, counts }: Given, deadline: Millis): Promise<string | undefined> {
    for (const [lane, from] of handed.entries()) {
      for (let isLast = false; !isLast; ) {
        const batch = from.next(LOOK_OFTEN_MS)
        // Whatever else this node has to do comes between.
        await new Promise(setImmediate)
        if (batch === undefined) {
          if (this.parts.clock.now() < deadline) continue
          return `lane ${lane} did not stand still in time`
        }
        if ('why' in batch) return `lane ${lane} cannot hand over: ${batch.why}`
        const bytes = new Uint8Array(1 + batch.bytes.byteLength)
        bytes[0] = lane
        bytes.set(batch.bytes, 1)
        const problem = channel.send(FRAME.lane, bytes, batch.fds, this.#turnMs)
        if (problem !== undefined) return problem.why
        counts.rows += batch.rows
        counts.descriptors += batch.fds.length
        counts.bytes += batch.bytes.byteLength
        isLast = batch.isLast
      }
    }
    return undefined
  }

  /**
   * Either TAKEN is in this socket before the other side can send no more, or it never comes: both sides know the same, whatever
   * happens in between (the kernel decides, under the socket's lock).
   */
  #verdict(channel: UnixChannel, pid: number, leftMs: () => Millis): string | undefined {
    const inTime = channel.receive(leftMs())
    if (!('why' in inTime)) return verdictOf(inTime)
    channel.shutdownRead()
    const late = channel.receive(0)
    if (!('why' in late)) return verdictOf(late)
    // It has all that this node has, and can do nothing with it any more: whatever it is busy with, it is in the way.
    endProcess(pid)
    return inTime.why
  }

  #failed(channel: UnixChannel, why: string): void {
    this.#isBusy = false
    this.#refusal = { why, passes: PASSING.some((words) => why.endsWith(words)) }
    this.#leftMs = undefined
    channel.send(FRAME.failed, new TextEncoder().encode(why), [], LAST_WORD_MS)
    channel.close()
    this.parts.logger.log('warn', 'not-replaced', { why })
    this.parts.notify.ready(`not replaced: ${why}`)
  }

  /** Asks from time to time; `undefined`: not within the time. */
  async #until<T>(limitMs: Millis, look: () => T | undefined, everyMs = LOOK_EVERY_MS): Promise<T | undefined> {
    const { clock } = this.parts
    for (const end = clock.now() + limitMs; clock.now() < end; ) {
      const found = look()
      if (found !== undefined) return found
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
    return undefined
  }
}

/** `undefined`: it has not answered yet; words: it cannot. */
function readiness(channel: UnixChannel): true | string | undefined {
  const frame = channel.receive(0)
  if ('why' in frame) return frame.isEnd ? frame.why : undefined
  return frame.kind === FRAME.ready ? true : new TextDecoder().decode(frame.bytes)
}

function verdictOf({ kind, bytes }: { readonly kind: number; readonly bytes: Uint8Array }): string | undefined {
  return kind === FRAME.taken ? undefined : new TextDecoder().decode(bytes)
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

function versionUnknown(version: number): BatonError {
  const message = `this node hands itself over by version ${HANDOVER_VERSION}, and the new process wants version ${version}`
  return new BatonError('ERR_REPLACE_VERSION', message, { hint: THE_OTHER_WAY })
}

export function engineCannot(why: string): BatonError {
  const message = `the portable engine cannot hand connections over (${why})`
  return new BatonError('ERR_REPLACE_ENGINE', message, { hint: THE_OTHER_WAY })
}

export const THE_OTHER_WAY =
  'stop the node in order and start it anew: it gives what it directs to others first, with all connections but those to programs of its own host'
