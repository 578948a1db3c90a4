/** Machines that are broken on purpose, each in one way: a law that nobody has seen broken is not yet a law. */
import type { Endpoint } from '../../src/base/address.js'
import { decodePacket, encodeMessage, encodePacket } from '../../src/gossip/codec.js'
import type { Member, Message } from '../../src/gossip/messages.js'
import type { SwimEffect, SwimEvent } from '../../src/gossip/ports.js'
import { Swim, type SwimOptions } from '../../src/gossip/swim.js'
import type { SwimLike } from './membership-cast.js'

class Wrapped implements SwimLike {
  protected swim: Swim

  constructor(protected readonly options: SwimOptions) {
    this.swim = new Swim(options)
  }

  get localHealth(): number {
    return this.swim.localHealth
  }

  handle(event: SwimEvent, now: number): void {
    this.swim.handle(event, now)
  }

  tick(now: number): void {
    this.swim.tick(now)
  }

  poll(): SwimEffect | undefined {
    return this.swim.poll()
  }

  nextDeadline(): number | undefined {
    return this.swim.nextDeadline()
  }

  members(): readonly Member[] {
    return this.swim.members()
  }
}

/** Never writes to a member that it holds down. */
export class Unforgiving extends Wrapped {
  override poll(): SwimEffect | undefined {
    for (let effect = super.poll(); effect !== undefined; effect = super.poll()) {
      if (effect.type !== 'send' || !this.#holdsDown(effect.to)) return effect
    }
    return undefined
  }

  #holdsDown(at: Endpoint): boolean {
    return this.members().some(({ profile, state }) => state === 'down' && profile.gossip.address === at.address)
  }
}

/** Addresses of earlier boots are candidates like any other, and expire. */
export class ShortOfMemory extends Wrapped {
  override handle(event: SwimEvent, now: number): void {
    super.handle(event.type === 'candidate' ? { ...event, lasting: false } : event, now)
  }
}

/** Drops the dead from its table. */
export class Forgetful extends Wrapped {
  override members(): readonly Member[] {
    return super.members().filter(({ state }) => state !== 'down')
  }
}

/** Loses its state while it runs, and goes on under the same boot. */
export class Absentminded extends Wrapped {
  override handle(event: SwimEvent, now: number): void {
    const refuted = (this.members()[0]?.incarnation ?? 0) > 0
    if (refuted && event.type === 'datagram') {
      this.swim = new Swim(this.options)
      this.swim.handle({ type: 'start' }, now)
    }
    super.handle(event, now)
  }
}

/** Refutes on behalf of others: only a member itself may raise its incarnation. */
export class Meddling extends Wrapped {
  override handle(event: SwimEvent, now: number): void {
    if (event.type !== 'datagram') return super.handle(event, now)
    const decoded = decodePacket(event.bytes)
    if (decoded.type === 'malformed') return super.handle(event, now)
    const { sender, messages } = decoded.packet
    super.handle({ ...event, bytes: encodePacket(sender, messages.map(meddle).map(encodeMessage)) }, now)
  }
}

function meddle(message: Message): Message {
  if (message.kind !== 'claim' || message.claim.state !== 'suspect') return message
  const { claim } = message
  return { kind: 'claim', claim: { ...claim, state: 'alive', incarnation: claim.incarnation + 1 } }
}

/** Takes a late answer for none, and an accusation for a verdict. */
export class Hasty extends Wrapped {
  constructor(options: SwimOptions) {
    const probes = { probeTimeoutMs: 1, probeDeadlineMs: 2 }
    const suspicion = { suspicionBaseMs: 1, gossipIntervalMs: 1, suspicionMaxFactor: 1 }
    super({ ...options, config: { ...options.config, ...probes, ...suspicion } })
  }
}
