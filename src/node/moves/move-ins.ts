/** The successor's side of planned moves: whether it can, getting ready, and what others have caught for its addresses. */
import type { Alarm, AlarmClock } from '../../base/clock.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import { Arrivals } from '../../handoff/arrivals.js'
import type { HandoffMessage } from '../../handoff/messages.js'
import type { ToLane } from '../../proxy/lane-protocol.js'
import type { AddressKeeper } from '../addresses/address-keeper.js'
import type { Directing } from '../directing.js'

/** Questions that are being answered; a peer may ask any number. */
const ASKING_MAX = 64
/**
 * Each is taken in by this host's kernel in the call that delivers it, up to the answer that leaves: some 20 µs. Leases are renewed by
 * this thread.
 */
const PACKETS_PER_TURN = 100
/** Of a reason, which names a node or an interface. */
const WHY_MAX = 256

export interface MoveInsParts {
  readonly clock: AlarmClock
  readonly logger: Logger
  readonly directing: Pick<Directing, 'isOpen'>
  readonly addresses: Pick<AddressKeeper, 'deliver'>
  /** Why this node cannot take it over now, as the rest of a sentence that begins with the node; empty: it can. */
  readonly obstacle: (contest: string) => string
  readonly toLane: (message: ToLane) => void
  readonly send: (to: NodeId, message: HandoffMessage) => void
}

export class MoveIns {
  readonly #arrivals: Arrivals
  /** By rehearsal. */
  readonly #asking = new Map<number, { readonly from: NodeId; readonly contest: string }>()
  #rehearsals = 0
  /** To be delivered in turn. */
  readonly #due: { readonly contest: string; readonly packet: Uint8Array }[] = []
  readonly #turn: Alarm

  constructor(private readonly parts: MoveInsParts) {
    this.#turn = parts.clock.alarm(() => this.#deliverSome())
    this.#arrivals = new Arrivals({
      isOpen: (contest) => parts.directing.isOpen(contest),
      deliver: (contest, packets, dropped) => this.#deliver(contest, packets, dropped),
    })
  }

  onAsked(from: NodeId, contest: string): void {
    const why = this.parts.obstacle(contest)
    if (why !== '' || this.#asking.size >= ASKING_MAX) return this.#answer(from, contest, why || 'is asked too often')
    const rehearsal = ++this.#rehearsals
    this.#asking.set(rehearsal, { from, contest })
    this.parts.toLane({ type: 'rehearse', rehearsal })
  }

  onRehearsed(rehearsal: number, why: string): void {
    const asking = this.#asking.get(rehearsal)
    if (asking === undefined) return
    this.#asking.delete(rehearsal)
    this.#answer(asking.from, asking.contest, why || this.parts.obstacle(asking.contest))
  }

  heard(contest: string, packets: readonly Uint8Array[]): void {
    if (packets.length > 0) this.#arrivals.heard(contest, packets, this.parts.clock.now())
  }

  onOpen(contest: string): void {
    this.#arrivals.onOpen(contest, this.parts.clock.now())
  }

  #answer(to: NodeId, contest: string, why: string): void {
    this.parts.send(to, { kind: 'ready', contest, why: why.slice(0, WHY_MAX) })
  }

  #deliver(contest: string, packets: readonly Uint8Array[], dropped: number): void {
    this.parts.logger.log('debug', 'packets-heard', { service: contest, packets: packets.length, dropped })
    const isIdle = this.#due.length === 0
    for (const packet of packets) this.#due.push({ contest, packet })
    if (isIdle) this.#deliverSome()
  }

  #deliverSome(): void {
    for (const { contest, packet } of this.#due.splice(0, PACKETS_PER_TURN)) {
      this.parts.addresses.deliver(contest, packet)
    }
    this.#turn.set(this.#due.length > 0 ? this.parts.clock.now() : undefined)
  }
}
