/** The new process's part in a handover (handover-protocol): it begins wholly, takes all, and only then acts. */
import { rmSync } from 'node:fs'
import path from 'node:path'
import v8 from 'node:v8'
import type { AlarmClock } from '../../base/clock.js'
import { BatonError, messageOf } from '../../base/errors.js'
import { comeFirst } from '../../base/haste.io.js'
import type { Millis } from '../../base/time.js'
import { type ChannelProblem, type Frame, type UnixChannel, UnixListener } from '../../kernel/unix-channel.io.js'
import { rehearseLink } from '../../trunk/rehearsal.io.js'
import type { LeftNetwork } from '../addresses/host-network.io.js'
import type { Belongings } from '../addresses/surroundings.io.js'
import type { NodeOptions } from '../config-schema.js'
import { ControlClient } from '../control/control-client.io.js'
import { checkSocketPath } from '../control/control-server.io.js'
import type { IdleLane } from '../lanes/idle-lane.js'
import type { LaneGroup } from '../lanes/lane-group.io.js'
import type { StatePaths } from '../state/state-folder.io.js'
import { THE_OTHER_WAY } from './bequest.io.js'
import { type ControlState, FRAME, HANDOVER_VERSION, HELLO_FDS_MIN, type Hello } from './handover-protocol.js'

const HELLO_MS_MAX: Millis = 5_000
/** The running node waits for a good moment before it stands still. */
const FIRST_MS_MAX: Millis = 30_000
/** It gives up long before. */
const NEXT_MS_MAX: Millis = 5_000

/** How often it is looked whether the running node is still there. */
const WATCH_EVERY_MS: Millis = 10

export class Heir {
  readonly #left: readonly number[]
  #watch: NodeJS.Timeout | undefined
  /** The running node has died by itself: what it gave is nobody's but this process's. */
  isOrphan = false
  /** Programs of the kernel are this process's by now, and soon all else, or nothing: it can only go on or end at once. */
  isArmed = false

  private constructor(
    private readonly channel: UnixChannel,
    readonly hello: Hello,
    fds: readonly number[],
  ) {
    this.#left = fds
  }

  /** Asks the running node. Throws ERR_NODE_NOT_RUNNING and ERR_REPLACE_…; then that one goes on as before. */
  static async meet({ folder, control }: StatePaths): Promise<Heir> {
    const socket = `replace.${process.pid}.sock`
    const at = path.join(folder, socket)
    checkSocketPath(at)
    const listener = UnixListener.open(at)
    if ('why' in listener) throw failed(listener.why)
    try {
      await asked(new ControlClient(control), socket)
      const channel = listener.accept(HELLO_MS_MAX)
      if ('why' in channel) throw failed(channel.why)
      const frame = channel.receive(HELLO_MS_MAX)
      if ('why' in frame || frame.kind !== FRAME.hello) throw failed('why' in frame ? frame.why : textOf(frame))
      return new Heir(channel, helloOf(frame), frame.fds)
    } finally {
      listener.close()
      rmSync(at, { force: true })
    }
  }

  /**
   * While this process begins. It has the device and the sockets by now, so what dies with the running node does not die: its addresses stay
   * up and nobody reads what comes for them. `onDeath` ends this process too, and with it they go, as they would have gone.
   */
  watch(onDeath: (error: BatonError) => void): void {
    this.#watch = setInterval(() => {
      if (!this.channel.isEnded) return
      clearInterval(this.#watch)
      onDeath(this.#orphaned())
    }, WATCH_EVERY_MS)
  }

  /** As the running node has it where nobody says otherwise. Throws ERR_REPLACE_USAGE where somebody does. */
  settle(options: NodeOptions): NodeOptions {
    const { bind, gossipPort, controlPort, witness } = this.hello
    const isTold = options.bindFrom === 'flag' || options.bindFrom === 'file'
    const problems = [
      ...(isTold && options.bind !== bind ? [`it is bound to ${bind}, not ${options.bind}`] : []),
      ...portProblem('gossip', gossipPort, options.gossipPort),
      ...portProblem('control', controlPort, options.controlPort),
      ...(options.witness === witness ? [] : [witness ? 'it is a witness' : 'it is no witness']),
    ]
    if (problems.length === 0) return { ...options, bind }
    const message = `the running node cannot be replaced with these settings: ${problems.join('; ')}`
    throw new BatonError('ERR_REPLACE_USAGE', message, { hint: `leave them as they are, or ${THE_OTHER_WAY}` })
  }

  get gossipFd(): number {
    return this.#left[0] ?? -1
  }

  get controlFd(): number {
    return this.#left[1] ?? -1
  }

  get network(): LeftNetwork | undefined {
    const [tun, ...doors] = this.#left.slice(HELLO_FDS_MIN)
    const { device } = this.hello
    return tun === undefined || device === '' ? undefined : { device, tun, doors }
  }

  /** All else is ready: the running node stands still, and its lanes' state goes to these. Throws; then it goes on. */
  async take(lanes: LaneGroup | IdleLane, { estate }: Belongings, clock: AlarmClock): Promise<ControlState> {
    await rehearseLink(clock)
    // From here on it hears of that by itself.
    clearInterval(this.#watch)
    // And no sooner: until now the leases were the running one's to renew.
    comeFirst()
    this.#ready()
    const reading: Promise<number>[] = []
    let state: ControlState | undefined
    for (let limitMs = FIRST_MS_MAX; ; limitMs = NEXT_MS_MAX) {
      const frame = this.channel.receive(limitMs)
      if ('why' in frame) throw this.#fault(frame)
      if (frame.kind === FRAME.failed) throw failed(textOf(frame))
      if (frame.kind === FRAME.lane && 'inherit' in lanes) {
        const [lane = 0] = frame.bytes
        reading.push(lanes.inherit(lane, frame.bytes.slice(1), frame.fds))
      } else if (frame.kind === FRAME.rows) {
        await this.#allOf(reading)
        this.#ready()
      } else if (frame.kind === FRAME.control) state = this.#read<ControlState>(frame)
      else if (frame.kind === FRAME.end) break
    }
    if (state === undefined) throw this.refuse('the running node has told nothing of itself')
    // Before the running node lets go of its own: deadlines are kept without a gap.
    this.isArmed = true
    estate?.arm(state.leases)
    this.#taken()
    return state
  }

  #ready(): void {
    const problem = this.channel.send(FRAME.ready, new Uint8Array(0), [], NEXT_MS_MAX)
    if (problem !== undefined) throw this.#fault(problem)
  }

  #fault(problem: ChannelProblem): BatonError {
    if (this.channel.isEnded) return this.#orphaned()
    const last = this.channel.receive(0)
    return failed('why' in last || last.kind !== FRAME.failed ? problem.why : textOf(last))
  }

  #orphaned(): BatonError {
    this.isOrphan = true
    const message = 'the running node has died while this process was to take its place'
    return new BatonError('ERR_REPLACE_FAILED', message, { hint: 'start the node anew: `baton up`' })
  }

  async #allOf(reading: readonly Promise<number>[]): Promise<void> {
    try {
      await Promise.all(reading)
    } catch (error) {
      throw this.refuse(messageOf(error))
    }
  }

  /** The running node acts no more. Throws if it has given up in the meantime: then nothing may be done with what it gave. */
  #taken(): void {
    const problem = this.channel.send(FRAME.taken, new Uint8Array(0), [], NEXT_MS_MAX)
    if (problem === undefined) return this.channel.close()
    const last = this.channel.receive(NEXT_MS_MAX)
    throw failed('why' in last ? problem.why : textOf(last))
  }

  /** Tells the running node, which goes on. */
  refuse(why: string): BatonError {
    this.channel.send(FRAME.failed, new TextEncoder().encode(why), [], NEXT_MS_MAX)
    return failed(why)
  }

  #read<T>(frame: Frame): T {
    try {
      return v8.deserialize(frame.bytes) as T
    } catch (error) {
      throw this.refuse(`what the running node has told cannot be read: ${messageOf(error)}`)
    }
  }
}

function portProblem(what: string, running: number, wanted: number): string[] {
  return wanted === 0 || wanted === running ? [] : [`its ${what} port is ${running}, not ${wanted}`]
}

async function asked(client: ControlClient, socket: string): Promise<void> {
  try {
    await client.replace({ version: HANDOVER_VERSION, socket })
  } catch (error) {
    if (!(error instanceof BatonError) || error.code !== 'ERR_REQUEST_UNKNOWN') throw error
    const message = 'the running node is of a release that cannot be replaced while it runs'
    throw new BatonError('ERR_REPLACE_VERSION', message, { hint: THE_OTHER_WAY, cause: error })
  }
}

function helloOf(frame: Frame): Hello {
  let hello: Hello | undefined
  try {
    hello = v8.deserialize(frame.bytes) as Hello
  } catch (error) {
    throw failed(`the running node cannot be understood: ${messageOf(error)}`)
  }
  if (hello.version === HANDOVER_VERSION) return hello
  const message = `the running node hands itself over by version ${hello.version}, and this release takes version ${HANDOVER_VERSION}`
  throw new BatonError('ERR_REPLACE_VERSION', message, { hint: THE_OTHER_WAY })
}

function textOf({ bytes }: Frame): string {
  return new TextDecoder().decode(bytes)
}

function failed(why: string): BatonError {
  const hint = `the running node goes on as before; its log says more. Otherwise ${THE_OTHER_WAY}`
  return new BatonError('ERR_REPLACE_FAILED', `the running node was not replaced: ${why}`, { hint })
}
