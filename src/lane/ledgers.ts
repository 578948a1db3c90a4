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

/** Tasks run before and after each look at the sockets: between four of them there are two looks. */
const QUIET_TASKS = 4
/** An old director that lives, and does not know that it is none any more, could go on for ever. */
const READING_MS_MAX: Millis = 100

export interface AskingLink {
  readonly peer: { readonly node: NodeId; readonly name: string }
  say(frame: SpliceFrame): void
}

/** Whose links are read, and until when at most. */
interface Reading {
  readonly deadline: Millis
  readonly directors: readonly NodeId[]
}

export class Ledgers {
  constructor(
    private readonly context: LaneContext,
    private readonly backends: Backends,
    /** How often something has come by links of this node. */
    private readonly heardFrom: (node: NodeId) => number,
  ) {}

  onAsk(link: AskingLink, frame: AskFrame): void {
    const deadline = this.context.clock.now() + READING_MS_MAX
    this.#read(link, frame, { deadline, directors: this.backends.directorsOf(frame.service, frame.term) }, 0, -1)
  }

  #read(link: AskingLink, frame: AskFrame, reading: Reading, quiet: number, before: number): void {
    const heard = reading.directors.reduce((sum, node) => sum + this.heardFrom(node), 0)
    const stillQuiet = heard === before ? quiet + 1 : 0
    if (stillQuiet >= QUIET_TASKS || this.context.clock.now() >= reading.deadline) return this.#answer(link, frame)
    this.context.defer(() => this.#read(link, frame, reading, stillQuiet, heard))
  }

  #answer(link: AskingLink, { service, term }: AskFrame): void {
    const rows = this.backends.handOver(service, term)
    // Somebody else directs in a later term: the asker will hear of that.
    if (rows === undefined) return
    for (const row of rows) link.say({ kind: 'row', handle: LINK_HANDLE, service, row })
    link.say({ kind: 'ledger', handle: LINK_HANDLE, service, term, rows: rows.length })
    logFrom(this.context, 'info', 'ledger-told', { service, to: link.peer.name, splices: rows.length })
  }
}
