/** Asks other nodes on behalf of an operator, and answers them: one question, one answer, or the end of the link. */
import type { AlarmClock } from '../base/clock.js'
import { BatonError, messageOf } from '../base/errors.js'
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import { decodeErrand, type Errand, type ErrandAnswer, encodeErrand } from './errand.js'

/** A move takes a second where a node has died under it. */
export const ERRAND_MS_MAX: Millis = 7_000
/** Of one peer: questions come one at a time from people, and checks in eights from a director. */
const OPEN_MAX = 32

export type ErrandOutcome =
  | ErrandAnswer
  /** The link ended first. */
  | { readonly type: 'lost'; readonly at: Millis }
  /** Nothing came in time: no link, or a node that does not know the question. */
  | { readonly type: 'silent' }

/** Rejects with a `BatonError` for what is refused. `undefined`: nothing is to be answered. */
export type ErrandHandler = (from: NodeId, errand: Errand) => Promise<ErrandAnswer | undefined>

interface Pending {
  readonly peer: NodeId
  readonly end: (outcome: ErrandOutcome) => void
}

export interface ErrandParts {
  readonly clock: AlarmClock
  readonly send: (to: NodeId, bytes: Uint8Array) => void
}

export class Errands {
  /** Answers others; until it is set, nobody does. */
  handler: ErrandHandler | undefined
  readonly #pending = new Map<number, Pending>()
  readonly #answering = new Map<NodeId, number>()
  #last = 0

  constructor(private readonly parts: ErrandParts) {}

  /** Resolves within `limitMs`; never rejects. */
  ask(peer: NodeId, errand: Errand, limitMs = ERRAND_MS_MAX): Promise<ErrandOutcome> {
    this.#last = (this.#last + 1) >>> 0
    const number = this.#last
    return new Promise((resolve) => {
      const alarm = this.parts.clock.alarm(() => end({ type: 'silent' }))
      const end = (outcome: ErrandOutcome) => {
        if (!this.#pending.delete(number)) return
        alarm.set(undefined)
        resolve(outcome)
      }
      this.#pending.set(number, { peer, end })
      alarm.set(this.parts.clock.now() + limitMs)
      this.parts.send(peer, encodeErrand({ type: 'ask', number, errand }))
    })
  }

  receive(from: NodeId, bytes: Uint8Array): void {
    const message = decodeErrand(bytes)
    if (message?.type === 'ask') return this.#answer(from, message.number, message.errand)
    const pending = message === undefined ? undefined : this.#pending.get(message.number)
    if (message?.type === 'answer' && pending?.peer === from) pending.end(message.answer)
  }

  linkDown(peer: NodeId): void {
    const at = this.parts.clock.now()
    for (const pending of [...this.#pending.values()]) if (pending.peer === peer) pending.end({ type: 'lost', at })
  }

  #answer(from: NodeId, number: number, errand: Errand): void {
    const open = this.#answering.get(from) ?? 0
    if (this.handler === undefined || open >= OPEN_MAX) return
    this.#answering.set(from, open + 1)
    this.handler(from, errand)
      .catch((error: unknown) => refusalOf(error))
      .then((answer) => {
        const left = (this.#answering.get(from) ?? 1) - 1
        if (left > 0) this.#answering.set(from, left)
        else this.#answering.delete(from)
        if (answer !== undefined) this.parts.send(from, encodeErrand({ type: 'answer', number, answer }))
      })
  }
}

function refusalOf(error: unknown): ErrandAnswer {
  if (!(error instanceof BatonError))
    return { type: 'refused', code: 'ERR_INTERNAL', message: messageOf(error), hint: '' }
  const { code, message, hint = '' } = error
  return { type: 'refused', code, message, hint }
}
