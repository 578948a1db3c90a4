/** What a lane says to what the control plane asks of it, each in its time. It directs as long as nobody tells it to stop. */
import type { Term } from '../../src/base/ids.js'
import type { FromLane, ToLane } from '../../src/proxy/lane-protocol.js'

export interface Directed {
  readonly term: Term
  readonly slot: number
}

/** A lane is a thread that is mostly free; the last bytes take a round trip to other nodes. */
const [SOON_MS, ROUND_TRIP_MS] = [2, 4]

export const CANNOT_RESTORE = 'no right to restore sockets'

export class SimLane {
  /** By service. */
  readonly directed = new Map<string, Directed>()

  /** Pair and peer: a data link stands until the peer is gone. */
  readonly #linked = new Set<string>()

  constructor(
    private readonly answer: (afterMs: number, message: FromLane) => void,
    /** Drawn for each connection that it would rebuild, or try to: a right, a port or memory is missing there just now. */
    private readonly cannotRestore: () => boolean = () => false,
  ) {}

  receive(message: ToLane): void {
    switch (message.type) {
      case 'direct': {
        const { service, term, slot, members } = message
        this.directed.set(service, { term, slot })
        this.answer(SOON_MS, { type: 'serving', service, term })
        if (members === undefined) return
        // Beyond the endorsement nobody goes back: what cannot be rebuilt is lost, and told.
        const failed = this.cannotRestore() ? 1 : 0
        return this.answer(ROUND_TRIP_MS, { type: 'recovered', service, term, revived: 0, failed, missing: [] })
      }
      case 'undirect': {
        const { service, slot } = message
        this.directed.delete(service)
        return this.answer(SOON_MS, { type: 'undirected', service, slot })
      }
      case 'hush':
        return this.answer(SOON_MS, { ...message, type: 'quiet' })
      case 'let-go':
        return this.answer(SOON_MS, { ...message, type: 'let-gone' })
      case 'move-out':
        this.directed.delete(message.service)
        return this.answer(ROUND_TRIP_MS, { ...message, type: 'moved-out' })
      case 'link-dial':
      case 'link-expect':
        this.#linked.add(`${message.pair} ${message.peer.node}`)
        return this.answer(ROUND_TRIP_MS, { type: 'link-up', peer: message.peer.node, pair: message.pair })
      case 'peer-gone':
        for (const key of this.#linked) {
          const [pair, peer] = key.split(' ')
          if (peer !== message.peer) continue
          this.#linked.delete(key)
          this.answer(SOON_MS, { type: 'link-down', peer, pair: Number(pair), why: 'its process has ended' })
        }
        return
      case 'rehearse':
        return this.answer(SOON_MS, {
          type: 'rehearsed',
          rehearsal: message.rehearsal,
          why: this.cannotRestore() ? CANNOT_RESTORE : '',
        })
    }
  }
}
