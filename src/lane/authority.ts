/**
 * In whose name a peer may speak on its data link. Orders come from the director itself: OPEN and RESUME in a term that the
 * peer holds, and OPEN for a client that it accepted. Whose client RESUME is about is free: a director that takes over goes
 * on with the splices of the one before. Whether the term is the one obeyed is for `Backends`.
 */
import { formatSpliceId, formatTerm, shortId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { NodeName } from '../proxy/lane-protocol.js'
import type { AskFrame } from '../proxy/ledger-frames.js'
import type { OpenFrame, ResumeFrame } from '../proxy/splice-frame.js'
import { LogThrottle } from '../trunk/log-throttle.js'
import { type LaneContext, logFrom } from './lane-context.js'

/** It is a fault or an attack, and either comes in numbers. */
const LOG_EVERY_MS: Millis = 60_000

export class Authority {
  readonly #log = new LogThrottle(LOG_EVERY_MS)

  constructor(
    private readonly peer: NodeName,
    private readonly context: LaneContext,
  ) {}

  /** Why the frame is to be refused; `undefined`: the peer may send it. */
  problem(frame: OpenFrame | ResumeFrame): string | undefined {
    const { kind, id, term } = frame
    if (term.holder !== this.peer.node) return this.#refused(`${kind} in term ${formatTerm(term)}`)
    if (kind === 'open' && id.node !== this.peer.node) return this.#refused(`${kind} of splice ${formatSpliceId(id)}`)
    return undefined
  }

  /** Whether the ledger may be asked for in that term. */
  holds({ term }: AskFrame): boolean {
    if (term.holder === this.peer.node) return true
    this.#refused(`ask in term ${formatTerm(term)}`)
    return false
  }

  #refused(what: string): string {
    const why = `${what} by node ${shortId(this.peer.node)}`
    const heldBack = this.#log.pass(this.context.clock.now())
    if (heldBack !== undefined) {
      logFrom(this.context, 'error', 'not-its-own', { peer: this.peer.name, what, heldBack })
    }
    return why
  }
}
