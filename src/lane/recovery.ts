/**
 * How this lane comes by the splices of a service that another node directed before: it asks every node for its ledger, rebuilds
 * the client half of each row, and has it go on over the link by which the row came. Complete when each node that lives has
 * answered on every link, and what its halves had kept has come; or when that has taken too long.
 *
 *   ASK ──► rows, LEDGER ──► RESUMEs, BARRIER ──► kept bytes, PASSED
 */
import { type NodeId, sameTerm, type Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { ClientHalf } from '../proxy/client-half.js'
import type { LedgerRow, MortalFrame } from '../proxy/ledger-frames.js'
import type { Socket } from '../proxy/ports.js'
import { LINK_HANDLE, type SpliceFrame } from '../proxy/splice-frame.js'
import type { UnreadFrame, UnservedFrame } from '../proxy/unserved-frames.js'
import type { LedgerNews } from './link-host.js'

/** A node that is thought to live and does not answer for so long is not waited for. */
export const LEDGER_MS_MAX: Millis = 5_000

export interface LedgerLink {
  readonly peer: { readonly node: NodeId; readonly name: string }
  readonly isUp: boolean
  say(frame: SpliceFrame): void
  /** The client half goes on by this link; its backend half has the ends `server`. */
  revive(client: ClientHalf, server: Pick<Socket, 'local' | 'remote'>): void
}

/** Who is told of what comes by a link. */
export interface Recoveries {
  onLedger(link: LedgerLink, frame: LedgerNews): void
  /** In answer to ASK: a splice that has ended with an earlier director. */
  onMortal(frame: MortalFrame): void
  onLinkUp(link: LedgerLink): void
  onLinkDown(link: LedgerLink): void
  onGone(node: NodeId): void
}

export interface RecoveryHost {
  /** All that are up: also to nodes that are thought to be dead. One that only stands still answers when it wakes. */
  links(): readonly LedgerLink[]
  hasEnded(node: NodeId): boolean
  /** Rebuilds the client half and has it go on by the link. */
  revive(row: LedgerRow, link: LedgerLink): void
  /** Of a client that no program serves, and that the director before has given away. */
  readmit(frame: UnreadFrame | UnservedFrame): void
  /** Once. `missing`: nodes that have not answered. */
  onComplete(outcome: { readonly missing: readonly NodeId[] }): void
}

export class Recovery {
  /** Links that were asked, and have not answered all. */
  readonly #asked = new Map<LedgerLink, 'rows' | 'bytes'>()
  readonly #answered = new Set<NodeId>()
  /** All that were asked, ever. */
  readonly #known = new WeakSet<LedgerLink>()
  #members: Set<NodeId>
  #isComplete = false

  constructor(
    private readonly service: string,
    readonly term: Term,
    members: readonly NodeId[],
    private readonly deadline: Millis,
    /** Of all recoveries of this lane it alone has this number. */
    private readonly token: number,
    private readonly host: RecoveryHost,
  ) {
    this.#members = new Set(members)
  }

  get isComplete(): boolean {
    return this.#isComplete
  }

  /** Whether rows of the node, or of any, may still come. */
  awaits(node?: NodeId): boolean {
    const missing = this.#missing()
    return node === undefined ? missing.length > 0 : missing.includes(node)
  }

  /** The same of one that is thought to be dead: it may only stand still, unless its process has ended. */
  mayWake(node: NodeId): boolean {
    if (this.host.hasEnded(node)) return false
    // Each of its lanes tells for itself.
    return !this.#answered.has(node) || [...this.#asked.keys()].some(({ peer }) => peer.node === node)
  }

  /** Somebody was asked and has not answered, be it thought to be dead or not. */
  get isOpen(): boolean {
    return this.#asked.size > 0
  }

  start(): void {
    for (const link of this.host.links()) this.onLinkUp(link)
    this.#look()
  }

  /** Also after it is complete: a late ledger is better than none. */
  onLinkUp(link: LedgerLink): void {
    if (!link.isUp || this.#asked.has(link)) return
    this.#asked.set(link, 'rows')
    this.#known.add(link)
    link.say({ kind: 'ask', handle: LINK_HANDLE, service: this.service, term: this.term })
  }

  onLinkDown(link: LedgerLink): void {
    if (this.#asked.delete(link)) this.#look()
  }

  onGone(node: NodeId): void {
    if (this.#members.delete(node)) this.#look()
  }

  /** `false`: it is about another service. */
  onLedger(link: LedgerLink, frame: LedgerNews): boolean {
    if (frame.kind === 'row') {
      if (frame.service !== this.service) return false
      if (this.#asked.get(link) === 'rows') this.host.revive(frame.row, link)
      return true
    }
    if (frame.kind === 'unserved' || frame.kind === 'unread') {
      if (frame.service !== this.service) return false
      // Also late: a busy lane may come to give the service away when its node's others have answered.
      if (this.#known.has(link)) this.host.readmit(frame)
      return true
    }
    if (frame.kind === 'ledger') {
      if (frame.service !== this.service || !sameTerm(frame.term, this.term)) return false
      if (this.#asked.get(link) !== 'rows') return true
      this.#asked.set(link, 'bytes')
      link.say({ kind: 'barrier', handle: LINK_HANDLE, token: this.token })
      return true
    }
    if (frame.token !== this.token || this.#asked.get(link) !== 'bytes') return false
    this.#asked.delete(link)
    this.#answered.add(link.peer.node)
    this.#look()
    return true
  }

  sweep(now: Millis): void {
    if (now >= this.deadline) this.#complete()
  }

  #look(): void {
    if (this.#missing().length === 0) this.#complete()
  }

  #missing(): NodeId[] {
    const waiting = new Set([...this.#asked.keys()].map(({ peer }) => peer.node))
    return [...this.#members].filter((node) => waiting.has(node) || !this.#answered.has(node))
  }

  #complete(): void {
    if (this.#isComplete) return
    this.#isComplete = true
    this.host.onComplete({ missing: this.#missing() })
  }
}
