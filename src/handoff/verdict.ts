/**
 * Whether a rebuilt connection has lost bytes of its client: those that the dead director's kernel had acknowledged, and that no
 * backend half has. Nothing but the client knows. It offers each byte until it is acknowledged, so whoever offers the byte that
 * is expected next has not been told that it arrived; and whoever has nothing to offer says in an empty ACK how far it has come.
 *
 *     expected = our rcv_nxt        offered at or before it, and not wholly before it ──► nothing is lost
 *     an empty ACK at expected      ──► nothing is lost, and nothing is on its way
 *     anything beyond it            ──► ahead: lost, or only not yet sent again
 *
 * What was late in the network may say so too, of a time before the loss. Then the gap is behind what it offered, and shows with the
 * next word of the client: so for a while after the verdict it is looked whether what is heard from beyond is filled.
 *
 *     unverified ──► proven, filled ──► a gap that stays ──► reset
 *               └──► reset, gone
 */
import type { Millis } from '../base/time.js'
import { type ClientNumbers, placeOf } from './client-word.js'
import type { Segment } from './segment.js'
import { isBefore } from './sequence.js'

export type Verdict =
  /** The client has come exactly as far as we have, or goes on from there. */
  | 'proven'
  /** It was ahead, and has sent again what we lacked. */
  | 'filled'
  /** What we lack never came again: it was acknowledged, and nobody has it. The connection ends with an RST. */
  | 'reset'
  /** The client has ended the connection. */
  | 'gone'
  /** Not heard of. */
  | 'unverified'

/**
 * After this, and twice the time that nobody answered, the client's retransmission timer has run out at least once more. Of one that is
 * distant it is three round trips at first (RFC 6298, 2.2), and what is sent then is half of one on its way.
 */
const HOLE_MS_MIN: Millis = 1_000
const TIMER_ROUND_TRIPS = 4
/** Whoever answers later, or with bytes alone, may be as far away as a satellite; further away nobody is. */
const ROUND_TRIP_MS_MAX: Millis = 1_000
/**
 * An empty ACK may also be a keepalive, which names the byte before; the answer to our probe, which comes within a round trip, then
 * says that the client is further.
 */
const LEVEL_MS: Millis = 300
/**
 * A gap that opens after the verdict, and twice the dark time: a network that loses one packet of ten opens some as well, and then
 * the client's timer doubles five times in that time.
 */
const LATE_GAP_MS: Millis = 10_000
/** The first answer may be lost; one that is asked for again costs two packets. */
const PROBE_AFTER_MS: readonly Millis[] = [600, 1_200, 2_400, 4_800, 9_600, 30_000, 60_000]

export interface Expectation extends ClientNumbers {
  /** How long nobody had answered the client when the socket was let go. */
  readonly darkMs: Millis
}

/** Up to where the client has been heard to have sent, and since when the socket has got no nearer. */
interface Gap {
  readonly end: number
  taken: number
  since: Millis
}

export class VerdictWatch {
  #verdict: Verdict = 'unverified'
  #aheadSince: Millis | undefined
  #levelSince: Millis | undefined
  /** From the probe to the first empty ACK, which answers it; no less than a round trip. */
  #answerMs: Millis = ROUND_TRIP_MS_MAX
  #ack: number | undefined
  #missing: number | undefined
  #probes = 0
  #probeAt: Millis
  /** Where the segment begins that is the furthest, of all that were heard; counted from what was expected. */
  #furthest = 0
  /** A gap that is seen after the verdict, up to then. */
  #gap: Gap | undefined
  #gapsUntil: Millis = 0

  constructor(
    private readonly expected: Expectation,
    private readonly begunAt: Millis,
  ) {
    this.#probeAt = begunAt + (PROBE_AFTER_MS[0] as Millis)
  }

  get verdict(): Verdict {
    return this.#verdict
  }

  get isOpen(): boolean {
    return this.#verdict === 'unverified'
  }

  /** Nothing is to be watched any more. */
  isOver(now: Millis): boolean {
    if (this.#verdict === 'reset' || this.#verdict === 'gone') return true
    return !this.isOpen && this.#gap === undefined && now >= this.#gapsUntil
  }

  /** `taken` and `given`: see `placeOf`. What cannot be the client's word changes nothing. */
  hear(segment: Segment, now: Millis, taken: number, given: number): void {
    const begin = placeOf(segment, this.expected, taken, given)
    if (begin === undefined) return
    const { ack, length } = segment
    // Bytes may have been on their way before.
    if (length === 0) this.#answerMs = Math.min(now - this.begunAt, this.#answerMs)
    const isNewest = this.#ack !== undefined && isBefore(this.#ack, ack)
    if (this.#ack === undefined || isNewest) this.#ack = ack
    this.#furthest = Math.max(this.#furthest, begin)
    if (!this.isOpen) {
      // Whoever is ahead says this of no place but its own, or in a keepalive of the byte before: the word from beyond was another's.
      if (length === 0 && begin === taken && this.#furthest > taken + 1) this.#forgetGap(now, taken)
      return
    }
    if (begin > 0) {
      this.#aheadSince ??= now
      if (length > 0) this.#missing = Math.min(this.#missing ?? begin, begin)
    } else if (length > 0 && begin + length > 0) this.#takeUp(now)
    else if (begin === 0) this.#findLevel(now, isNewest)
  }

  /** The socket has seen that the client is ahead; also where nobody heard it. */
  noticeGap(now: Millis): void {
    this.#aheadSince ??= now
  }

  /** What lies before the first byte that the client has offered; `undefined`: it has offered none beyond what is expected. */
  get missing(): number | undefined {
    return this.#missing
  }

  /** The next byte that the client expects of us, as it has said; `undefined`: it was not heard. */
  get ack(): number | undefined {
    return this.#ack
  }

  /** `hasTakenUp`: the socket has taken bytes of the client since; also where nobody saw them come. */
  tick(now: Millis, hasTakenUp: boolean): void {
    if (!this.isOpen) return
    if (hasTakenUp) this.#takeUp(now)
    else if (this.#aheadSince !== undefined) {
      if (now >= this.#aheadSince + this.#holeMsMax) this.#verdict = 'reset'
    } else if (this.#levelSince !== undefined && now >= this.#levelSince + LEVEL_MS) this.#findWhole('proven', now)
  }

  /**
   * After the verdict. `isWaiting`: bytes that came wait to be read or to be passed on, so that what was taken says nothing; asked only
   * when it matters.
   */
  tickWhole(now: Millis, taken: number, isWaiting: () => boolean): void {
    if (this.#gap !== undefined && taken >= this.#gap.end) this.#gap = undefined
    if (this.#gap === undefined) {
      if (now < this.#gapsUntil && taken < this.#furthest) this.#gap = { end: this.#furthest, taken, since: now }
    } else if (taken > this.#gap.taken) {
      this.#gap.taken = taken
      this.#gap.since = now
    } else if (now >= this.#gap.since + LATE_GAP_MS + 2 * this.expected.darkMs) {
      if (isWaiting()) this.#gap.since = now
      else this.#verdict = 'reset'
    }
  }

  /** `true`: the client is to be asked again, and that has been counted. */
  takeProbe(now: Millis): boolean {
    const isHeard = this.#aheadSince !== undefined || this.#levelSince !== undefined
    if (!this.isOpen || isHeard || now < this.#probeAt) return false
    this.#probes++
    const last = PROBE_AFTER_MS.length - 1
    this.#probeAt = now + (PROBE_AFTER_MS[Math.min(this.#probes, last)] as Millis)
    return true
  }

  /** When to look again. */
  nextDeadline(): Millis | undefined {
    if (!this.isOpen) return undefined
    if (this.#aheadSince !== undefined) return this.#aheadSince + this.#holeMsMax
    return this.#levelSince === undefined ? this.#probeAt : this.#levelSince + LEVEL_MS
  }

  get #holeMsMax(): Millis {
    return Math.max(HOLE_MS_MIN, TIMER_ROUND_TRIPS * this.#answerMs) + 2 * this.expected.darkMs
  }

  #takeUp(now: Millis): void {
    this.#findWhole(this.#aheadSince === undefined ? 'proven' : 'filled', now)
  }

  /** What acknowledges more than all before was sent after them: then whoever was ahead was somebody else. */
  #findLevel(now: Millis, isNewest: boolean): void {
    if (this.#aheadSince !== undefined) {
      if (!isNewest) return
      this.#aheadSince = undefined
      this.#missing = undefined
      this.#levelSince = now
    }
    this.#levelSince ??= now
  }

  /** If this word was late, and the other was not, that one is heard again. */
  #forgetGap(now: Millis, taken: number): void {
    this.#gap = undefined
    this.#furthest = taken
    this.#gapsUntil = now + this.#holeMsMax
  }

  /** It is watched as long as its client may take to be heard again. */
  #findWhole(verdict: 'proven' | 'filled', now: Millis): void {
    this.#verdict = verdict
    this.#gapsUntil = now + this.#holeMsMax
  }
}
