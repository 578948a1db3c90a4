/** Planned moves of a node, out of it and into it, and what its peers say of them. */
import type { AlarmClock } from '../../base/clock.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import { decodeHandoff, encodeHandoff, type HandoffMessage } from '../../handoff/messages.js'
import type { ToLane } from '../../proxy/lane-protocol.js'
import type { AddressKeeper } from '../addresses/address-keeper.js'
import type { Directing } from '../directing.js'
import { obstacleToMove, type ReadinessParts } from '../readiness.js'
import { MoveIns } from './move-ins.js'
import { type MoveOutcome, Moves } from './moves.js'

export interface HandoffsParts extends ReadinessParts {
  readonly self: NodeId
  readonly clock: AlarmClock
  readonly logger: Logger
  readonly directing: Directing
  readonly addresses: AddressKeeper
  readonly toLane: (message: ToLane) => void
  readonly send: (to: NodeId, bytes: Uint8Array) => void
  readonly transfer: (contest: string, to: NodeId) => void
  readonly told: (outcome: MoveOutcome) => void
  readonly later: (run: () => void) => void
}

export class Handoffs {
  readonly moves: Moves
  readonly ins: MoveIns

  constructor(parts: HandoffsParts) {
    const send = (to: NodeId, message: HandoffMessage) => parts.send(to, encodeHandoff(message))
    this.ins = new MoveIns({ ...parts, send, obstacle: (contest) => obstacleToMove(parts.self, contest, parts) })
    this.moves = new Moves({ ...parts, send, keep: (contest, packets) => this.ins.heard(contest, packets) })
  }

  /** Over the control link. */
  receive(from: NodeId, bytes: Uint8Array): void {
    const message = decodeHandoff(bytes)
    if (message?.kind === 'can-you') this.ins.onAsked(from, message.contest)
    else if (message?.kind === 'ready') this.moves.onReady(from, message.contest, message.why)
    else if (message?.kind === 'packets') this.ins.heard(message.contest, message.packets)
  }
}
