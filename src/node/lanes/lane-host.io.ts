import { type Transferable, Worker } from 'node:worker_threads'
import { type Endpoint, formatEndpoint } from '../../base/address.js'
import { BatonError } from '../../base/errors.js'
import { asOrdinary } from '../../base/haste.io.js'
import type { Logger } from '../../base/log.js'
import type { HandOverMessage } from '../../lane/handover.io.js'
import type { FromLane, LaneSetup, ToLane } from '../../proxy/lane-protocol.js'
import type { LaneReport } from '../../proxy/lane-report.js'

/** What a lane makes lives for a splice or for a turn; more room for the young would only be memory that stays taken. */
const YOUNG_MB = 24

/** A lane that does not answer a question within this time is busy; the control plane does not wait for it. */
const ANSWER_MS = 2_000

type Inherited = Extract<FromLane, { type: 'inherited' }>

/** Questions, and what the next process of this node tells its own lanes when it begins, or makes anew. */
const SAID_ANEW: ReadonlySet<ToLane['type']> = new Set([
  'query',
  'link-expect',
  'link-dial',
  'backends',
  'local-listeners',
  'directors',
  'resolved',
  'steer',
  'adopt-door',
  'source-way',
  'access-taken',
  'standbys',
] as const)

/** The control plane's end of one lane: its thread, its messages, and the questions that wait for an answer. */
export class LaneHost {
  readonly #worker: Worker
  readonly #questions = new Map<number, (report: LaneReport | undefined) => void>()
  readonly #inheritances: ((answer: Inherited) => void)[] = []
  #nextQuestion = 1
  #wakeFd = -1
  /** On the epoll engine: it has loaded all that it runs, and waits for what comes. */
  readonly awake: Promise<void>
  #onAwake: () => void = () => {}
  #ended: Promise<void>
  #told = 0
  #isStopping = false

  constructor(
    setup: LaneSetup,
    /** Ends the wait of a lane that sits in the kernel. */
    private readonly wake: (fd: number) => void,
    private readonly logger: Logger,
    private readonly onMessage: (message: FromLane) => void,
    onDeath: (error: Error) => void,
  ) {
    // Lanes take as much of a host as connections bring, beside the programs that they serve.
    this.#worker = asOrdinary(
      () =>
        new Worker(new URL('../../lane/worker.io.js', import.meta.url), {
          workerData: setup,
          name: `lane-${setup.lane}`,
          resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
        }),
    )
    this.#worker.on('message', (message: FromLane) => this.#receive(message))
    this.awake = new Promise((resolve) => {
      this.#onAwake = resolve
    })
    let thrown: Error | undefined
    this.#worker.on('error', (error) => {
      thrown = error
    })
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', (status) => {
        resolve()
        // Not before: what is open there is nobody's until its thread is over.
        if (!this.#isStopping) onDeath(thrown ?? new Error(`its thread has ended with status ${status}`))
      })
    })
  }

  post(message: ToLane): void {
    if (!SAID_ANEW.has(message.type)) this.#told++
    this.#worker.postMessage(message)
    if (this.#wakeFd >= 0) this.wake(this.#wakeFd)
  }

  /** How much it was told so far that is nowhere else. */
  get told(): number {
    return this.#told
  }

  /** What only this lane is to have: memory and ports change hands. */
  hand(message: ToLane | HandOverMessage, transfer: readonly Transferable[]): void {
    this.#worker.postMessage(message, [...transfer])
    if (this.#wakeFd >= 0) this.wake(this.#wakeFd)
  }

  /** Answers how many rows were read, or why they cannot be. */
  inherit(bytes: Uint8Array, fds: readonly number[]): Promise<Inherited> {
    const answer = new Promise<Inherited>((resolve) => this.#inheritances.push(resolve))
    this.hand({ type: 'inherit', bytes, fds }, [bytes.buffer as ArrayBuffer])
    return answer
  }

  /** The first message of one of these types; for the answers that a start waits for. */
  first<T extends FromLane['type']>(...types: T[]): Promise<Extract<FromLane, { type: T }>> {
    return new Promise((resolve) => {
      const look = (message: FromLane) => {
        if (!types.some((type) => type === message.type)) return
        this.#worker.off('message', look)
        resolve(message as Extract<FromLane, { type: T }>)
      }
      this.#worker.on('message', look)
    })
  }

  async query(limit: number, service?: string): Promise<LaneReport> {
    const query = this.#nextQuestion++
    const answer = new Promise<LaneReport | undefined>((resolve) => {
      this.#questions.set(query, resolve)
      setTimeout(() => resolve(undefined), ANSWER_MS).unref()
    })
    this.post({ type: 'query', query, limit, ...(service === undefined ? {} : { service }) })
    const report = await answer
    this.#questions.delete(query)
    if (report !== undefined) return report
    const hint = 'it is busy or stuck; try again, and look at its thread with `top -H`'
    throw new BatonError('ERR_LANE_SILENT', `the data plane did not answer within ${ANSWER_MS} ms`, { hint })
  }

  /** Resets what is left, lets all sockets go, ends the thread; by force after `limitMs`. */
  async stop(limitMs: number): Promise<void> {
    this.#isStopping = true
    this.post({ type: 'stop' })
    let late: NodeJS.Timeout | undefined
    const limit = new Promise<void>((resolve) => {
      late = setTimeout(resolve, limitMs)
    })
    await Promise.race([this.#ended, limit])
    clearTimeout(late)
    this.#wakeFd = -1
    await this.#worker.terminate()
  }

  #receive(message: FromLane): void {
    if (message.type === 'awake') {
      this.#wakeFd = message.wakeFd
      this.#onAwake()
      // What was posted before this came waits since then.
      return this.wake(message.wakeFd)
    }
    if (message.type === 'log') return this.logger.log(message.level, message.event, message.fields)
    if (message.type === 'inherited') return this.#inheritances.shift()?.(message)
    if (message.type === 'answer') return this.#questions.get(message.query)?.(message.report)
    this.onMessage(message)
  }
}

/** The lane says where it listens, or why it cannot. */
export async function listenForData(lane: LaneHost, at: Endpoint): Promise<Endpoint> {
  lane.post({ type: 'listen-data', port: at.port })
  const answer = await lane.first('data-listening', 'data-failed')
  if (answer.type === 'data-listening') return answer.at
  const hint =
    'another program, perhaps another node, uses this TCP port or the host lacks the address: choose others with --data-port or --bind'
  throw new BatonError('ERR_DATA_BIND', `cannot listen on ${formatEndpoint(at)} for data links: ${answer.code}`, {
    hint,
  })
}
