/**
 * The link to one peer, and who wins when both ends dial at once.
 *
 * As with BGP's collisions (RFC 4271, 6.8) one of the two ends decides alone: the node with the lower id. While its own
 * dial has reached the peer, or stands, it refuses the other; otherwise it takes the other and drops its own. The node
 * with the higher id takes whatever comes and drops its own. So of two crossed connections the one of the lower id lives,
 * whatever the order in which closes and greetings arrive: neither end ever drops what the other keeps.
 */
import type { NodeId } from '../base/ids.js'
import type { CloseCode } from './close-code.js'

/** Names one connection inside this process: even numbers for those dialled, odd ones for those accepted. */
export type LinkId = number

export type PeerLink =
  | { readonly phase: 'down' }
  /** `reached`: TCP is connected, so the peer may have accepted us already. */
  | ({ readonly phase: 'dialing'; readonly reached: boolean } & Connection)
  /** Accepted from the peer, who has still to say WELCOME. */
  | ({ readonly phase: 'accepted' } & Connection)
  | ({ readonly phase: 'up'; readonly dialled: boolean } & Connection)

interface Connection {
  readonly link: LinkId
  readonly boot: number
  /** Not TCP between the two: a connection that was found by other means carries it. One of TCP's own takes its place. */
  readonly carried?: boolean
}

export type Verdict = 'accept' | Extract<CloseCode, 'old-boot' | 'duplicate'>

/** What to do with a proven connection that `peer` dialled. Whatever `ours` is, `accept` replaces it. */
export function judgeIncoming(
  self: NodeId,
  peer: { readonly node: NodeId; readonly boot: number },
  ours: PeerLink,
  bootKnown: number,
  carried = false,
): Verdict {
  if (peer.boot < bootKnown) return 'old-boot'
  if (carried) return ours.phase !== 'down' && ours.boot >= peer.boot && isDirect(ours) ? 'duplicate' : 'accept'
  if (ours.phase === 'down' || ours.phase === 'accepted' || ours.carried === true) return 'accept'
  // Ours leads to an earlier life of the peer, whether TCP has noticed or not.
  if (peer.boot > ours.boot) return 'accept'
  const mayBeKeptThere = ours.phase === 'dialing' ? ours.reached : ours.dialled
  return mayBeKeptThere && self < peer.node ? 'duplicate' : 'accept'
}

/** There is a TCP connection to the peer already, or one that it may have accepted. */
export function isDirect(link: PeerLink): boolean {
  if (link.phase === 'down' || link.carried === true) return false
  return link.phase !== 'dialing' || link.reached
}
