/**
 * Addresses on a LAN: whether somebody else has one (RFC 5227 and RFC 4862, with one look instead of seconds of waiting), telling
 * all that it is here, answering where the kernel does not, and noticing a rival. It decides what is said where and when; the
 * lease's deadline is for whoever sends to look at.
 */
import { isIpv6 } from '../base/address.js'
import type { Machine } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import { TimerTable } from '../base/timer-table.js'
import type { AddressConfig } from './config.js'
import { placesFor } from './places.js'
import type { Heard, Interface, Mac, Rival, Said } from './ports.js'

export type PresenceEvent =
  | { readonly type: 'interfaces'; readonly interfaces: readonly Interface[] }
  /** Answered with `probed`. `places`: names of interfaces; none: where the address fits. */
  | { readonly type: 'probe'; readonly address: string; readonly places: readonly string[] }
  /** It is here from now on. */
  | { readonly type: 'hold'; readonly address: string; readonly places: readonly string[] }
  | { readonly type: 'drop'; readonly address: string }
  | { readonly type: 'heard'; readonly index: number; readonly heard: Heard }

export type PresenceEffect =
  | { readonly type: 'say'; readonly index: number; readonly mac: Mac; readonly said: Said }
  /** `asked`: on how many interfaces. */
  | { readonly type: 'probed'; readonly address: string; readonly rival: Rival | undefined; readonly asked: number }
  /** Another says that it has an address that is held here. `times`: since the last that was told. */
  | { readonly type: 'rival'; readonly address: string; readonly rival: Rival; readonly times: number }
  /** Told of on so many interfaces; `named`: those that it was to be told of on, if any were named. */
  | {
      readonly type: 'announced'
      readonly address: string
      readonly places: readonly string[]
      readonly named: readonly string[]
    }

interface Probe {
  readonly places: readonly Interface[]
  asksAgain: boolean
  rival: Rival | undefined
}

interface Holding {
  readonly named: readonly string[]
  /** As they were when it was last told of. */
  places: readonly Interface[]
  announcements: number
  rivals: number
}

type Timer = `${'probe' | 'announce' | 'rival'} ${string}`

export class Presence implements Machine<PresenceEvent, PresenceEffect> {
  readonly #effects: PresenceEffect[] = []
  readonly #timers = new TimerTable<Timer>()
  readonly #probes = new Map<string, Probe>()
  readonly #held = new Map<string, Holding>()
  #interfaces: readonly Interface[] = []
  #second = 0
  #answers = 0

  constructor(
    private readonly config: AddressConfig,
    private readonly random: Prng,
  ) {}

  handle(event: PresenceEvent, now: Millis): void {
    switch (event.type) {
      case 'interfaces':
        return this.#follow(event.interfaces, now)
      case 'probe':
        return this.#probe(event.address, event.places, now)
      case 'hold':
        return this.#hold(event.address, event.places, now)
      case 'drop':
        return this.#drop(event.address)
      case 'heard':
        return this.#hear(event.index, event.heard, now)
    }
  }

  tick(now: Millis): void {
    for (const timer of this.#timers.expire(now)) {
      const [what, address = ''] = timer.split(' ')
      if (what === 'probe') this.#goOnAsking(address, now)
      else if (what === 'announce') this.#announce(address, now)
    }
  }

  poll(): PresenceEffect | undefined {
    return this.#effects.shift()
  }

  nextDeadline(): Millis | undefined {
    return this.#timers.next()
  }

  /** Where a held address is told of now. */
  placesOf(address: string): readonly string[] {
    return (this.#held.get(address)?.places ?? []).map(({ name }) => name)
  }

  #probe(address: string, named: readonly string[], now: Millis): void {
    const places = placesFor(address, named, this.#interfaces)
    this.#probes.set(address, { places, asksAgain: true, rival: undefined })
    for (const place of places) this.#say(place, { kind: 'probe', address })
    this.#timers.set(`probe ${address}`, places.length === 0 ? now : now + this.config.probeAgainMs)
  }

  #goOnAsking(address: string, now: Millis): void {
    const probe = this.#probes.get(address)
    if (probe === undefined) return
    if (probe.asksAgain && probe.places.length > 0) {
      probe.asksAgain = false
      probe.rival = undefined
      for (const place of probe.places) this.#say(place, { kind: 'probe', address })
      return this.#timers.set(`probe ${address}`, now + this.config.probeWaitMs)
    }
    this.#probes.delete(address)
    this.#effects.push({ type: 'probed', address, rival: probe.rival, asked: probe.places.length })
  }

  #hold(address: string, named: readonly string[], now: Millis): void {
    this.#held.set(address, { named, places: [], announcements: 0, rivals: 0 })
    this.#announce(address, now)
  }

  #drop(address: string): void {
    this.#held.delete(address)
    this.#timers.stop(`announce ${address}`)
    this.#timers.stop(`rival ${address}`)
  }

  #announce(address: string, now: Millis): void {
    const holding = this.#held.get(address)
    if (holding === undefined) return
    holding.places = placesFor(address, holding.named, this.#interfaces)
    for (const place of holding.places) this.#say(place, { kind: 'announcement', address })
    if (holding.announcements === 0) {
      const { named, places } = holding
      this.#effects.push({ type: 'announced', address, places: places.map(({ name }) => name), named })
    }
    const { announceAfterMs, refreshMs } = this.config
    const [sinceFirst, next] = [announceAfterMs[holding.announcements], announceAfterMs[holding.announcements + 1]]
    holding.announcements++
    const wait = next === undefined ? refreshMs * this.random.between(0.9, 1.1) : next - (sinceFirst ?? 0)
    this.#timers.set(`announce ${address}`, now + wait)
  }

  /** A cable that is in again, an interface that has come or has another link address: told of there as if it were new. */
  #follow(interfaces: readonly Interface[], now: Millis): void {
    this.#interfaces = interfaces
    for (const [address, holding] of this.#held) {
      const before = new Set(holding.places.map(keyOf))
      const places = placesFor(address, holding.named, interfaces)
      if (places.some((place) => !before.has(keyOf(place)))) {
        holding.announcements = 0
        this.#announce(address, now)
      } else holding.places = places
    }
  }

  #hear(index: number, heard: Heard, now: Millis): void {
    const { address, mac } = heard
    // A bridge that gives back what we said is no rival.
    if (this.#interfaces.some((own) => own.mac === mac)) return
    const place = this.#interfaces.find((one) => one.index === index)
    if (place === undefined) return
    if (heard.kind === 'question') return this.#answer(place, heard, now)
    const rival = { mac, interface: place.name }
    const probe = this.#probes.get(address)
    if (probe !== undefined) probe.rival = rival
    const holding = this.#held.get(address)
    if (holding === undefined) return
    holding.rivals++
    // Until that is over it is not told of again.
    if (this.#timers.get(`rival ${address}`) !== undefined) return
    this.#effects.push({ type: 'rival', address, rival, times: holding.rivals })
    holding.rivals = 0
    // Whoever has heard the other hears that it is here.
    if (holding.places.includes(place)) this.#say(place, { kind: 'announcement', address })
    this.#timers.set(`rival ${address}`, now + this.config.rivalEveryMs)
  }

  #answer(place: Interface, { address, mac, asker }: Extract<Heard, { kind: 'question' }>, now: Millis): void {
    const holding = this.#held.get(address)
    if (holding === undefined || !(isIpv6(address) || place.ignoresArp)) return
    if (!holding.places.some(({ index }) => index === place.index)) return
    const second = Math.floor(now / 1_000)
    if (second !== this.#second) this.#answers = 0
    this.#second = second
    if (++this.#answers > this.config.answersPerSecond) return
    this.#say(place, { kind: 'answer', address, to: mac, asker })
  }

  #say({ index, mac }: Interface, said: Said): void {
    this.#effects.push({ type: 'say', index, mac, said })
  }
}

function keyOf({ index, mac }: Interface): string {
  return `${index} ${mac}`
}
