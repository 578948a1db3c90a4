/**
 * What this lane answers when a new director asks for the ledger of a service. What the old one had sent before it ended may
 * still be on its way through this host's kernel, and its clients have been told that it arrived: so its links are read to
 * their end first, then its frames are dropped, and only then is anything counted.
 */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { AskFrame } from '../proxy/ledger-frames.js'
import { LINK_HANDLE, type SpliceFrame } from '../proxy/splice-frame.js'
import type { Backends } from './backends.js'
import { type LaneContext, logFrom } from './lane-context.js'
import type { Mortals } from './mortals.js'
import type { Transit } from './transit.js'

/** A director of which nothing came for so long sends nothing any more: its host is off, or it stands still. */
const QUIET_MS: Millis = 20
/** An old director that lives, and does not know that it is none any more, could go on for ever. */
const READING_MS_MAX: Millis = 200
const LOOK_EVERY_MS: Millis = 1
/**
 * A lane that was late has not heard for a while what lies in its kernel, and the clock calls that silence. The first look may come at the
 * end of the turn that brought the question; before the second all sockets have been asked.
 */
const LOOKS_MIN = 2

export interface AskingLink {
  readonly peer: { readonly node: NodeId; readonly name: string }
  readonly isUp: boolean
  readonly takesUnserved: boolean
  say(frame: SpliceFrame): void
}

export class Ledgers {
  constructor(
    private readonly context: LaneContext,
    private readonly backends: Backends,
    private readonly mortals: Mortals,
    private readonly transit: Transit,
    /** How long nothing has come from a node. */
    private readonly silentMs: (node: NodeId) => Millis,
  ) {}

  onAsk(link: AskingLink, frame: AskFrame): void {
    this.#read(link, frame, 0, Number.POSITIVE_INFINITY)
  }

  /**
   * The kernel of a process that is dead sends what it had, and then the end of the link: until then there may be more. A director
   * that gave the service away has let its halves go, and is not waited for.
   */
  #read(link: AskingLink, frame: AskFrame, looks: number, deadline: Millis): void {
    const now = this.context.clock.now()
    const directors = this.backends.directorsOf(frame.service, frame.term)
    const isQuiet = now >= deadline || !directors.some((node) => this.silentMs(node) < QUIET_MS)
    if (directors.length === 0 || (looks >= LOOKS_MIN && isQuiet)) return this.#answer(link, frame)
    // Counted from a look at the sockets: what kept the lane from it is not the old director's.
    const until = looks === LOOKS_MIN ? now + READING_MS_MAX : deadline
    this.context.soon(LOOK_EVERY_MS, () => this.#read(link, frame, looks + 1, until))
  }

  #answer(link: AskingLink, ask: AskFrame): void {
    const { service, term } = ask
    const self = this.context.setup.node
    const silentMs = (node: NodeId) => (node === self ? 0 : this.silentMs(node))
    const rows = this.backends.handOver(service, term, link, silentMs)
    // Somebody else directs in a later term: the asker will hear of that.
    if (rows === undefined) return
    for (const row of rows) link.say({ kind: 'row', handle: LINK_HANDLE, service, row })
    const now = this.context.clock.now()
    for (const mortal of this.mortals.tell(ask, now)) link.say(mortal)
    const clients = this.transit.tell(ask, link, now)
    if (clients > 0) logFrom(this.context, 'warn', 'unserved-lost', { service, clients, to: link.peer.name })
    link.say({ kind: 'ledger', handle: LINK_HANDLE, service, term, rows: rows.length })
    logFrom(this.context, 'info', 'ledger-told', { service, to: link.peer.name, splices: rows.length })
  }
}
