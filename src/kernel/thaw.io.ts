/**
 * How a rebuilt connection is let go. What was written to the client by the dead director, and was not acknowledged as far as is
 * known, may have arrived or not, and the kernel needs to know which (kernel-notes, facts 3 and 4). So there are two phases: all
 * of it is put into the socket as sent, and the client is asked; its answer takes away what has arrived. What is left then goes
 * into a socket that is built anew, as not sent, and leaves at once; in the first one it would wait for a timer of seconds, and
 * the round trip would be taken from a clock that was set ahead.
 */
import type { Endpoint } from '../base/address.js'
import type { RepairFault, SocketRepair } from '../handoff/ports.js'
import type { Syscalls } from './syscalls.io.js'
import type { WriteQueue } from './write-queue.js'

/** The first phase. `filled`: bytes that wait for the client's answer. */
export function thaw(
  repair: SocketRepair,
  fd: number,
  queue: WriteQueue,
  endsHere: boolean,
): { readonly filled: number } | RepairFault {
  let filled = endsHere ? 1 : 0
  for (let failed: RepairFault | undefined; queue.bytes > 0; ) {
    const piece = queue.peek()
    filled += piece.byteLength
    failed = repair.fillSent(fd, piece)
    if (failed !== undefined) return failed
    queue.shift(piece.byteLength)
  }
  const failed = (endsHere ? repair.endSent(fd) : undefined) ?? repair.letGo(fd)
  return failed ?? { filled }
}

export interface Ends {
  readonly local: Endpoint
  readonly remote: Endpoint
}

/**
 * The second phase: the connection's descriptor from now on, which may have the same number; `fd` is closed. Or something waits to be
 * read first; or the connection is in a state that cannot be built anew.
 */
export function settle(
  repair: SocketRepair,
  sys: Pick<Syscalls, 'close' | 'shutdownWrite'>,
  fd: number,
  ends: Ends,
): number | 'waiting' | 'as-it-is' | RepairFault {
  const capture = repair.capture(fd)
  if ('why' in capture || (capture.finReceived && capture.unread.byteLength > 0)) {
    // Another look later: what is unread is read meanwhile, and a state that cannot be rebuilt goes on as it is.
    repair.hear(fd)
    const failed = repair.letGo(fd)
    return failed ?? ('why' in capture ? 'as-it-is' : 'waiting')
  }
  const { unread, unacknowledged, finReceived, finSent, finAcknowledged } = capture
  const next = repair.restore({ ...capture, ...ends }, fd)
  if (typeof next !== 'number') return next
  const failed =
    (finReceived ? undefined : repair.fillReceived(next, unread)) ??
    repair.letGo(next) ??
    repair.send(next, unacknowledged)
  if (failed === undefined) {
    if (finSent && !finAcknowledged) sys.shutdownWrite(next)
    return next
  }
  repair.silence(next)
  sys.close(next)
  return failed
}
