/** What directors have acknowledged to clients, by a capture on the clients' cable: the judge of who may be reset after a takeover. */
import { advance, distance } from '../../src/handoff/sequence.js'
import type { Packet } from './takeover-trace.js'

interface Acknowledged {
  readonly by: string
  /** The byte of the client that is expected next. */
  readonly next: number
}

/** Ports of clients that were told of bytes which the next director does not have: it expects an earlier one. `packets` in their order. */
export function lostInput(packets: readonly Packet[]): Set<number> {
  const last = new Map<number, Acknowledged>()
  const lost = new Set<number>()
  for (const { isReply, flags, ack, clientPort, from } of packets) {
    if (!isReply || flags.includes('R') || ack === undefined) continue
    const before = last.get(clientPort)
    const isSame = before === undefined || before.by === from
    const beyond = before === undefined ? 0 : distance(before.next, ack)
    if (!isSame && beyond < 0) lost.add(clientPort)
    const next = isSame && before !== undefined ? advance(before.next, Math.max(0, beyond)) : ack
    last.set(clientPort, { by: from, next })
  }
  return lost
}

/** Ports of clients that were sent an RST. */
export function resetClients(packets: readonly Packet[]): Set<number> {
  return new Set(packets.filter(({ isReply, flags }) => isReply && flags.includes('R')).map((one) => one.clientPort))
}
