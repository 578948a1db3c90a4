/**
 * The network between simulated hosts: datagrams that get lost, doubled, late and out of order; control links that, like
 * TCP, keep order, hold what cannot get through, and end when a process does or when silence has lasted too long.
 */
import type { NodeId } from '../../src/base/ids.js'
import type { Prng } from '../../src/base/prng.js'
import type { EventQueue } from './event-queue.js'

export interface Weather {
  readonly loss: number
  readonly duplication: number
  /** Share of messages that are late by up to `tailMs`. */
  readonly tail: number
  readonly tailMs: number
}

export const CALM: Weather = { loss: 0, duplication: 0, tail: 0, tailMs: 0 }

/** Anything from fair to foul. */
export function weatherOf(random: Prng): Weather {
  return {
    loss: random.unit() * 0.2,
    duplication: random.unit() * 0.1,
    tail: random.unit() * 0.1,
    tailMs: random.between(10, 1_500),
  }
}

/** One host as the network sees it. */
export interface Port {
  readonly id: NodeId
  readonly index: number
  /** Grows with each start of the process; `isUp` is false between an end and the next start. */
  readonly boot: number
  readonly isUp: boolean
  /** The boot that this host would dial; undefined where it wants no link. */
  wants(peer: NodeId): number | undefined
  /** They can prove themselves to each other. */
  mayLink?(peer: Port): boolean
  onDatagram(from: Port, bytes: Uint8Array): void
  onLinkUp(peer: Port): void
  onLinkDown(peer: Port, byUs: boolean): void
  onRefused(peer: Port): void
  onMessage(from: Port, channel: number, bytes: Uint8Array): void
}

interface Link {
  readonly number: number
  readonly ends: readonly [Port, Port]
  readonly boots: readonly [number, number]
  /** Ends that still hold it. */
  readonly held: [boolean, boolean]
  /** Per direction: when the last message arrives, and what waits for a cut to heal. */
  readonly arrives: [number, number]
  readonly waiting: [(() => void)[], (() => void)[]]
}

const SILENCE_MS = 5_000
const REDIAL_MS = 400

export class Network {
  weather: Weather = CALM
  /** All that was sent over control links. */
  streamBytes = 0
  readonly #links = new Map<string, Link>()
  readonly #cuts = new Set<string>()
  #numbers = 0

  constructor(
    private readonly ports: readonly Port[],
    private readonly queue: EventQueue,
    private readonly random: Prng,
  ) {}

  // --- datagrams ---

  datagram(from: Port, to: Port, bytes: Uint8Array): void {
    if (this.isCut(from, to) || this.random.chance(this.weather.loss)) return
    const copies = this.random.chance(this.weather.duplication) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      this.#later(this.#delay(), () => {
        if (to.isUp && !this.isCut(from, to)) to.onDatagram(from, bytes)
      })
    }
  }

  // --- cuts ---

  isCut(from: Port, to: Port): boolean {
    return this.#cuts.has(`${from.index}>${to.index}`)
  }

  /** One direction. What is on its way is lost, but for streams, which hold it. */
  cut(from: Port, to: Port): void {
    if (this.isCut(from, to)) return
    this.#cuts.add(`${from.index}>${to.index}`)
    const link = this.#linkBetween(from, to)
    if (link === undefined) return
    const since = this.queue.now
    this.#later(SILENCE_MS + this.random.between(0, 1_000), () => {
      if (this.#linkBetween(from, to) !== link || !this.isCut(from, to)) return
      // Who hears nothing gives up first; the other may hold its end for a while.
      if (since + SILENCE_MS <= this.queue.now) this.#giveUp(link, to)
    })
  }

  heal(from: Port, to: Port): void {
    if (!this.#cuts.delete(`${from.index}>${to.index}`)) return
    const link = this.#linkBetween(from, to)
    if (link === undefined) return
    const direction = link.ends[0] === from ? 0 : 1
    // TCP sends it again when its own timer says so; what is sent from now on comes behind it.
    let at = Math.max(link.arrives[direction], this.queue.now + this.random.between(1, 500))
    for (const deliver of link.waiting[direction].splice(0)) {
      at += 0.001
      this.queue.add(at, deliver)
    }
    link.arrives[direction] = at
    const [here, there] = link.held
    if (!here || !there) this.#later(5, () => this.#endLink(link, false))
  }

  // --- links ---

  /** To be called when anybody may want a link that is not there. */
  dial(port: Port): void {
    for (const peer of this.ports) {
      if (peer !== port) this.#later(this.random.between(1, 20), () => this.#connect(port, peer))
    }
  }

  send(from: Port, to: Port, channel: number, bytes: Uint8Array): boolean {
    const link = this.#linkBetween(from, to)
    if (link === undefined) return false
    const direction = link.ends[0] === from ? 0 : 1
    if (!link.held[direction]) return false
    this.streamBytes += bytes.length
    const deliver = () => {
      if (this.#links.get(keyOf(from, to)) !== link || !link.held[1 - direction]) return
      if (this.isCut(from, to)) link.waiting[direction].push(deliver)
      else if (to.isUp && to.boot === link.boots[1 - direction]) to.onMessage(from, channel, bytes)
    }
    const at = Math.max(link.arrives[direction], this.queue.now + this.#delay())
    link.arrives[direction] = at
    this.queue.add(at, deliver)
    return true
  }

  /** The process of a host has ended. `silently`: its host too, so nobody is told. */
  ended(port: Port, silently: boolean): void {
    for (const link of [...this.#links.values()]) {
      if (!link.ends.includes(port)) continue
      const peer = link.ends[0] === port ? link.ends[1] : link.ends[0]
      const isHeard = !silently && !this.isCut(port, peer)
      this.#later(isHeard ? this.random.between(0.5, 5) : SILENCE_MS + this.random.between(0, 1_000), () => {
        if (this.#links.get(keyOf(port, peer)) === link) this.#endLink(link, !isHeard, port)
      })
    }
  }

  #connect(a: Port, b: Port): void {
    const wanted = a.isUp ? a.wants(b.id) : undefined
    const standing = this.#linkBetween(a, b)
    if (wanted === undefined || (standing !== undefined && isWhole(standing))) return
    // It is dialled until it is up, whatever happens first.
    this.#later(REDIAL_MS * this.random.between(0.5, 1.5), () => this.#connect(a, b))
    if (!b.isUp || b.boot < wanted || this.isCut(a, b) || this.isCut(b, a)) return
    if (a.mayLink?.(b) === false) return
    // A fresh dial replaces what is left of an earlier link, whether its end was noticed or not.
    if (standing !== undefined) this.#endLink(standing, true)
    const link: Link = {
      number: ++this.#numbers,
      ends: [a, b],
      boots: [a.boot, b.boot],
      held: [true, true],
      arrives: [this.queue.now, this.queue.now],
      waiting: [[], []],
    }
    this.#links.set(keyOf(a, b), link)
    b.onLinkUp(a)
    this.#later(this.random.between(0.2, 3), () => {
      if (this.#links.get(keyOf(a, b)) === link && a.isUp && a.boot === link.boots[0]) a.onLinkUp(b)
    })
  }

  /** One end closes for silence; the other hears of it when the way is free. */
  #giveUp(link: Link, end: Port): void {
    const side = link.ends[0] === end ? 0 : 1
    if (!link.held[side]) return
    link.held[side] = false
    const peer = link.ends[1 - side] as Port
    if (end.isUp && end.boot === link.boots[side]) end.onLinkDown(peer, true)
    this.#later(this.random.between(5, REDIAL_MS), () => this.#connect(end, peer))
    if (!this.isCut(end, peer)) this.#later(2, () => this.#endLink(link, false))
    else this.#later(this.random.between(1_000, 6_000), () => this.#endLink(link, true))
  }

  /** Both ends let go; `refuses`: this one's process is gone, which a dial shows. */
  #endLink(link: Link, byUs: boolean, refuses?: Port): void {
    const [a, b] = link.ends
    if (this.#links.get(keyOf(a, b)) !== link) return
    this.#links.delete(keyOf(a, b))
    for (const [side, end] of link.ends.entries()) {
      const peer = link.ends[1 - side] as Port
      if (!link.held[side] || !end.isUp || end.boot !== link.boots[side]) continue
      end.onLinkDown(peer, byUs)
      if (refuses === peer && !byUs) {
        this.#later(this.random.between(0.3, 3), () => {
          const isFree = !this.isCut(end, peer) && !this.isCut(peer, end)
          const isGone = !peer.isUp && this.#linkBetween(end, peer) === undefined
          if (isGone && isFree && end.isUp && end.boot === link.boots[side]) end.onRefused(peer)
        })
      }
      this.#later(this.random.between(5, REDIAL_MS), () => this.#connect(end, peer))
    }
  }

  #linkBetween(a: Port, b: Port): Link | undefined {
    return this.#links.get(keyOf(a, b))
  }

  #delay(): number {
    const { tail, tailMs } = this.weather
    return this.random.between(0.2, 3) + (this.random.chance(tail) ? this.random.between(0, tailMs) : 0)
  }

  #later(ms: number, run: () => void): void {
    this.queue.later(ms, run)
  }
}

function isWhole({ ends, boots, held }: Link): boolean {
  return ends.every((end, side) => held[side] === true && end.isUp && end.boot === boots[side])
}

function keyOf(a: Port, b: Port): string {
  return a.index < b.index ? `${a.index} ${b.index}` : `${b.index} ${a.index}`
}
