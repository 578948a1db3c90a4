/**
 * A lane's part when its process gives way to another: it stands still within one message, hands its rows and descriptors to the
 * control plane, and waits for the verdict. What it would have done meanwhile waits in the kernel, for whoever goes on.
 *
 *     control plane ── hand-over ──► lane:  rows, rows, … last ──► go on │ taken
 */

import v8 from 'node:v8'
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { messageOf } from '../base/errors.js'
import { makeHaste } from '../base/haste.io.js'
import type { FromLane, ToLane } from '../proxy/lane-protocol.js'
import type { CarriedRow } from './carried.js'
import type { Left } from './inheritance.js'
import type { Lane } from './lane.js'

/** Of one batch: what one message of a unix socket takes (SCM_MAX_FD is 253), and so much memory. */
const BATCH_FDS_MAX = 200
const BATCH_BYTES_MAX = 1_048_576
const ROW_BYTES = 512
/** Batches that wait for the control plane. */
const WAITING_MAX = 4

/** Words that both threads see: batches posted, batches taken, verdict. */
export const FLOW_WORDS = 3
const [POSTED, TAKEN, VERDICT] = [0, 1, 2] as const
const VERDICTS = { none: 0, 'go-on': 1, taken: 2, left: 3 } as const

export interface HandOverMessage {
  readonly type: 'hand-over'
  readonly port: MessagePort
  readonly flow: SharedArrayBuffer
}

/** `why`: it cannot be done, and the lane waits for `go-on`. */
export type Batch =
  | {
      readonly bytes: Uint8Array
      readonly fds: readonly number[]
      readonly rows: number
      readonly isLast: boolean
    }
  | { readonly why: string }

interface Packed {
  readonly row: CarriedRow
  /** Of the batch's descriptors; -1: none. */
  readonly at: number
}

/** Returns what became of it. */
export function handOver(lane: Lane, { port, flow }: HandOverMessage): 'go-on' | 'taken' {
  const words = new Int32Array(flow)
  const settle = makeHaste()
  const post = (batch: Batch) => {
    while (Atomics.load(words, POSTED) - Atomics.load(words, TAKEN) >= WAITING_MAX)
      Atomics.wait(words, TAKEN, Atomics.load(words, TAKEN), 10)
    port.postMessage(batch, 'bytes' in batch ? [batch.bytes.buffer as ArrayBuffer] : [])
    Atomics.add(words, POSTED, 1)
    Atomics.notify(words, POSTED)
  }
  try {
    for (const batch of batchesOf(lane)) post(batch)
  } catch (error) {
    post({ why: messageOf(error) })
  }
  Atomics.wait(words, VERDICT, VERDICTS.none)
  port.close()
  if (Atomics.load(words, VERDICT) === VERDICTS['go-on']) {
    settle()
    return 'go-on'
  }
  lane.leave()
  Atomics.store(words, VERDICT, VERDICTS.left)
  Atomics.notify(words, VERDICT)
  return 'taken'
}

function* batchesOf(lane: Lane): Generator<Batch, void, undefined> {
  let [rows, fds, bytes]: [Packed[], number[], number] = [[], [], 0]
  const made = (isLast: boolean): Batch => ({ bytes: v8.serialize(rows), fds, rows: rows.length, isLast })
  for (const { row, fd } of lane.rows()) {
    rows.push({ row, at: fd < 0 ? -1 : fds.length })
    if (fd >= 0) fds.push(fd)
    bytes += ROW_BYTES + bytesOf(row)
    if (fds.length < BATCH_FDS_MAX && bytes < BATCH_BYTES_MAX) continue
    yield made(false)
    ;[rows, fds, bytes] = [[], [], 0]
  }
  yield made(true)
}

/** The control plane's end: batches in order, until the last; `undefined`: none within the time. */
export class HandedOver {
  readonly #words: Int32Array

  constructor(
    private readonly port: MessagePort,
    readonly flow: SharedArrayBuffer,
  ) {
    this.#words = new Int32Array(flow)
  }

  next(limitMs: number): Batch | undefined {
    const taken = Atomics.load(this.#words, TAKEN)
    if (Atomics.load(this.#words, POSTED) === taken) Atomics.wait(this.#words, POSTED, taken, limitMs)
    const received = receiveMessageOnPort(this.port) as { readonly message: Batch } | undefined
    if (received === undefined) return undefined
    Atomics.add(this.#words, TAKEN, 1)
    Atomics.notify(this.#words, TAKEN)
    return received.message
  }

  goOn(): void {
    this.#say('go-on')
  }

  /** The lane acts no more; waits until it has said goodbye on its links. */
  leave(limitMs: number): void {
    this.#say('taken')
    Atomics.wait(this.#words, VERDICT, VERDICTS.taken, limitMs)
  }

  #say(verdict: 'go-on' | 'taken'): void {
    Atomics.store(this.#words, VERDICT, VERDICTS[verdict])
    Atomics.notify(this.#words, VERDICT)
    this.port.close()
  }
}

/** What the lane of a process that is to go on with another's is told of that. */
export class Inheriting {
  readonly #left: Left<CarriedRow>[] = []
  #settle: (() => void) | undefined

  constructor(
    private readonly lane: Lane,
    private readonly port: Pick<MessagePort, 'postMessage'>,
  ) {}

  /** `false`: it is the lane's. */
  hears(message: ToLane): boolean {
    if (message.type === 'take-over') {
      this.lane.takeOver(this.#left.splice(0))
      this.#settle?.()
    } else if (message.type === 'inherit') this.port.postMessage(this.#inherit(message))
    else return false
    return true
  }

  #inherit({ bytes, fds }: Extract<ToLane, { type: 'inherit' }>): FromLane {
    this.#settle ??= makeHaste()
    const rows = unpack(bytes, fds)
    if ('why' in rows) return { type: 'inherited', rows: 0, why: rows.why }
    for (const row of rows) this.#left.push(row)
    return { type: 'inherited', rows: rows.length }
  }
}

/** Rows of a batch with their descriptors; or why it cannot be read. */
export function unpack(bytes: Uint8Array, fds: readonly number[]): Left<CarriedRow>[] | { readonly why: string } {
  try {
    const rows = v8.deserialize(bytes) as readonly Packed[]
    return rows.map(({ row, at }) => {
      const fd = at < 0 ? -1 : fds[at]
      if (typeof row.kind !== 'string' || fd === undefined) throw new Error('a row without its descriptor')
      return { row, fd }
    })
  } catch (error) {
    return { why: messageOf(error) }
  }
}

function bytesOf(row: CarriedRow): number {
  if (row.kind !== 'client' && row.kind !== 'backend') return 0
  const { book, kept } = row.kind === 'client' ? row.half : row.backend.half
  return row.socket.unsent.byteLength + kept.bytes.byteLength + (book.held?.byteLength ?? 0)
}
