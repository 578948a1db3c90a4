import type { BackendHalf, BackendReply } from '../proxy/backend-half.js'
import type { DialFrame, UndialledFrame } from '../proxy/dial-frames.js'
import type { AskFrame, LedgerFrame, MortalFrame, RowFrame } from '../proxy/ledger-frames.js'
import type { Reason } from '../proxy/reasons.js'
import type { OpenFrame, PingFrame, ResumeFrame, SpliceFrame } from '../proxy/splice-frame.js'
import type { UnreadFrame, UnservedFrame } from '../proxy/unserved-frames.js'
import type { Bound, BoundBackend } from './bound.js'

export type LedgerNews = RowFrame | UnreadFrame | UnservedFrame | LedgerFrame | PingFrame

export function isLedgerNews(frame: SpliceFrame): frame is LedgerNews {
  return ['row', 'unread', 'unserved', 'ledger', 'passed'].includes(frame.kind)
}

/** What a data link asks of its lane. */
export interface LinkHost<Link> {
  /** `undefined`: refused, the reply has been given. */
  openBackend(frame: OpenFrame, reply: BackendReply): BackendHalf | undefined
  /** The half that RESUME means, whatever link it went by; or why it cannot go on. */
  findBackend(frame: ResumeFrame): BoundBackend | Reason
  /** A new one, bound to this link. */
  onBackend(bound: BoundBackend): void
  /** Its director may not act any more. */
  onForsaken(bound: BoundBackend): void
  /** The peer directs the service of these in its own term now. */
  onAsk(link: Link, frame: AskFrame): void
  /** What the peer answers to our own ASK and BARRIER. */
  onLedger(link: Link, frame: LedgerNews): void
  /** A splice that ends with the peer, who directs its service; or one of an earlier director, in answer to our own ASK. */
  onMortal(link: Link, frame: MortalFrame): void
  /** The peer wants a connection of a service that is directed here, or cannot make one. */
  onDial(link: Link, frame: DialFrame | UndialledFrame): void
  onLinkUp(link: Link): void
  /** Closed in order; `cut` is due when the peer does not take the last of it. */
  onEnding(link: Link): void
  /** `halves`: those that can go on over another link; none if the peer has closed for good. */
  onLinkDown(link: Link, why: string, halves: readonly Bound[]): void
}
