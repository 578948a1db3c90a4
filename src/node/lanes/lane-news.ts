/** What lanes say of links and of the services that they direct, for the parts of the control plane that it concerns. */
import type { Logger } from '../../base/log.js'
import type { FromLane, RecoveredMessage, ToLane } from '../../proxy/lane-protocol.js'
import type { Directing } from '../directing.js'
import type { Knowledge } from '../knowledge.js'
import type { Handoffs } from '../moves/handoffs.js'
import type { SteeringPort } from '../node-ports.js'
import type { Publication } from '../publication.js'
import type { BrokerEvent } from './link-broker.js'

export interface LaneNewsParts {
  readonly logger: Logger
  readonly knowledge: Pick<Knowledge, 'nameOf'>
  readonly directing: Pick<Directing, 'heard' | 'released' | 'obstacle' | 'contestOf'>
  readonly handoffs: Pick<Handoffs, 'ins'>
  readonly publication: Pick<Publication, 'plan'>
  readonly steering?: SteeringPort
  readonly toLane: (message: ToLane) => void
  readonly onLink: (event: BrokerEvent) => void
  readonly onFailed: (message: Extract<FromLane, { type: 'backend-failed' }>) => void
  /** Something is in the way of serving the contest here. */
  readonly onUnable: (contest: string) => void
}

/** Links of all pairs of lanes to all peers. */
const MISSING_MAX = 65_536

export class LaneNews {
  /** Links that were said to be down, and have not come up since. */
  readonly #missing = new Set<string>()

  constructor(private readonly parts: LaneNewsParts) {}

  hear(message: FromLane): void {
    const { logger, knowledge, directing, handoffs, onLink } = this.parts
    switch (message.type) {
      case 'link-up':
        this.#missing.delete(`${message.pair} ${message.peer}`)
        return onLink({ type: 'data-up', peer: message.peer, pair: message.pair })
      case 'link-down': {
        const { peer, pair, why } = message
        // Of one that cannot be made at all each attempt ends so.
        const level = this.#missing.has(`${pair} ${peer}`) ? 'debug' : 'info'
        if (this.#missing.size >= MISSING_MAX) this.#missing.clear()
        this.#missing.add(`${pair} ${peer}`)
        logger.log(level, 'data-link-down', { peer: knowledge.nameOf(peer), pair, why })
        return onLink({ type: 'data-down', peer, pair })
      }
      case 'serving':
      case 'cannot-serve':
        return this.#onServing(message)
      case 'recovered':
        return this.#onRecovered(message)
      case 'known':
      case 'moved-out':
      case 'quiet':
      case 'let-gone':
        return void directing.heard(message)
      case 'rehearsed':
        return handoffs.ins.onRehearsed(message.rehearsal, message.why)
      case 'backend-failed':
        return this.parts.onFailed(message)
      case 'steer-door':
        return this.parts.steering?.onDoor(message, this.parts.toLane)
      case 'undirected':
        return directing.released(message.slot)
    }
  }

  #onServing(message: Extract<FromLane, { type: 'serving' | 'cannot-serve' }>): void {
    const { logger, directing, publication, onUnable } = this.parts
    if (!directing.heard(message)) return
    const { service } = message
    if (directing.obstacle(service) === undefined) logger.log('info', 'serving', { service })
    else onUnable(directing.contestOf(service) ?? service)
    publication.plan()
  }

  #onRecovered(message: RecoveredMessage): void {
    const { logger, knowledge, directing } = this.parts
    const { service, revived, failed } = message
    const missing = message.missing.map((node) => knowledge.nameOf(node)).join(', ')
    const level = missing === '' ? 'info' : 'warn'
    if (directing.heard(message)) logger.log(level, 'recovered', { service, revived, failed, missing })
  }
}
