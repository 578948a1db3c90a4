/**
 * A whole cluster of real `Swim` machines on fake clocks and a fake network, all of it drawn from one seed: loss,
 * duplication, delay with a tail (and so reordering), cuts one-way and two-way, crashes with and without memory, pauses,
 * suspends, clocks that drift. Faults are commands; `membership-swarm.ts` draws them, `membership-laws.ts` judges.
 */
import type { Endpoint } from '../../src/base/address.js'
import type { NodeId } from '../../src/base/ids.js'
import { Prng } from '../../src/base/prng.js'
import type { Millis } from '../../src/base/time.js'
import { encodeMessage } from '../../src/gossip/codec.js'
import { type GossipConfig, gossipConfig } from '../../src/gossip/config.js'
import type { Member, MemberProfile, MemberState } from '../../src/gossip/messages.js'
import type { SwimEffect, SwimEvent } from '../../src/gossip/ports.js'
import { statePackets } from '../../src/gossip/push-pull.js'
import { Swim, type SwimOptions } from '../../src/gossip/swim.js'
import { nodeId, profileOf } from '../gossip/profiles.js'
import { EventQueue } from './event-queue.js'
import { CALM, type Observation, type SimNode, type SwimLike, type Weather } from './membership-cast.js'
import { Links } from './membership-links.js'
import { Nats } from './membership-nat.js'

/** What the seal adds to each datagram, and the frame of a control link to each message. */
const SEAL_BYTES = 41
const STREAM_DELAY_MS = 1
/** A loop that wakes from a pause runs its timers first, then reads its sockets. */
const READ_AFTER_MS = 0.01

export interface ClusterOptions {
  readonly size: number
  readonly seed: number
  readonly config?: GossipConfig
  readonly weather?: Weather
  /** Control links come up between members of which one holds the other alive. Default: yes. */
  readonly links?: boolean
  /** Clocks run fast or slow by up to this share. */
  readonly drift?: number
  readonly makeSwim?: (options: SwimOptions) => SwimLike
  readonly trace?: (line: string) => void
}

export class MembershipCluster {
  now: Millis = 0
  weather: Weather
  readonly config: GossipConfig
  readonly random: Prng
  readonly queue = new EventQueue()
  readonly nodes: SimNode[] = []
  readonly links: Links
  readonly seen: Observation[] = []
  /** Sent by all: sealed datagrams, and what went over control links. */
  readonly sent = { datagrams: 0, datagramBytes: 0, streamBytes: 0 }
  onDatagram: ((from: SimNode, to: Endpoint) => void) | undefined
  readonly #byAddress = new Map<string, SimNode>()
  readonly #byId = new Map<NodeId, SimNode>()
  /** `[from * size + to]`: 1 where nothing passes. */
  readonly #cuts: Uint8Array
  readonly #nats = new Nats()
  #identities: number

  constructor(private readonly options: ClusterOptions) {
    const { size, seed, drift = 0 } = options
    this.random = new Prng(seed)
    this.weather = options.weather ?? CALM
    this.config = options.config ?? gossipConfig('lan')
    this.#cuts = new Uint8Array(size * size)
    this.#identities = size
    for (let index = 0; index < size; index++) {
      const random = new Prng(seed * 4_096 + index)
      const rate = 1 + this.random.between(-drift, drift)
      const offset = this.random.between(1e6, 2e6)
      const { node: id, gossip } = profileOf(index)
      const swim = this.#makeSwim(profileOf(index), random)
      const state = { boot: 1, up: false, life: 0, pausedUntil: 0, suspended: false, wakeAt: Number.POSITIVE_INFINITY }
      const node = { index, address: gossip.address, random, rate, offset, id, swim, ...state, disk: new Set<string>() }
      this.nodes.push(node)
      this.#byAddress.set(node.address, node)
      this.#byId.set(id, node)
    }
    this.links = new Links(this, options.links ?? true)
  }

  /** Starts all, each knowing only the first one's address, and runs until they know each other. */
  static joined(options: ClusterOptions): MembershipCluster {
    const cluster = new MembershipCluster(options)
    cluster.startAll()
    if (!cluster.runUntil(() => cluster.converged(), 60_000)) throw new Error(`never joined, SEED=${options.seed}`)
    cluster.run(1_000)
    return cluster
  }

  /** Starts all, each with the whole view: joining a thousand one by one is not what is measured. */
  static acquainted(options: ClusterOptions): MembershipCluster {
    const config = options.config ?? gossipConfig('lan')
    // Nobody lacks the news, so once is enough.
    const terse: { -readonly [Knob in keyof GossipConfig]: number } = { ...config, retransmitFactor: 0.01 }
    const cluster = new MembershipCluster({ ...options, config: terse })
    const claims = cluster.nodes.map(({ index, id }) =>
      encodeMessage({
        kind: 'claim',
        claim: { profile: profileOf(index), state: 'alive', incarnation: 0, accuser: id },
      }),
    )
    const packets = statePackets({ node: nodeId(options.size), boot: 1 }, claims, false)
    for (const { index } of cluster.nodes) {
      cluster.start(index)
      for (const bytes of packets) cluster.feed(index, { type: 'stream', from: nodeId(options.size), bytes })
    }
    cluster.run(5_000)
    terse.retransmitFactor = config.retransmitFactor
    if (!cluster.converged()) throw new Error(`not acquainted, SEED=${options.seed}`)
    cluster.seen.length = 0
    return cluster
  }

  // ---- commands

  startAll(): void {
    for (const { index } of this.nodes) this.start(index, [0])
  }

  start(index: number, seeds: readonly number[] = []): void {
    const node = this.node(index)
    node.up = true
    node.life++
    this.feed(index, { type: 'start' })
    for (const seed of seeds) this.feed(index, { type: 'candidate', at: profileOf(seed).gossip })
    for (const address of node.disk) this.feed(index, { type: 'candidate', at: { address, port: 7000 }, lasting: true })
  }

  feed(index: number, event: SwimEvent): void {
    const node = this.node(index)
    if (!node.up) return
    node.swim.handle(event, this.clockOf(node))
    this.#settle(node)
  }

  /** Silent, as if the plug were pulled. */
  crash(index: number): void {
    const node = this.node(index)
    this.trace(`crash ${index}`)
    node.up = false
    node.life++
    node.pausedUntil = 0
    node.suspended = false
    node.wakeAt = Number.POSITIVE_INFINITY
    this.links.died(node)
  }

  /** `disk`: its next boot, with the addresses that it knew. `nothing`: the folder is gone, and so it is a new node. */
  restart(index: number, memory: 'disk' | 'nothing' = 'disk', seeds: readonly number[] = []): void {
    const node = this.node(index)
    if (node.up) this.crash(index)
    this.links.reset(node)
    if (memory === 'nothing') {
      node.id = nodeId(this.#identities++)
      node.boot = 0
      node.disk = new Set()
      this.#byId.set(node.id, node)
    }
    node.boot++
    this.trace(`restart ${index} as ${node.id.slice(4, 12)}-${node.boot}`)
    node.swim = this.#makeSwim(profileOf(index, node.boot, node.id), node.random)
    this.start(index, seeds)
  }

  /** The node's loop stands still; what arrives waits in its socket. */
  pause(index: number, ms: Millis): void {
    this.trace(`pause ${index} for ${ms}`)
    this.node(index).pausedUntil = this.now + ms
  }

  /** The whole host stands still, its clock as well; what arrives is lost. */
  suspend(index: number, ms: Millis): void {
    const node = this.node(index)
    if (!node.up || node.pausedUntil > this.now) return
    this.pause(index, ms)
    node.suspended = true
    const { life } = node
    this.queue.add(this.now + ms, () => {
      if (node.life !== life) return
      node.suspended = false
      node.offset -= ms * node.rate
      node.wakeAt = Number.POSITIVE_INFINITY
      this.#plan(node)
    })
  }

  /** One way only; twice for both. */
  cut(from: number, to: number): void {
    this.trace(`cut ${from} > ${to}`)
    this.#cuts[from * this.nodes.length + to] = 1
    this.links.cut(this.node(from), this.node(to))
  }

  hide(index: number): void {
    this.#byAddress.set(this.#nats.hide(this.node(index)), this.node(index))
  }

  partition(sideOf: (index: number) => number): void {
    this.heal()
    for (const { index: from } of this.nodes)
      for (const { index: to } of this.nodes) if (sideOf(from) !== sideOf(to)) this.cut(from, to)
  }

  heal(): void {
    this.trace('heal')
    this.#cuts.fill(0)
  }

  /** As soon as it is awake. */
  deliver(node: SimNode, event: SwimEvent): void {
    if (node.pausedUntil <= this.now) return this.feed(node.index, event)
    this.queue.add(node.pausedUntil + READ_AFTER_MS, () => this.deliver(node, event))
  }

  // ---- time

  run(ms: Millis): void {
    const end = this.now + ms
    while (this.queue.nextAt <= end) this.#step()
    this.now = end
  }

  /** `false` if it did not come true within `limitMs`. Looks at most once per simulated millisecond. */
  runUntil(condition: () => boolean, limitMs: Millis): boolean {
    const end = this.now + limitMs
    let lookAt = this.now
    while (this.queue.nextAt <= end) {
      this.#step()
      if (this.now < lookAt) continue
      lookAt = this.now + 1
      if (condition()) return true
    }
    this.now = end
    return condition()
  }

  /** How long from now until all who are up, but `about` itself, hold it down; `undefined` if not within `limitMs`. */
  untilKnownDown(about: number, limitMs: Millis): Millis | undefined {
    const from = this.now
    const { id } = this.node(about)
    const waiting = new Set(this.nodes.filter(({ up, index }) => up && index !== about).map(({ index }) => index))
    let read = this.seen.length
    const all = (): boolean => {
      for (; read < this.seen.length; read++) {
        const { about, by, state } = this.seen[read] as Observation
        if (about === id && state === 'down') waiting.delete(by)
      }
      return waiting.size === 0
    }
    return this.runUntil(all, limitMs) ? this.now - from : undefined
  }

  // ---- what can be seen

  node(index: number): SimNode {
    const node = this.nodes[index]
    if (node === undefined) throw new Error(`no node ${index}`)
    return node
  }

  nodeOf(id: NodeId): SimNode | undefined {
    return this.#byId.get(id)
  }

  clockOf(node: SimNode): Millis {
    return node.offset + node.rate * this.now
  }

  isCut(from: number, to: number): boolean {
    return this.#cuts[from * this.nodes.length + to] === 1
  }

  memberAt(by: number, about: number): Member | undefined {
    const { id } = this.node(about)
    return this.node(by)
      .swim.members()
      .find(({ profile }) => profile.node === id)
  }

  stateAt(by: number, about: number): MemberState | undefined {
    return this.memberAt(by, about)?.state
  }

  observed(about: number, ...states: MemberState[]): Observation[] {
    const { id } = this.node(about)
    return this.seen.filter((seen) => seen.about === id && states.includes(seen.state))
  }

  /** Everybody who is up holds exactly those who are up alive, in their latest boot. */
  converged(): boolean {
    const up = this.nodes.filter((node) => node.up)
    return up.every(({ swim }) => {
      const alive = swim.members().filter(({ state }) => state === 'alive' || state === 'suspect')
      return alive.length === up.length && alive.every((member) => this.isTrue(member))
    })
  }

  /** Whether a member that is held alive is. */
  isTrue({ profile, state }: Member): boolean {
    const node = this.#byId.get(profile.node)
    return state === 'alive' && node?.up === true && node.id === profile.node && node.boot === profile.boot
  }

  trace(line: string): void {
    this.options.trace?.(`${this.now.toFixed(1).padStart(10)}  ${line}`)
  }

  // ---- inside

  #makeSwim(self: MemberProfile, random: Prng): SwimLike {
    const options = { self, config: this.config, random }
    return this.options.makeSwim?.(options) ?? new Swim(options)
  }

  #step(): void {
    const next = this.queue.next()
    if (next === undefined) return
    this.now = next.at
    next.run()
  }

  #settle(node: SimNode): void {
    for (let effect = node.swim.poll(); effect !== undefined; effect = node.swim.poll()) this.#perform(node, effect)
    this.#plan(node)
  }

  #plan(node: SimNode): void {
    const due = node.swim.nextDeadline()
    if (due === undefined) return
    const at = Math.max(this.now, node.pausedUntil, (due - node.offset) / node.rate)
    if (at >= node.wakeAt) return
    node.wakeAt = at
    const { life } = node
    this.queue.add(at, () => {
      if (node.life === life && node.wakeAt === at) this.#wake(node)
    })
  }

  #wake(node: SimNode): void {
    node.wakeAt = Number.POSITIVE_INFINITY
    if (node.pausedUntil > this.now) return this.#plan(node)
    const due = node.swim.nextDeadline()
    // The two conversions of a time may disagree in the last digit.
    const clock = this.clockOf(node) + 1e-6
    if (due === undefined || due > clock) return this.#plan(node)
    node.swim.tick(clock)
    this.#settle(node)
  }

  #perform(node: SimNode, effect: SwimEffect): void {
    switch (effect.type) {
      case 'send':
        return this.#send(node, effect.to, effect.bytes)
      case 'stream': {
        this.sent.streamBytes += effect.bytes.byteLength
        const peer = this.#byId.get(effect.to)
        if (peer === undefined || !this.links.carries(node, peer)) return
        const event = { type: 'stream', from: node.id, bytes: effect.bytes } as const
        return this.queue.add(this.now + STREAM_DELAY_MS, () => {
          if (this.links.carries(node, peer)) this.#arrive(peer, event)
        })
      }
      case 'member': {
        const { member, before, why } = effect
        const { node: about, boot } = member.profile
        this.seen.push({ at: this.now, by: node.index, about, boot, state: member.state, before, why })
        this.trace(`${node.index} holds ${member.profile.name}-${boot} ${member.state}: ${why}`)
        const peer = this.#byId.get(about)
        if (peer === undefined || about === node.id) return
        node.disk.add(member.profile.gossip.address)
        if (peer.id === about) this.links.want(node, peer, member.state === 'alive' || member.state === 'suspect')
      }
    }
  }

  #send(node: SimNode, to: Endpoint, bytes: Uint8Array): void {
    const { loss, duplication, delayMinMs, delayMaxMs, tail, tailMs } = this.weather
    this.sent.datagrams++
    this.sent.datagramBytes += bytes.byteLength + SEAL_BYTES
    this.onDatagram?.(node, to)
    const peer = this.#byAddress.get(to.address)
    if (peer === undefined || this.#nats.drops(to.address, peer) || this.isCut(node.index, peer.index)) return
    const event = { type: 'datagram', from: { address: this.#nats.originOf(node), port: 7000 }, bytes } as const
    for (let copies = this.random.chance(duplication) ? 2 : 1; copies > 0; copies--) {
      if (this.random.chance(loss)) continue
      const late = this.random.chance(tail) ? this.random.between(0, tailMs) : 0
      this.queue.add(this.now + this.random.between(delayMinMs, delayMaxMs) + late, () => this.#arrive(peer, event))
    }
  }

  #arrive(node: SimNode, event: SwimEvent): void {
    if (!node.suspended) this.deliver(node, event)
  }
}
