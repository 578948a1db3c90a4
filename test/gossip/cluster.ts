/**
 * A cluster of real `Swim` machines on a fake clock and a fake network, all drawn from one seed. Faults: loss, delay
 * with a tail (hence reordering), duplication, partitions, silent crashes, restarts with the next boot, pauses.
 */
import { type Endpoint, formatEndpoint } from '../../src/base/address.js'
import type { NodeId } from '../../src/base/ids.js'
import { Prng } from '../../src/base/prng.js'
import type { Millis } from '../../src/base/time.js'
import { type GossipConfig, gossipConfig } from '../../src/gossip/config.js'
import type { Member, MemberProfile, MemberState } from '../../src/gossip/messages.js'
import type { SwimEffect, SwimEvent } from '../../src/gossip/ports.js'
import { Swim } from '../../src/gossip/swim.js'

export interface Weather {
  readonly loss: number
  readonly duplication: number
  readonly delayMinMs: Millis
  readonly delayMaxMs: Millis
  /** Share of datagrams that are late by up to `tailMs` more. */
  readonly tail: number
  readonly tailMs: Millis
}

export const CALM: Weather = { loss: 0, duplication: 0, delayMinMs: 0.1, delayMaxMs: 1, tail: 0, tailMs: 0 }
export const ROUGH: Weather = { loss: 0.1, duplication: 0.1, delayMinMs: 0.1, delayMaxMs: 10, tail: 0.05, tailMs: 60 }

export interface Observation {
  readonly at: Millis
  readonly by: number
  readonly about: NodeId
  readonly boot: number
  readonly state: MemberState
  readonly before: MemberState | undefined
  readonly why: string
}

interface Host {
  readonly index: number
  readonly random: Prng
  boot: number
  swim: Swim
  up: boolean
  pausedUntil: Millis
  side: number
  readonly links: Set<number>
}

interface Action {
  readonly at: Millis
  readonly order: number
  readonly run: () => void
}

export interface ClusterOptions {
  readonly size: number
  readonly seed: number
  readonly config?: GossipConfig
  readonly weather?: Weather
  /** Control links come up between members that hold each other alive. */
  readonly links?: boolean
}

export function nodeId(index: number): NodeId {
  // Spread over the whole range, as hashes are.
  return ((index + 1) * 0x9e3779b1)
    .toString(16)
    .padStart(12, '0')
    .padEnd(32, (index % 16).toString(16))
    .slice(0, 32)
}

export function profileOf(index: number, boot = 1): MemberProfile {
  const address = `10.0.${index >> 8}.${index & 255}`
  const port = (number: number): Endpoint => ({ address, port: number })
  return {
    node: nodeId(index),
    boot,
    name: `node-${index}`,
    gossip: port(7000),
    control: port(7001),
    data: port(0),
    flags: 0,
  }
}

export class Cluster {
  now: Millis = 0
  weather: Weather
  readonly seen: Observation[] = []
  readonly hosts: Host[] = []
  datagrams = 0
  bytes = 0
  readonly #random: Prng
  readonly #config: GossipConfig
  readonly #byAddress = new Map<string, Host>()
  readonly #byNode = new Map<NodeId, Host>()
  readonly #actions: Action[] = []
  #order = 0

  constructor(private readonly options: ClusterOptions) {
    this.#random = new Prng(options.seed)
    this.weather = options.weather ?? CALM
    this.#config = options.config ?? gossipConfig('lan')
    for (let index = 0; index < options.size; index++) {
      const random = new Prng(options.seed * 1_000 + index)
      const swim = new Swim({ self: profileOf(index), config: this.#config, random })
      const host: Host = { index, random, boot: 1, swim, up: false, pausedUntil: 0, side: 0, links: new Set() }
      this.hosts.push(host)
      this.#byAddress.set(formatEndpoint(profileOf(index).gossip), host)
      this.#byNode.set(nodeId(index), host)
    }
  }

  /** Starts all, each knowing only the first one's address, and runs until they know each other. */
  static joined(options: ClusterOptions): Cluster {
    const cluster = new Cluster(options)
    cluster.startAll()
    if (!cluster.runUntil(() => cluster.converged(), 60_000)) throw new Error(`never joined, SEED=${options.seed}`)
    cluster.run(1_000)
    return cluster
  }

  startAll(): void {
    for (const host of this.hosts) {
      host.up = true
      this.feed(host.index, { type: 'start' })
      this.feed(host.index, { type: 'candidate', at: profileOf(0).gossip })
    }
  }

  feed(index: number, event: SwimEvent): void {
    const host = this.#host(index)
    host.swim.handle(event, this.now)
    this.#settle(host)
  }

  /** Silent, as if the plug were pulled. */
  crash(index: number): void {
    const host = this.#host(index)
    host.up = false
    for (const peer of host.links) this.#host(peer).links.delete(index)
    host.links.clear()
  }

  restart(index: number, seed = 0): void {
    this.crash(index)
    const host = this.#host(index)
    host.boot++
    host.swim = new Swim({ self: profileOf(index, host.boot), config: this.#config, random: host.random })
    host.up = true
    this.feed(index, { type: 'start' })
    this.feed(index, { type: 'candidate', at: profileOf(seed).gossip })
  }

  /** The node's loop stands still; what arrives waits in its socket. */
  pause(index: number, ms: Millis): void {
    this.#host(index).pausedUntil = this.now + ms
  }

  partition(sideOf: (index: number) => number): void {
    for (const host of this.hosts) host.side = sideOf(host.index)
    for (const host of this.hosts) {
      for (const peer of [...host.links]) {
        if (this.#host(peer).side === host.side) continue
        host.links.delete(peer)
        this.feed(host.index, { type: 'link-down', peer: nodeId(peer) })
      }
    }
  }

  run(ms: Millis): void {
    this.runUntil(() => false, ms)
  }

  /** `false` if it did not come true within `limitMs`. Looks at most once per simulated millisecond. */
  runUntil(condition: () => boolean, limitMs: Millis): boolean {
    const end = this.now + limitMs
    let lookAt = this.now
    for (let action = this.#actions[0]; action !== undefined && action.at <= end; action = this.#actions[0]) {
      this.#pop()
      this.now = Math.max(this.now, action.at)
      action.run()
      if (this.now < lookAt) continue
      lookAt = this.now + 1
      if (condition()) return true
    }
    this.now = end
    return condition()
  }

  stateAt(by: number, about: number): MemberState | undefined {
    return this.memberAt(by, about)?.state
  }

  memberAt(by: number, about: number): Member | undefined {
    const node = nodeId(about)
    return this.#host(by)
      .swim.members()
      .find((member) => member.profile.node === node)
  }

  /** Everybody who is up holds exactly those who are up alive, in their latest boot. */
  converged(): boolean {
    const up = this.hosts.filter((host) => host.up)
    return up.every(({ swim }) => {
      const alive = swim.members().filter((member) => member.state === 'alive')
      return (
        alive.length === up.length &&
        alive.every(({ profile }) => {
          const host = this.#byNode.get(profile.node)
          return host?.up === true && host.boot === profile.boot
        })
      )
    })
  }

  knownDown(about: number): boolean {
    return this.hosts.every(({ up, index }) => !up || this.stateAt(index, about) === 'down')
  }

  observed(about: number, ...states: MemberState[]): Observation[] {
    return this.seen.filter((seen) => seen.about === nodeId(about) && states.includes(seen.state))
  }

  #host(index: number): Host {
    const host = this.hosts[index]
    if (host === undefined) throw new Error(`no host ${index}`)
    return host
  }

  #settle(host: Host): void {
    for (let effect = host.swim.poll(); effect !== undefined; effect = host.swim.poll()) this.#perform(host, effect)
    const { swim } = host
    const deadline = swim.nextDeadline()
    if (deadline === undefined) return
    this.#at(Math.max(deadline, this.now), () => {
      if (host.swim !== swim || !host.up) return
      const due = swim.nextDeadline()
      if (due === undefined || due > this.now) return
      const ring = () => {
        swim.tick(this.now)
        this.#settle(host)
      }
      this.#awake(host, ring, 0)
    })
  }

  /** After a pause a real loop runs its timers first, then reads its sockets: `afterMs` sets them apart. */
  #awake(host: Host, act: () => void, afterMs: Millis): void {
    if (host.pausedUntil <= this.now) return act()
    this.#at(host.pausedUntil + afterMs, () => {
      if (host.up) this.#awake(host, act, afterMs)
    })
  }

  #perform(host: Host, effect: SwimEffect): void {
    switch (effect.type) {
      case 'send':
        return this.#send(host, effect.to, effect.bytes)
      case 'stream': {
        const peer = this.#byNode.get(effect.to)
        if (peer === undefined || !host.links.has(peer.index)) return
        return this.#deliver(peer, 1, () => {
          if (host.links.has(peer.index))
            this.feed(peer.index, { type: 'stream', from: nodeId(host.index), bytes: effect.bytes })
        })
      }
      case 'member': {
        const { member, before, why } = effect
        const { node: about, boot } = member.profile
        this.seen.push({ at: this.now, by: host.index, about, boot, state: member.state, before, why })
        const peer = this.#byNode.get(about)
        if (this.options.links && peer !== undefined && member.state === 'alive') this.#link(host, peer)
      }
    }
  }

  #link(host: Host, peer: Host): void {
    this.#at(this.now + 5, () => {
      const mutual = host.up && peer.up && host.side === peer.side && !host.links.has(peer.index)
      if (!mutual || host === peer || this.stateAt(peer.index, host.index) !== 'alive') return
      host.links.add(peer.index)
      peer.links.add(host.index)
      this.feed(host.index, { type: 'link-up', peer: nodeId(peer.index) })
      this.feed(peer.index, { type: 'link-up', peer: nodeId(host.index) })
    })
  }

  #send(host: Host, to: Endpoint, bytes: Uint8Array): void {
    const { loss, duplication, delayMinMs, delayMaxMs, tail, tailMs } = this.weather
    this.datagrams++
    this.bytes += bytes.byteLength
    const peer = this.#byAddress.get(formatEndpoint(to))
    if (peer === undefined || peer.side !== host.side) return
    const from = profileOf(host.index).gossip
    for (let copies = this.#random.chance(duplication) ? 2 : 1; copies > 0; copies--) {
      if (this.#random.chance(loss)) continue
      const late = this.#random.chance(tail) ? this.#random.between(0, tailMs) : 0
      const delay = this.#random.between(delayMinMs, delayMaxMs) + late
      this.#deliver(peer, delay, () => this.feed(peer.index, { type: 'datagram', from, bytes }))
    }
  }

  #deliver(peer: Host, delay: Millis, act: () => void): void {
    const { boot } = peer
    this.#at(this.now + delay, () => {
      if (peer.up && peer.boot === boot) this.#awake(peer, act, 0.01)
    })
  }

  // A binary heap by time, then by order of scheduling: the same seed gives the same run.
  #at(at: Millis, run: () => void): void {
    const heap = this.#actions
    const action = { at, order: this.#order++, run }
    let i = heap.push(action) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(action, heap[parent] as Action)) break
      heap[i] = heap[parent] as Action
      i = parent
    }
    heap[i] = action
  }

  #pop(): void {
    const heap = this.#actions
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Action, heap[child] as Action)) child++
      if (!before(heap[child] as Action, last)) break
      heap[i] = heap[child] as Action
      i = child
    }
    heap[i] = last
  }
}

function before(a: Action, b: Action): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
