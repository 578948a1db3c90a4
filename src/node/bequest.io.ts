/**
 * The running node's part when another process replaces it: it stands still in one turn of its event loop, gives all away, and either
 * hears that it was taken, and ends; or goes on as if nothing had been. While it stands still it does nothing else, so that nothing it
 * has given away can change: what comes meanwhile waits in the kernel for whoever goes on.
 */
import path from 'node:path'
import v8 from 'node:v8'
import type { Clock } from '../base/clock.js'
import { BatonError } from '../base/errors.js'
import { makeHaste } from '../base/haste.io.js'
import type { Logger } from '../base/log.js'
import type { Millis } from '../base/time.js'
import { UnixChannel } from '../kernel/unix-channel.io.js'
import type { HandedOver } from '../lane/handover.io.js'
import type { ReplaceRequest, ReplaceView } from './control-protocol.js'
import {
  type CarriedLease,
  type ControlState,
  FRAME,
  HANDOVER_VERSION,
  type HandoverCounts,
  type Hello,
} from './handover-protocol.js'
import type { IdleLane } from './idle-lane.js'
import type { LaneGroup } from './lane-group.io.js'
import type { Notify } from './notify.io.js'
import type { Belongings } from './surroundings.io.js'

/** Its lanes have to start, on a busy host. */
const READY_MS_MAX: Millis = 30_000
const LOOK_EVERY_MS: Millis = 4
/** A recovery or a move ends within seconds; a handover does not begin before. */
const REST_MS_MAX: Millis = 10_000
/** How long the node may stand still: less than a lease lasts yet, so that it can go on with what it holds if need be. */
const STILL_MS_MAX: Millis = 2_000
const STILL_MS_MIN: Millis = 50
/** A gap of half a lease would void it (elections, `clock-gap`), if it comes to nothing. */
const SHARE_OF_LEASE = 0.4
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
  readonly onTaken: (pid: number) => void
}

export class Bequest {
  #isBusy = false
  /** Of the shortest lease, at the last look. */
  #leftMs: Millis | undefined
  #settle: () => void = () => {}

  constructor(private readonly parts: BequestParts) {}

  /** Throws ERR_REPLACE_…; otherwise the other process hears the rest on its socket. */
  begin({ version, socket }: ReplaceRequest): ReplaceView {
    const { lanes, folder, isStopping, unsaved } = this.parts
    if (version !== HANDOVER_VERSION) throw versionUnknown(version)
    if (lanes.view.count > 0 && lanes.view.engine !== 'epoll') throw engineCannot(lanes.view.why)
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
    // From here on: the other process takes the processor to start, while leases of this one run.
    this.#settle = makeHaste()
    this.parts.notify.replacing(`process ${pid} is to take its place`)
    void this.#give(channel, pid).catch((error: unknown) => {
      this.#failed(channel, error instanceof Error ? error.message : String(error))
    })
    return { pid: process.pid }
  }

  async #give(channel: UnixChannel, pid: number): Promise<void> {
    const problem = this.#greet(channel)
    if (problem !== undefined) return this.#failed(channel, problem)
    const ready = await this.#until(READY_MS_MAX, () => {
      const frame = channel.receive(0)
      if ('why' in frame) return frame.isEnd ? frame.why : undefined
      return frame.kind === FRAME.ready ? true : new TextDecoder().decode(frame.bytes)
    })
    if (ready !== true) return this.#failed(channel, ready ?? `it was not ready after ${READY_MS_MAX} ms`)
    const rest = await this.#until(REST_MS_MAX, () => this.#isFresh() || undefined)
    if (rest === undefined) return this.#failed(channel, 'a service is being recovered or moved: try again')
    this.#standStill(channel, pid)
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
    return leftMs === Number.POSITIVE_INFINITY || (before !== undefined && leftMs > before)
  }

  #leaseLeftMs(): Millis | undefined {
    const now = this.parts.clock.now()
    const leases = this.parts.leases()
    return leases?.reduce((least, { deadline }) => Math.min(least, deadline - now), Number.POSITIVE_INFINITY)
  }

  /** All of this is one turn: nobody else runs in this thread until it is decided. */
  #standStill(channel: UnixChannel, pid: number): void {
    const { clock, lanes, logger } = this.parts
    const leases = this.parts.leases() ?? []
    const stillSince = clock.now()
    const leaseMs = SHARE_OF_LEASE * (this.#leaseLeftMs() ?? 0)
    const deadline = stillSince + Math.max(STILL_MS_MIN, Math.min(STILL_MS_MAX, leaseMs))
    const handed = 'handOver' in lanes ? lanes.handOver() : []
    const counts = { rows: 0, descriptors: 0, bytes: 0 }
    const leftMs = () => Math.max(1, deadline - clock.now())
    const why =
      this.#giveLanes(channel, handed, counts, leftMs) ??
      channel.send(
        FRAME.control,
        v8.serialize({ ...this.parts.state(), leases, stillSince } satisfies ControlState),
        [],
        leftMs(),
      )?.why ??
      channel.send(FRAME.end, v8.serialize(counts satisfies HandoverCounts), [], leftMs())?.why ??
      this.#verdict(channel, pid, leftMs)
    if (why === undefined) {
      this.parts.cutLinks()
      const ms = Math.round(clock.now() - stillSince)
      for (const lane of handed) lane.leave(LAST_WORDS_MS)
      logger.log('info', 'replaced', { by: pid, ...counts, ms })
      return this.parts.onTaken(pid)
    }
    for (const lane of handed) lane.goOn()
    this.parts.addresses.estate?.arm(leases)
    this.#failed(channel, why)
  }

  #giveLanes(
    channel: UnixChannel,
    handed: readonly HandedOver[],
    counts: { rows: number; descriptors: number; bytes: number },
    leftMs: () => Millis,
  ): string | undefined {
    for (const [lane, from] of handed.entries()) {
      for (let isLast = false; !isLast; ) {
        const batch = from.next(leftMs())
        if (batch === undefined) return `lane ${lane} did not stand still in time`
        if ('why' in batch) return `lane ${lane} cannot hand over: ${batch.why}`
        const bytes = new Uint8Array(1 + batch.bytes.byteLength)
        bytes[0] = lane
        bytes.set(batch.bytes, 1)
        const problem = channel.send(FRAME.lane, bytes, batch.fds, leftMs())
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
    this.#settle()
    this.#leftMs = undefined
    channel.send(FRAME.failed, new TextEncoder().encode(why), [], LAST_WORD_MS)
    channel.close()
    this.parts.logger.log('warn', 'not-replaced', { why })
    this.parts.notify.ready(`not replaced: ${why}`)
  }

  /** Asks from time to time; `undefined`: not within the time. */
  async #until<T>(limitMs: Millis, look: () => T | undefined): Promise<T | undefined> {
    const { clock } = this.parts
    for (const end = clock.now() + limitMs; clock.now() < end; ) {
      const found = look()
      if (found !== undefined) return found
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
    return undefined
  }
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
