/** What a director keeps of a client's socket for the next one, or why it keeps nothing. */
import type { ClientSnapshot } from '../proxy/client-half.js'
import type { Socket } from '../proxy/ports.js'
import type { Rebuilder } from './frozen-socket.js'

const NOTHING = new Uint8Array(0)

const NO_RIGHT: ClientSnapshot = { bytes: NOTHING, at: 0, why: 'TCP_REPAIR needs CAP_NET_ADMIN and the epoll engine' }
const STAYS_BEHIND: ClientSnapshot = {
  bytes: NOTHING,
  at: 0,
  why: 'its address does not come and go with the director',
}

/** `isGiven`: its address does. To be called before anything is read from the socket, or written to it. */
export function clientSnapshot(socket: Socket, isGiven: boolean, rebuilder: Rebuilder | undefined): ClientSnapshot {
  return isGiven ? (rebuilder?.snapshot(socket) ?? NO_RIGHT) : STAYS_BEHIND
}
