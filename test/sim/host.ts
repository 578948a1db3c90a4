/**
 * One simulated host: a clock that drifts, a disk, and a real `Node` with all its machines, as `baton up` builds it. Only
 * sockets, disk and lane are not real; the lane acts as a lane does: while its own look at the deadline passes.
 */
import type { Endpoint } from '../../src/base/address.js'
import type { Alarm, AlarmClock } from '../../src/base/clock.js'
import type { NodeId, Term } from '../../src/base/ids.js'
import type { LogFields, Logger } from '../../src/base/log.js'
import { Prng } from '../../src/base/prng.js'
import { electionConfig } from '../../src/election/config.js'
import { applyRecord, type DurableRecord, emptyState, foundElectorate } from '../../src/election/durable-state.js'
import { Elections } from '../../src/election/elections.js'
import { gossipConfig } from '../../src/gossip/config.js'
import { Facts } from '../../src/gossip/facts.js'
import { type Delta, Registry } from '../../src/gossip/registry.js'
import type { RefusalReason } from '../../src/gossip/seal.js'
import { Swim } from '../../src/gossip/swim.js'
import { Sync } from '../../src/gossip/sync.js'
import type { GuardPort } from '../../src/hosting/ports.js'
import { Node } from '../../src/node/node.io.js'
import { flagsOf } from '../../src/node/roles.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import { contestOf } from '../../src/proxy/service.js'
import { CHANNEL } from '../../src/trunk/channels.js'
import type { WantedPeer } from '../../src/trunk/ports.js'
import type { EventQueue } from './event-queue.js'
import type { HostOptions } from './host-options.js'
import type { Network, Port } from './network.js'
import { SimAddresses } from './sim-addresses.js'
import { SimLane } from './sim-lane.js'
import { SimPrograms } from './sim-programs.js'

/** As a link of an earlier release: it says nothing of who makes the data links. */
const DIALLED = { dialled: false, carried: false }

/** Of restores. */
const RESTORES_REFUSED = 0.1

/** Ends the turn in which a host loses power, wherever that turn is. */
export class PowerCut extends Error {}

/** What a host tells whoever watches. */
export interface Watcher {
  log(host: Host, event: string, fields: LogFields): void
  voted(host: Host, record: DurableRecord): void
  /** `true`: the power fails now, before that write is on the disk. */
  failsAt(host: Host): boolean
  saved(host: Host, registry: Delta): void
  /** It is to direct in that term: a lease that is new, or one that it goes on with. */
  took?(host: Host, contest: string, term: Term): void
  trunk(host: Host): Network
  /** A datagram that came could not be opened. */
  unopened?(host: Host, from: Port, why: RefusalReason): void
}

interface Disk {
  votes: DurableRecord[]
  /** The file of votes is there, be it empty. */
  hasVotes: boolean
  registry: Delta
  members: readonly Endpoint[]
  boot: number
}

const LEASE_BYTES = LeaseSlots.bytes

export class Host implements Port {
  readonly id: NodeId
  readonly disk: Disk
  readonly programs: SimPrograms
  node: Node | undefined
  elections: Elections | undefined
  registry: Registry | undefined
  pausedUntil = 0
  #leases = new LeaseSlots(LEASE_BYTES())
  readonly #wanted = new Map<NodeId, number>()
  readonly #offset: number
  readonly #rate: number
  #later: (() => void)[] = []
  #turning = false
  #lane: SimLane | undefined
  readonly #addresses = new SimAddresses((slot) => this.isUp && this.#leases.isHeld(slot, this.clock()), {
    took: (contest, term) => this.watcher.took?.(this, contest, term),
  })

  constructor(
    readonly options: HostOptions,
    private readonly queue: EventQueue,
    private readonly watcher: Watcher,
    private readonly hostAt: (at: Endpoint) => Host | undefined,
  ) {
    this.id = (options.index + 1).toString(16).padStart(2, '0').repeat(16)
    this.#offset = 1e6 * (options.index + 1)
    this.#rate = 1 + options.driftPpm * 1e-6
    this.programs = new SimPrograms(
      {
        now: () => this.clock(),
        later: (ms, run) => this.queue.later(ms / this.#rate, run),
        note: (what) => this.watcher.log(this, 'program', { what }),
      },
      new Prng(options.seed * 7 + options.index),
      options.brokenGuard,
    )
    const votes: DurableRecord[] = options.founds
      ? [{ kind: 'electorate', electorate: foundElectorate(this.id, 1) }]
      : []
    this.disk = { votes, hasVotes: false, registry: [], members: [], boot: 0 }
  }

  get index(): number {
    return this.options.index
  }

  get boot(): number {
    return this.disk.boot
  }

  get isUp(): boolean {
    return this.node !== undefined
  }

  get isPaused(): boolean {
    return this.queue.now < this.pausedUntil
  }

  get at(): Endpoint {
    return { address: `10.0.0.${this.index + 1}`, port: 7440 }
  }

  clock(): number {
    return this.#offset + this.queue.now * this.#rate
  }

  /** A lane's own look, at any service that the lease is for. */
  acts(contest: string): boolean {
    for (const [name, { slot }] of this.isUp ? (this.#lane?.directed ?? []) : []) {
      const service = this.node?.knowledge.service(name)
      const isIts = name === contest || (service !== undefined && contestOf(service) === contest)
      if (isIts && this.#leases.isHeld(slot, this.clock())) return true
    }
    return false
  }

  /** Clients that ask the network for the address find this host. */
  answersFor(contest: string): boolean {
    return this.#addresses.answersFor(contest)
  }

  isAlone(contest: string): boolean {
    return this.elections?.holding(contest)?.alone === true
  }

  start(seeds: readonly Endpoint[]): void {
    if (this.isUp) return
    const { seed, index, rules, profile = 'lan', witness = false, isEager = false } = this.options
    const { disk } = this
    const isFirst = disk.boot === 0
    disk.boot++
    const boot = disk.boot
    // A new log is a new memory.
    if (!disk.hasVotes) {
      disk.votes.unshift({ kind: 'memory', number: boot })
      for (const record of disk.votes) this.watcher.voted(this, record)
    }
    disk.hasVotes = true
    const durable = emptyState(0)
    for (const record of disk.votes) applyRecord(durable, record)
    const random = new Prng(seed * 1_009 + index * 31 + boot)
    const clock = this.#alarmClock(boot)
    const registry = new Registry(this.id)
    registry.merge(disk.registry, clock.wall())
    this.watcher.saved(this, registry.state())
    const self = {
      node: this.id,
      boot,
      name: `n${index + 1}`,
      gossip: this.at,
      control: this.at,
      data: { ...this.at, port: 7441 },
      flags: flagsOf({ drained: false, witness, leaving: false, priority: 100, capability: 0 }),
    }
    const elections = new Elections({
      self: this.id,
      boot,
      config: electionConfig(profile),
      random,
      durable,
      isFresh: isFirst,
      now: clock.now(),
      directs: !witness || isEager,
      diesWithProcess: true,
      probesRivals: true,
      rules,
    })
    const facts = new Facts({ node: this.id, boot })
    const machines = {
      swim: new Swim({ self, config: gossipConfig(profile), random }),
      sync: new Sync({ registry, facts, clock, random }),
      elections,
      registry,
      facts,
    }
    this.#leases = new LeaseSlots(LEASE_BYTES())
    const restores = new Prng(this.options.seed ^ (index + 1))
    const lane = new SimLane(
      (afterMs, message) => {
        this.queue.later(afterMs, () => {
          if (this.#lane === lane) this.turn(() => this.node?.onLane(message))
        })
      },
      () => restores.chance(RESTORES_REFUSED),
    )
    this.#lane = lane
    this.elections = elections
    this.registry = registry
    const logger: Logger = { log: (_level, event, fields = {}) => this.watcher.log(this, event, fields) }
    const send = (to: NodeId, bytes: Uint8Array) => this.#stream(to, CHANNEL.keys, bytes)
    const keys = this.options.keys?.start({ node: this.id, boot, name: self.name, clock, random, logger, send })
    const node = new Node(self, machines, {
      ...(keys === undefined ? {} : { keys }),
      clock,
      logger,
      random,
      leases: this.#leases,
      sendDatagram: (to, bytes) => this.#datagram(to, bytes),
      sendToPeer: (to, channel, bytes) => this.#stream(to, channel, bytes),
      wantPeer: (peer) => this.#want(peer),
      unwantPeer: (peer) => void this.#wanted.delete(peer),
      dataAt: [self.data],
      suites: ['secretstream'],
      toLane: (message) => lane.receive(message),
      saveVotes: (records) => this.#saveVotes(records),
      saveRegistry: () => {
        this.disk.registry = structuredClone(registry.state()) as Delta
        this.watcher.saved(this, this.disk.registry)
      },
      rememberMembers: (addresses) => {
        this.disk.members = addresses
      },
      later: (run) => this.#later.push(run),
      addresses: this.#addresses.keeper,
      ...(this.options.hosts === true ? { guards: this.#guards(boot) } : {}),
    })
    this.node = node
    this.turn(() => {
      node.start()
      for (const at of [...seeds, ...disk.members]) node.onCandidate(at)
    })
  }

  /** The process ends as it stands. */
  kill(): void {
    this.node?.halt()
    this.node = undefined
    this.elections = undefined
    this.registry = undefined
    this.#lane = undefined
    this.#addresses.clear()
    this.programs.detach()
    this.options.keys?.stop()
    this.#wanted.clear()
    this.#later = []
  }

  /** Whatever happens on this host happens in here: not while it is paused, and all that follows at once. */
  turn(run: () => void): void {
    const { boot } = this
    if (this.isPaused) {
      this.queue.add(this.pausedUntil, () => {
        if (this.isUp && this.boot === boot) this.turn(run)
      })
      return
    }
    if (this.#turning) {
      this.#later.push(run)
      return
    }
    this.#turning = true
    try {
      run()
      for (let next = this.#later.shift(); next !== undefined; next = this.#later.shift()) next()
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error
      this.kill()
      this.watcher.trunk(this).ended(this, true)
    } finally {
      this.#turning = false
    }
  }

  #guards(boot: number): GuardPort {
    const port = this.programs.port()
    return {
      ...port,
      attach: (onEvent) =>
        port.attach((service, event) => {
          if (this.isUp && this.boot === boot) this.turn(() => onEvent(service, event))
        }),
    }
  }

  // --- what the network tells ---

  wants(peer: NodeId): number | undefined {
    return this.#wanted.get(peer)
  }

  onDatagram(from: Port, bytes: Uint8Array): void {
    const at = { address: `10.0.0.${from.index + 1}`, port: 7440 }
    this.turn(() => {
      const opened = this.options.keys?.open(at, bytes) ?? bytes
      if (typeof opened !== 'string') this.node?.onDatagram(at, opened)
      else this.watcher.unopened?.(this, from, opened)
    })
  }

  mayLink(peer: Port): boolean {
    const { keys } = (peer as Host).options
    return keys === undefined || this.options.keys?.shares(keys) !== false
  }

  onLinkUp(peer: Port): void {
    const { id: node, boot, index } = peer
    const remote = { address: `10.0.0.${index + 1}`, port: 7440 }
    this.turn(() =>
      this.node?.onPeerUp({ node, boot, name: `n${index + 1}`, version: 1, features: 0, remote, ...DIALLED }),
    )
  }

  onLinkDown(peer: Port, byUs: boolean): void {
    this.turn(() => this.node?.onPeerDown(peer.id, byUs ? 'silence' : 'ended', byUs))
  }

  onRefused(peer: Port): void {
    this.turn(() => this.node?.onPeerRefused(peer.id))
  }

  onMessage(from: Port, channel: number, bytes: Uint8Array): void {
    this.turn(() => this.node?.onPeerMessage(from.id, channel, bytes))
  }

  // --- what the node does ---

  #datagram(to: Endpoint, bytes: Uint8Array): void {
    const target = this.hostAt(to)
    const sealed = this.options.keys?.seal(to, bytes) ?? bytes
    if (target !== undefined) this.watcher.trunk(this).datagram(this, target, sealed)
  }

  #stream(to: NodeId, channel: number, bytes: Uint8Array): void {
    const target = this.hostAt({ address: `10.0.0.${Number.parseInt(to.slice(0, 2), 16)}`, port: 7440 })
    if (target !== undefined) this.watcher.trunk(this).send(this, target, channel, bytes)
  }

  #want({ node, boot }: WantedPeer): void {
    this.#wanted.set(node, boot)
    this.watcher.trunk(this).dial(this)
  }

  #saveVotes(records: readonly DurableRecord[]): void {
    if (this.watcher.failsAt(this)) throw new PowerCut()
    for (const record of records) this.watcher.voted(this, record)
    this.disk.votes.push(...(structuredClone(records) as DurableRecord[]))
  }

  #alarmClock(boot: number): AlarmClock {
    return {
      now: () => this.clock(),
      wall: () => 1.7e12 + this.queue.now + this.options.wallSkewMs,
      alarm: (ring) => this.#alarm(boot, ring),
    }
  }

  #alarm(boot: number, ring: () => void): Alarm {
    let setting = 0
    return {
      set: (deadline) => {
        const mine = ++setting
        if (deadline === undefined) return
        const at = Math.max(this.queue.now, (deadline - this.#offset) / this.#rate) + 0.01
        const look = () => {
          if (mine !== setting || !this.isUp || this.boot !== boot) return
          if (this.isPaused) this.queue.add(this.pausedUntil, look)
          else this.turn(ring)
        }
        this.queue.add(at, look)
      },
    }
  }
}
