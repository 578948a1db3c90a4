import { Worker } from 'node:worker_threads'
import type { Rival } from '../../address/ports.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import type { FromWire, ToWire, WireSetup } from '../../wire/wire-protocol.js'
import type { Beats } from '../lanes/beats.js'
import { TurnWatch } from '../lanes/turn-watch.js'

/** Beyond this the thread is stuck, and whoever asked goes on without an answer. */
const ANSWER_MS: Millis = 500
const LOOK_EVERY_MS: Millis = 500
/** Ten seconds. A kernel that is busy with its interfaces has it wait for tenths of one, and what hangs for less is no loss. */
const LOOKS_MAX = 20

export interface WireHostParts {
  /** Where there is a pulse, which the thread beats as well. */
  readonly beats?: Beats | undefined
  readonly wake: (fd: number) => void
  readonly logger: Logger
  /** Another says that it has an address that is held here; `times`: since the last that was told. */
  readonly onRival: (address: string, rival: Rival, times: number) => void
  /** Or it hangs. */
  readonly onDeath: (error: Error) => void
}

export interface Probed {
  readonly rival: Rival | undefined
  /** On how many interfaces; 0: nobody could be asked. */
  readonly asked: number
}

/** The control plane's end of the thread that speaks with the LAN about addresses. */
export class WireHost {
  readonly #worker: Worker
  readonly #looks: NodeJS.Timeout
  readonly #questions = new Map<string, (probed: Probed) => void>()
  #wakeFd = -1

  constructor(
    setup: Omit<WireSetup, 'turns'>,
    private readonly parts: WireHostParts,
  ) {
    const turns = new Int32Array(new SharedArrayBuffer(4))
    const workerData: WireSetup = { ...setup, turns: turns.buffer }
    // As nice as the main thread: it answers for addresses, and has little to do.
    this.#worker = new Worker(new URL('../../wire/wire.io.js', import.meta.url), { workerData, name: 'wire' })
    this.#worker.unref()
    this.#worker.on('message', (message: FromWire) => this.#receive(message))
    this.#worker.on('error', parts.onDeath)
    const watch = new TurnWatch(LOOKS_MAX)
    this.#looks = setInterval(() => {
      if (watch.look(Atomics.load(turns, 0))) parts.onDeath(new Error(`it hangs, for ${LOOKS_MAX * LOOK_EVERY_MS} ms`))
    }, LOOK_EVERY_MS).unref()
  }

  /** Whether somebody on the LAN has the address. */
  async probe(address: string, places: readonly string[]): Promise<Probed> {
    const answer = new Promise<Probed>((resolve) => {
      this.#questions.set(address, resolve)
      setTimeout(() => resolve({ rival: undefined, asked: 0 }), ANSWER_MS).unref()
    })
    this.#post({ type: 'probe', address, places })
    const probed = await answer
    this.#questions.delete(address)
    return probed
  }

  /** It is here: tell, answer, watch, within the lease of that slot. */
  hold(address: string, places: readonly string[], slot: number): void {
    this.parts.beats?.hold(address)
    this.#post({ type: 'hold', address, places, slot })
  }

  drop(address: string): void {
    this.parts.beats?.drop(address)
    this.#post({ type: 'drop', address })
  }

  /** Another process has the addresses from now on, and this one ends at once. */
  giveAway(): void {
    this.parts.beats?.end()
  }

  stop(): void {
    clearInterval(this.#looks)
    this.parts.beats?.end()
    this.#post({ type: 'stop' })
    this.#wakeFd = -1
    void this.#worker.terminate()
  }

  #post(message: ToWire): void {
    this.#worker.postMessage(message)
    if (this.#wakeFd >= 0) this.parts.wake(this.#wakeFd)
  }

  #receive(message: FromWire): void {
    if (message.type === 'awake') {
      this.#wakeFd = message.wakeFd
      return this.parts.wake(message.wakeFd)
    }
    if (message.type === 'log') return this.parts.logger.log(message.level, message.event, message.fields)
    if (message.type === 'rival') return this.parts.onRival(message.address, message.rival, message.times)
    this.#questions.get(message.address)?.({ rival: message.rival, asked: message.asked })
  }
}
