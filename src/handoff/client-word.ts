/**
 * Which segments count as what a rebuilt connection's client says now (RFC 9293, 3.10.7.4; RFC 5961, 3 to 5). Anybody can send with
 * its address and port, and what it sent long ago may be late. So a segment has to fit both ways:
 *
 *     its ACK     between what the client had acknowledged when the socket was rebuilt, and all that it can have been sent
 *     its place   no further from what the socket has taken than the dead director's kernel can have let it go
 *
 * The first is narrower than what a kernel allows (which takes ACKs of a window ago): a client never takes an acknowledgement back,
 * so what acknowledges less was sent before, and proves nothing now. It is what keeps out who does not see the connection: where
 * nothing is on its way to the client, one number of 2³², or two, fits.
 *
 * SYN and RST are nobody's word here. The socket's own kernel judges them: it believes an RST at the very byte that it expects, and
 * answers every other, and a SYN, with an ACK; a client that has forgotten the connection answers that with the RST that fits.
 */
import { FLAG, type Segment } from './segment.js'
import { advance, distance } from './sequence.js'

/** Where a connection stood when it was rebuilt. */
export interface ClientNumbers {
  /** The next byte of the client that the socket takes. */
  readonly receiveSeq: number
  /** The first byte to the client that it is not known to have acknowledged. */
  readonly sendSeq: number
  /** How many bytes it can be ahead at most. */
  readonly aheadMax: number
}

/** Without scaling, or shifted (RFC 7323, 2.2). */
const WINDOW_BYTES_MAX = 65_535
const AHEAD_MAX = 2 ** 31 - 1

/**
 * What the dead director can have let its client send beyond the byte that is expected: what its lane had read and not passed on, what
 * waited in its kernel, and the window behind that. No kernel of Linux makes its buffer larger than the largest window that it
 * can say (tcp_select_initial_window), so either of the last two is no more than that.
 */
export function aheadBytesMax(receiveScale: number | undefined, readMax: number): number {
  return Math.min(AHEAD_MAX, readMax + 2 * WINDOW_BYTES_MAX * 2 ** (receiveScale ?? 0))
}

/**
 * Where the segment begins, counted from `receiveSeq`; `undefined`: it is not the client's word. `taken`: bytes from there on that
 * the lane has read; `given`: bytes from `sendSeq` on that the client can have been sent, and a FIN.
 */
export function placeOf(
  { seq, ack, length, flags }: Segment,
  { receiveSeq, sendSeq, aheadMax }: ClientNumbers,
  taken: number,
  given: number,
): number | undefined {
  if ((flags & (FLAG.ack | FLAG.syn | FLAG.rst)) !== FLAG.ack) return undefined
  const acknowledged = distance(sendSeq, ack)
  if (acknowledged < 0 || acknowledged > given) return undefined
  const beyond = distance(advance(receiveSeq, taken), seq)
  return beyond > aheadMax || beyond + length < -aheadMax ? undefined : taken + beyond
}
