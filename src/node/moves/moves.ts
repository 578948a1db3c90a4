/**
 * Planned moves of what this node directs: what the machine of each decides (handoff/move-out) is done here, and what comes for an
 * address meanwhile is kept and passed on. Without a device of ours for the address nothing can be kept, and all else is the same.
 */

import { unreachable } from '../../base/assert.js'
import type { Alarm, AlarmClock } from '../../base/clock.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import { type HandoffMessage, sharesOf } from '../../handoff/messages.js'
import { MoveOut, type MoveOutcome, type MoveOutEffect, type MoveOutEvent } from '../../handoff/move-out.js'
import { PacketStore } from '../../handoff/packet-store.js'
import type { AddressKeeper, Catcher } from '../addresses/address-keeper.js'
import type { Directing } from '../directing.js'

export type { MoveOutcome } from '../../handoff/move-out.js'

/** A packet socket raises no event in this thread. */
const LOOK_EVERY_MS: Millis = 1
/** They take a millisecond of the thread that renews leases; what is left waits in the kernel, which drops what is too much. */
const PACKETS_PER_LOOK = 200
/**
 * Of all moves at a time, caught and passed on: a control link that 8 MiB wait for is cut (trunk/config), and renewals of leases go by
 * it too.
 */
const CAUGHT_BYTES_MAX = 4 * 2 ** 20

export interface MovesParts {
  readonly clock: AlarmClock
  readonly logger: Logger
  readonly directing: Pick<Directing, 'mayMove' | 'hush' | 'moveOut' | 'moveBack' | 'names'>
  readonly addresses: Pick<AddressKeeper, 'hush'>
  /** Endorses the successor, if that can be; that the lease has ended with it is told (`onLease`) before this returns. */
  readonly transfer: (contest: string, to: NodeId) => void
  readonly send: (to: NodeId, message: HandoffMessage) => void
  /** What was caught for an address that stays here after all. */
  readonly keep: (contest: string, packets: readonly Uint8Array[]) => void
  readonly told?: (outcome: MoveOutcome) => void
  /** After the present turn: machines are not fed from within their own effects. */
  readonly later: (run: () => void) => void
}

export type OnMoved = (outcome: MoveOutcome, why: string) => void

interface Moving {
  readonly contest: string
  readonly to: NodeId
  readonly machine: MoveOut
  readonly alarm: Alarm
  readonly answer: OnMoved
  readonly store: PacketStore
  catcher: Catcher | undefined
  /** Handshakes are waited for. */
  isHushing: boolean
  /** The lease ends by this move's own doing. */
  isEndorsing: boolean
  passed: number
  lost: number
  since: Millis
}

export class Moves {
  readonly #moving = new Map<string, Moving>()
  #caughtBytes = 0

  constructor(private readonly parts: MovesParts) {}

  /** `answer` comes once. `mustGo`: this node stops, and the successor is not asked whether it is ready for all. */
  move(contest: string, to: NodeId, answer: OnMoved = () => {}, mustGo = false): void {
    const { directing, clock } = this.parts
    const before = this.#moving.get(contest)
    const tell: OnMoved = (outcome, why) => {
      this.parts.told?.(outcome)
      answer(outcome, why)
    }
    if (this.isUnderWay(contest)) return tell('not-here', 'it is being moved already')
    if (!directing.names().includes(contest)) return tell('not-here', 'this node does not direct it')
    if (before !== undefined) this.#feed(before, { type: 'lease-gone' })
    const machine = new MoveOut(mustGo)
    const alarm = clock.alarm(() => this.#onAlarm(moving))
    const store = new PacketStore(CAUGHT_BYTES_MAX)
    const counts = { passed: 0, lost: 0, since: clock.now() }
    const moving: Moving = {
      contest,
      to,
      machine,
      alarm,
      answer: tell,
      store,
      catcher: undefined,
      isHushing: false,
      isEndorsing: false,
      ...counts,
    }
    this.#moving.set(contest, moving)
    this.#feed(moving, { type: 'begin', keeps: directing.mayMove(contest) })
  }

  /** It is this node's still, perhaps, but another is to have it. */
  isUnderWay(contest: string): boolean {
    return this.#moving.get(contest)?.machine.isUnderWay === true
  }

  /** What the successor says of `can-you`. */
  onReady(from: NodeId, contest: string, why: string): void {
    const moving = this.#moving.get(contest)
    if (moving?.to === from) this.#feed(moving, { type: 'answered', why: why === '' ? '' : `it ${why}` })
  }

  onPeerGone(peer: NodeId): void {
    for (const moving of [...this.#moving.values()]) {
      if (moving.to === peer) this.#feed(moving, { type: 'successor-gone' })
    }
  }

  /** The lease is over, or this node has a new one. */
  onLease(contest: string): void {
    const moving = this.#moving.get(contest)
    if (moving?.isEndorsing === false) this.#feed(moving, { type: 'lease-gone' })
  }

  #feed(moving: Moving, event?: MoveOutEvent): void {
    const { machine, contest } = moving
    const now = this.parts.clock.now()
    if (event === undefined) machine.tick(now)
    else machine.handle(event, now)
    for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) this.#perform(moving, effect)
    if (this.#moving.get(contest) === moving) this.#wakeAt(moving, now)
  }

  #wakeAt({ machine, alarm, catcher }: Moving, now: Millis): void {
    const deadline = machine.nextDeadline()
    const looks = catcher === undefined ? Number.POSITIVE_INFINITY : now + LOOK_EVERY_MS
    alarm.set(deadline === undefined ? undefined : Math.min(deadline, looks))
  }

  #onAlarm(moving: Moving): void {
    this.#collect(moving)
    this.#feed(moving, moving.isHushing && moving.catcher?.pending() === 0 ? { type: 'met' } : undefined)
  }

  #perform(moving: Moving, effect: MoveOutEffect): void {
    const { contest, to } = moving
    const { directing, addresses, send, later } = this.parts
    switch (effect.type) {
      case 'ask':
        return send(to, { kind: 'can-you', contest })
      case 'hush':
        moving.catcher = addresses.hush(contest)
        moving.isHushing = moving.catcher !== undefined
        return moving.isHushing ? undefined : later(() => this.#feed(moving, { type: 'met' }))
      case 'serve':
        moving.isHushing = false
        // Without a catcher nothing keeps new connections from coming: there is no end to be waited for.
        return moving.catcher === undefined ? later(() => this.#feed(moving, { type: 'quiet' })) : this.#serve(moving)
      case 'welcome':
        moving.catcher?.welcome()
        this.#collect(moving)
        return this.parts.keep(contest, moving.store.take())
      case 'empty':
        moving.since = this.parts.clock.now()
        moving.catcher?.catchAll()
        return directing.moveOut(contest, () => later(() => this.#feed(moving, { type: 'emptied' })))
      case 'endorse':
        return later(() => this.#endorse(moving))
      case 'go-back':
        directing.moveBack(contest)
        this.#collect(moving)
        return this.parts.keep(contest, moving.store.take())
      case 'pass':
        this.#log(moving)
        return this.#collect(moving)
      case 'end':
        return this.#end(moving)
      case 'answer':
        return moving.answer(effect.outcome, effect.why)
      default:
        return unreachable(effect)
    }
  }

  #serve(moving: Moving): void {
    const { directing, later } = this.parts
    directing.hush(moving.contest, () => later(() => this.#feed(moving, { type: 'quiet' })))
  }

  #endorse(moving: Moving): void {
    // The lease may have been lost since it was decided.
    if (moving.machine.phase !== 'endorsing') return
    const { directing, transfer } = this.parts
    moving.isEndorsing = true
    transfer(moving.contest, moving.to)
    moving.isEndorsing = false
    const isDone = !directing.names().includes(moving.contest)
    this.#feed(moving, { type: isDone ? 'endorsed' : 'not-endorsed' })
  }

  #collect(moving: Moving): void {
    const { catcher, store, machine } = moving
    if (catcher === undefined) return
    for (let left = PACKETS_PER_LOOK; left > 0; left--) {
      const packet = catcher.next()
      if (packet === undefined) break
      // The newest are dropped: whoever sent them sends them again.
      if (this.#caughtBytes + packet.byteLength > CAUGHT_BYTES_MAX) moving.lost++
      else {
        this.#caughtBytes += packet.byteLength
        store.push(packet)
      }
    }
    if (machine.phase === 'passing') this.#pass(moving, store.take())
  }

  #pass(moving: Moving, packets: readonly Uint8Array[]): void {
    moving.passed += packets.length
    for (const share of sharesOf(packets)) {
      this.parts.send(moving.to, { kind: 'packets', contest: moving.contest, packets: share })
    }
  }

  #end(moving: Moving): void {
    const { contest, catcher, alarm, passed } = moving
    alarm.set(undefined)
    moving.catcher = undefined
    const lost = moving.lost + (catcher?.close() ?? 0)
    if (this.#moving.get(contest) === moving) this.#moving.delete(contest)
    if (this.#moving.size === 0) this.#caughtBytes = 0
    if (passed + lost > 0) this.parts.logger.log('info', 'packets-passed', { service: contest, packets: passed, lost })
  }

  #log({ contest, since }: Moving): void {
    this.parts.logger.log('info', 'moved-out', { service: contest, ms: Math.round(this.parts.clock.now() - since) })
  }
}
