/**
 * A client's connection whose lane has died, and whose socket is still in this kernel: nothing has to be rebuilt, but how far it has
 * come has to be known. The socket says what was read from it and written to it, the backend half what it has; here, as nowhere
 * else, both are exact, and no verdict is waited for.
 */
import type { Adopted, SocketPosition, Unfit } from './ports.js'
import { advance, distance } from './sequence.js'
import type { Snapshot } from './snapshot.js'

/** What the backend half says (proxy/ledger-frames, LedgerRow). */
export interface Told {
  readonly up: number
  readonly finUp: boolean
  readonly acknowledged: number
  readonly down: number
}

export function judgeAdoption(
  snapshot: Pick<Snapshot, 'firstSent' | 'firstReceived'>,
  told: Told,
  position: SocketPosition,
): Adopted | Unfit {
  const read = distance(advance(snapshot.firstReceived, told.up), position.readSeq)
  if (read > 0) return { verdict: 'reset', why: `the lane that died had read ${read} bytes that it had not passed on` }
  if (read < 0) return { verdict: 'reset', why: `its program has ${-read} bytes that this socket has not read` }
  if (told.finUp && !position.finReceived)
    return { verdict: 'reset', why: 'its program was told of an end that this socket has not heard' }
  const received = told.acknowledged + distance(advance(snapshot.firstSent, told.acknowledged), position.writeSeq)
  if (received < told.acknowledged || received > told.down) {
    return {
      verdict: 'reset',
      why: `byte ${received} comes next, and the backend half has ${told.acknowledged} to ${told.down}`,
    }
  }
  const { finSent, unacknowledged } = position
  return { received, finSent, acknowledged: received + (finSent ? 1 : 0) - unacknowledged }
}
