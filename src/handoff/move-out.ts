/**
 * A planned move on the side of the director that gives a service away: what comes after what, and what each failure leads to.
 * Until the successor is endorsed this node can go on by itself, and does; afterwards it never does. Everything that takes long
 * comes before the address leaves. What is done, and how, is left to others.
 *
 *     asking ──► hushing ──► serving ──► emptying ──► endorsing ──► passing ──► over
 *        └──────────┴───────────┴─ goes on ─┴── goes back ┘
 *
 *   asking     whether the successor can, and it gets ready
 *   hushing    new connections wait, and handshakes that have begun come to their end: nobody else notices
 *   serving    those that were accepted get their program; those that do not go along without
 *   emptying   the address has left: clients' sockets are emptied and closed, and each node takes their last bytes
 *   endorsing  the successor may act, or cannot be reached
 *   passing    what still comes here for the address is passed on, until the network has learnt where it is
 */
import type { Machine } from '../base/machine.js'
import type { Millis } from '../base/time.js'

export interface MoveOutConfig {
  /** A successor of a release that knows no such question does not answer: then it is as if it had said that it can. */
  readonly askMsMax: Millis
  /** Nothing is dark meanwhile. A client that is slower to finish its handshake is lost. */
  readonly hushMsMax: Millis
  /** Nor now. A client whose program is slower to answer goes along, and is dialled for anew; whoever comes anew waits. */
  readonly serveMsMax: Millis
  /** Clients wait. A node that has not taken its last bytes by then is more likely gone than slow. */
  readonly emptyMsMax: Millis
  /** Switches and hosts learn from the first announcement, or from one a moment later. */
  readonly passMs: Millis
}

export const MOVE_OUT_CONFIG: MoveOutConfig = {
  askMsMax: 500,
  hushMsMax: 250,
  serveMsMax: 250,
  emptyMsMax: 1_000,
  passMs: 1_500,
}

/**
 * `handed-over`: the successor was endorsed. `not-here`: this node does not hold the lease, or does no more. `refused`: this node goes
 * on.
 */
export type MoveOutcome = 'handed-over' | 'not-here' | 'refused'

export type MoveOutEvent =
  /** `keeps`: there are connections that can go along. */
  | { readonly type: 'begin'; readonly keeps: boolean }
  /** The successor can take it, or why not. */
  | { readonly type: 'answered'; readonly why: string }
  /** No handshake is under way. */
  | { readonly type: 'met' }
  /** All that were accepted are served. */
  | { readonly type: 'quiet' }
  /** Each node has what its backend halves are to have. */
  | { readonly type: 'emptied' }
  /** What came of `endorse`. */
  | { readonly type: 'endorsed' | 'not-endorsed' }
  /** The successor cannot be reached any more. */
  | { readonly type: 'successor-gone' }
  /** The lease is over, lost or another's; also when this very node has it in a new term. Not that `endorse` has ended it. */
  | { readonly type: 'lease-gone' }

export type MoveOutEffect =
  | { readonly type: 'ask' }
  /** New connections wait; answered with `met`. */
  | { readonly type: 'hush' }
  /** Answered with `quiet`. */
  | { readonly type: 'serve' }
  /** They need not wait any longer: the address stays here. */
  | { readonly type: 'welcome' }
  /** The address leaves, and then the sockets are emptied; answered with `emptied`. */
  | { readonly type: 'empty' }
  /** Answered with `endorsed` or `not-endorsed`. */
  | { readonly type: 'endorse' }
  /** This node goes on with what it gave away: as after a takeover, in its own term. */
  | { readonly type: 'go-back' }
  /** What has come for the address since it left, and what comes from now on, is the successor's. */
  | { readonly type: 'pass' }
  /** Nothing is to be caught any more. */
  | { readonly type: 'end' }
  | { readonly type: 'answer'; readonly outcome: MoveOutcome; readonly why: string }

export type MoveOutPhase = 'idle' | 'asking' | 'hushing' | 'serving' | 'emptying' | 'endorsing' | 'passing' | 'over'

export class MoveOut implements Machine<MoveOutEvent, MoveOutEffect> {
  readonly #effects: MoveOutEffect[] = []
  #phase: MoveOutPhase = 'idle'
  #deadline: Millis | undefined

  constructor(
    /** The node stops, and better a successor that lacks something than none. */
    private readonly mustGo: boolean,
    private readonly config: MoveOutConfig = MOVE_OUT_CONFIG,
  ) {}

  get phase(): MoveOutPhase {
    return this.#phase
  }

  /** The service is not this node's alone any more to be moved, or is being moved. */
  get isUnderWay(): boolean {
    return this.#phase !== 'passing' && this.#phase !== 'over'
  }

  /** New connections wait, and the address is here. */
  get #isHushed(): boolean {
    return this.#phase === 'hushing' || this.#phase === 'serving'
  }

  handle(event: MoveOutEvent, now: Millis): void {
    if (event.type === 'lease-gone') return this.#loseLease()
    if (event.type === 'successor-gone') return this.#loseSuccessor(now)
    switch (this.#phase) {
      case 'idle':
        if (event.type !== 'begin') return
        return event.keeps ? this.#enter('asking', 'ask', now + this.config.askMsMax) : this.#endorse()
      case 'asking':
        if (event.type !== 'answered') return
        if (event.why !== '' && !this.mustGo) return this.#stay(event.why)
        return this.#hush(now)
      case 'hushing':
        return event.type === 'met' ? this.#serve(now) : undefined
      case 'serving':
        return event.type === 'quiet' ? this.#empty(now) : undefined
      case 'emptying':
        return event.type === 'emptied' ? this.#endorse() : undefined
      case 'endorsing':
        if (event.type === 'endorsed') this.#pass(now)
        else if (event.type === 'not-endorsed') this.#goBack('it cannot be endorsed now')
    }
  }

  tick(now: Millis): void {
    if (this.#deadline === undefined || now < this.#deadline) return
    if (this.#phase === 'asking') this.#hush(now)
    else if (this.#phase === 'hushing') this.#serve(now)
    else if (this.#phase === 'serving') this.#empty(now)
    else if (this.#phase === 'emptying') this.#endorse()
    else if (this.#phase === 'passing') this.#finish()
  }

  poll(): MoveOutEffect | undefined {
    return this.#effects.shift()
  }

  nextDeadline(): Millis | undefined {
    return this.#deadline
  }

  #hush(now: Millis): void {
    this.#enter('hushing', 'hush', now + this.config.hushMsMax)
  }

  #serve(now: Millis): void {
    this.#enter('serving', 'serve', now + this.config.serveMsMax)
  }

  #empty(now: Millis): void {
    this.#enter('emptying', 'empty', now + this.config.emptyMsMax)
  }

  #endorse(): void {
    this.#enter('endorsing', 'endorse', undefined)
  }

  #pass(now: Millis): void {
    this.#enter('passing', 'pass', now + this.config.passMs)
    this.#answer('handed-over', '')
  }

  #loseSuccessor(now: Millis): void {
    const why = 'it has gone'
    if (this.#phase === 'asking' || this.#isHushed) return this.#stay(why)
    if (this.#phase === 'emptying') return this.#goBack(why)
    // Endorsed, it may act all the same, or others will: what it was to hear of is lost, and clients send it again.
    if (this.#phase === 'passing') this.tick(Math.max(now, this.#deadline ?? now))
  }

  /** What was begun is somebody else's from now on, or nobody's: nothing is brought back. */
  #loseLease(): void {
    const wasUnderWay = this.#phase !== 'idle' && this.isUnderWay
    if (this.#phase === 'over') return
    this.#finish()
    if (wasUnderWay) this.#answer('not-here', 'this node has lost the lease')
  }

  /** The address has not left. */
  #stay(why: string): void {
    if (this.#isHushed) this.#effects.push({ type: 'welcome' })
    this.#finish()
    this.#answer('refused', why)
  }

  #goBack(why: string): void {
    this.#effects.push({ type: 'go-back' })
    this.#finish()
    this.#answer('refused', why)
  }

  #finish(): void {
    this.#phase = 'over'
    this.#deadline = undefined
    this.#effects.push({ type: 'end' })
  }

  #enter(
    phase: MoveOutPhase,
    effect: 'ask' | 'hush' | 'serve' | 'empty' | 'endorse' | 'pass',
    deadline: Millis | undefined,
  ): void {
    this.#phase = phase
    this.#deadline = deadline
    this.#effects.push({ type: effect })
  }

  #answer(outcome: MoveOutcome, why: string): void {
    this.#effects.push({ type: 'answer', outcome, why })
  }
}
