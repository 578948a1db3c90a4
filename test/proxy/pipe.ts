/** The way between two halves as a test has it: in order, without loss, as late as it likes; it keeps its own books. */
import type { Clock } from '../../src/base/clock.js'
import type { Counterpart } from '../../src/proxy/counterpart.js'
import { Half } from '../../src/proxy/half.js'
import type { Gate, HalfOwner } from '../../src/proxy/half-tools.js'
import type { Reason } from '../../src/proxy/reasons.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import { FakeSocket } from './fake-socket.js'

const POISON = 0xee

export class Pipe implements Counterpart {
  isRemote = false
  rttMs = 0
  resets = 0
  confirms = 0
  /** Highest offset that was sent, and the highest that credit allowed when it was. */
  sent = 0
  limit = 0
  /** What credit or order forbids, as the pipe saw it. */
  readonly faults: string[] = []
  /** Counts the last ACK's fields, for tests that look at them. */
  lastAck: { written: number; acknowledged: number; window: number } | undefined
  #ended = false
  #isFull = false
  #isBroken = false
  readonly #late: (() => void)[] = []

  /** `back` carries what the other half sends; `to` is known when both halves are made. */
  to: Half | undefined
  back: Pipe | undefined

  constructor(readonly delayed: boolean) {}

  get congested(): boolean {
    return this.#isFull || this.#isBroken
  }

  set congested(full: boolean) {
    this.#isFull = full
  }

  get waiting(): number {
    return this.#late.length
  }

  /** What is on its way is lost; the other half has got `received` bytes of all. */
  break(received: number): void {
    this.#late.length = 0
    this.sent = received
    this.#ended = false
    this.#isBroken = true
  }

  mend(): void {
    this.#isBroken = false
  }

  freeze(clock: number | undefined): void {
    this.to?.receiveFreeze(clock)
  }

  /** Delivers the oldest; `false`: there is none. */
  step(): boolean {
    const first = this.#late.shift()
    first?.()
    return first !== undefined
  }

  data(offset: number, chunk: Uint8Array): void {
    if (chunk.length === 0) this.faults.push('empty DATA')
    if (this.congested) this.faults.push('DATA while congested')
    if (this.#ended) this.faults.push('DATA after FIN')
    if (offset !== this.sent) this.faults.push(`DATA at ${offset}, not ${this.sent}`)
    this.sent = offset + chunk.length
    if (this.sent > this.limit) this.faults.push(`DATA up to ${this.sent} with credit up to ${this.limit}`)
    const copy = chunk.slice()
    this.#later(() => {
      this.to?.receiveData(offset % 2 ** 32, copy)
      copy.fill(POISON)
    })
  }

  ack(written: number, acknowledged: number, window: number): void {
    this.lastAck = { written, acknowledged, window }
    this.#later(() => {
      if (this.back !== undefined) this.back.limit = Math.max(this.back.limit, written + window)
      this.to?.receiveAck(written, acknowledged, window)
    })
  }

  fin(offset: number): void {
    if (this.#isBroken) return
    if (this.#ended) this.faults.push('a second FIN')
    this.#ended = true
    this.#later(() => this.to?.receiveFin(offset))
  }

  reset(reason: Reason): void {
    this.resets++
    this.#later(() => this.to?.receiveReset(reason))
  }

  confirm(): void {
    this.confirms++
  }

  #later(call: () => void): void {
    if (this.#isBroken) return
    if (this.delayed) this.#late.push(call)
    else call()
  }
}

export class Side implements HalfOwner {
  readonly socket = new FakeSocket()
  readonly out: Pipe
  readonly half: Half
  readonly finished: (Reason | undefined)[] = []
  readonly incidents: string[] = []
  readonly pool = new RetentionPool()
  unsettled = 0

  constructor(
    clock: Clock,
    gate: Gate,
    readonly windowBytes: number,
    delayed: boolean,
    keepsUntil: 'written' | 'acknowledged' = 'written',
  ) {
    this.out = new Pipe(delayed)
    const tools = { clock, gate, pool: this.pool, windowBytes, keepsUntil }
    this.half = new Half(this.socket, this, tools)
  }

  onOpen(): void {}

  onFinished(reason: Reason | undefined): void {
    this.finished.push(reason)
  }

  onDeposed(): void {
    this.half.abort('lease-lost')
  }

  onUnsettled(): void {
    this.unsettled++
  }

  onIncident(what: string): void {
    this.incidents.push(what)
  }
}

export interface PairOptions {
  readonly windows?: readonly [number, number]
  readonly delayed?: boolean
  readonly clock?: Clock
  readonly gate?: Gate
  /** The second is a backend half on another node. */
  readonly remote?: boolean
}

/** Two halves of one splice, joined. The gate is the first one's. */
export function pair(options: PairOptions = {}): readonly [Side, Side] {
  const { windows = [1_000, 1_000], delayed = false, remote = false, gate = { isOpen: () => true } } = options
  const clock = options.clock ?? { now: () => 0, wall: () => 0 }
  const a = new Side(clock, gate, windows[0], delayed)
  const b = new Side(clock, { isOpen: () => true }, windows[1], delayed, remote ? 'acknowledged' : 'written')
  a.out.isRemote = remote
  b.out.isRemote = remote
  for (const [here, there] of [
    [a, b],
    [b, a],
  ] as const) {
    here.out.to = there.half
    here.out.back = there.out
    here.out.limit = there.windowBytes
  }
  b.half.join(b.out, a.windowBytes)
  a.half.join(a.out, b.windowBytes)
  return [a, b]
}
