/**
 * One node of a cluster: puts the machines of gossip, election and trunk together with their sockets and drives the
 * lane. Decisions are the machines'; here is only who hears what from whom.
 *
 *     swim ──member──► links (whom to dial), elections (who lives), knowledge
 *     sync ──changed─► knowledge ─► lane (services, backends), elections (which services)
 *     elections ─────► directing ─► lane (direct, undirect) and its lease slots
 */
import type { Endpoint } from '../base/address.js'
import type { AlarmClock } from '../base/clock.js'
import { Driver } from '../base/driver.io.js'
import { type NodeId, shortId } from '../base/ids.js'
import type { Logger } from '../base/log.js'
import type { Prng } from '../base/prng.js'
import type { Elections } from '../election/elections.js'
import type { DurableRecord, ElectionEffect, ElectionEvent } from '../election/ports.js'
import type { Facts } from '../gossip/facts.js'
import type { MemberProfile, SwimEffect, SwimEvent } from '../gossip/ports.js'
import type { Registry } from '../gossip/registry.js'
import type { Swim } from '../gossip/swim.js'
import type { RegistryWrite, Sync, SyncEffect, SyncEvent } from '../gossip/sync.js'
import type { ListeningSocket } from '../kernel/listening-socket.js'
import type { FromLane, ToLane } from '../proxy/lane-protocol.js'
import type { LeaseSlots } from '../proxy/lease-slots.js'
import { type Service, sameService } from '../proxy/service.js'
import { CHANNEL } from '../trunk/channels.js'
import type { PeerInfo, WantedPeer } from '../trunk/ports.js'
import type { Suite } from '../trunk/suites.js'
import { BackendNews } from './backend-news.js'
import { Directing, describeObstacle, reasonOfLoss } from './directing.js'
import { logElection } from './election-log.js'
import { Knowledge } from './knowledge.js'
import { type BrokerEffect, type BrokerEvent, LinkBroker } from './link-broker.js'
import { LinkOffers } from './link-offers.io.js'
import { Publication } from './publication.js'
import { flagsOf, type Role, roleOf, standingOf } from './roles.js'
import { rulesOf, servicesFromRegistry } from './services.js'

/** A director that cannot listen lets others try for this long before it stands again. */
const UNABLE_MS = 3_000

export interface NodePorts {
  readonly clock: AlarmClock
  readonly logger: Logger
  readonly random: Prng
  readonly leases: LeaseSlots
  readonly sendDatagram: (to: Endpoint, bytes: Uint8Array) => void
  readonly sendToPeer: (to: NodeId, channel: number, bytes: Uint8Array) => void
  readonly wantPeer: (peer: WantedPeer) => void
  readonly unwantPeer: (node: NodeId) => void
  /** Where each of this node's lanes listens for data links; a witness has none. */
  readonly dataAt: readonly Endpoint[]
  /** What data links may be sealed with. */
  readonly suites: readonly Suite[]
  readonly toLane: (message: ToLane) => void
  /** Durable when they return. */
  readonly saveVotes: (records: readonly DurableRecord[]) => void
  readonly saveRegistry: () => void
  readonly rememberMembers: (gossip: readonly Endpoint[]) => void
  /** After the present turn. */
  readonly later: (run: () => void) => void
}

export interface NodeMachines {
  readonly swim: Swim
  readonly sync: Sync
  readonly elections: Elections
  readonly registry: Registry
  readonly facts: Facts
}

export class Node {
  readonly knowledge: Knowledge
  readonly directing: Directing
  readonly #swim: Driver<SwimEvent, SwimEffect>
  readonly #sync: Driver<SyncEvent, SyncEffect>
  readonly #elections: Driver<ElectionEvent, ElectionEffect>
  readonly #broker: Driver<BrokerEvent, BrokerEffect>
  readonly #offers: LinkOffers
  readonly #publication: Publication
  readonly #backendNews: BackendNews
  #stopping = false

  constructor(
    private profile: MemberProfile,
    readonly machines: NodeMachines,
    private readonly ports: NodePorts,
  ) {
    const { clock } = ports
    this.knowledge = new Knowledge(profile.node)
    this.directing = new Directing(ports.leases, ports.toLane)
    this.#swim = new Driver(machines.swim, clock, (effect) => this.#onSwim(effect))
    this.#sync = new Driver(machines.sync, clock, (effect) => this.#onSync(effect))
    this.#elections = new Driver(machines.elections, clock, (effect) => this.#onElection(effect))
    const broker = new LinkBroker(profile.node, ports.dataAt.length, ports.random)
    this.#broker = new Driver(broker, clock, (effect) => this.#onBroker(effect))
    this.#backendNews = new BackendNews(this.knowledge, ports.later, ports.toLane)
    this.#publication = new Publication(profile.name, this.knowledge, this.directing, clock, ports.later, (bytes) => {
      this.knowledge.setFacts(profile.node, bytes)
      this.#sync.feed({ type: 'facts', bytes })
      this.#backendNews.plan()
    })
    this.#offers = new LinkOffers({
      dataAt: ports.dataAt,
      suites: ports.suites,
      onLanes: (peer, lanes) => this.#broker.feed({ type: 'lanes', peer, lanes }),
      nameOf: (node) => this.#nameOf(node),
      send: (to, bytes) => ports.sendToPeer(to, CHANNEL.trunk, bytes),
      toLane: ports.toLane,
      logger: ports.logger,
    })
  }

  get self(): MemberProfile {
    return this.profile
  }

  get isStopping(): boolean {
    return this.#stopping
  }

  start(): void {
    this.#elections.feed({ type: 'start' })
    this.#swim.feed({ type: 'start' })
    this.knowledge.setMembers(this.machines.swim.members())
    this.#elections.feed({ type: 'member', node: this.self.node, alive: true, standing: standingOf(this.self.flags) })
    this.#followRegistry()
  }

  /** From now on this node neither votes nor directs: it hands over what it has, and the others remove its vote. */
  prepareToLeave(leaving: boolean): void {
    this.#setRole({ leaving })
    if (!leaving) return
    for (const service of this.directing.names()) {
      const { candidates } = this.machines.elections.explain(service, this.ports.clock.now())
      const to = candidates.find((node) => node !== this.self.node)
      if (to !== undefined) this.handOver(service, to)
    }
  }

  /** Nothing happens where this node does not direct the service, or has no link to the successor. */
  handOver(service: string, to: NodeId): void {
    this.#elections.feed({ type: 'transfer', service, to })
  }

  /** An operator's word that these nodes will not come back. */
  forget(nodes: readonly NodeId[], force: boolean): void {
    if (force) this.#elections.feed({ type: 'force-forget', nodes })
    for (const node of nodes) {
      this.#elections.feed({ type: 'forget', node })
      // A member that lives, and whose lost votes alone were given up, would refute it.
      this.#swim.feed({ type: 'forget', node })
    }
  }

  /** Lets everything that it directs go, in order, and says so. What is left to do is to linger and close sockets. */
  resign(): void {
    this.#stopping = true
    this.#elections.feed({ type: 'stop' })
    for (const service of this.directing.names()) this.directing.lost(service, 'node-stopping')
    this.#swim.feed({ type: 'leave' })
  }

  halt(): void {
    for (const driver of [this.#elections, this.#sync, this.#swim, this.#broker, this.#publication]) driver.stop()
  }

  // --- from the sockets ---

  onDatagram(from: Endpoint, bytes: Uint8Array): void {
    this.#swim.feed({ type: 'datagram', from, bytes })
  }

  /** `lasting`: known from an earlier boot, and so asked for ever. */
  onCandidate(at: Endpoint, lasting = false): void {
    this.#swim.feed({ type: 'candidate', at, lasting })
  }

  onPeerUp({ node: peer, name, boot }: PeerInfo): void {
    this.ports.logger.log('info', 'link-up', { peer: name, boot })
    this.#swim.feed({ type: 'link-up', peer })
    this.#sync.feed({ type: 'link-up', peer })
    this.#elections.feed({ type: 'link-up', peer, boot })
    this.#broker.feed({ type: 'control-up', peer })
  }

  onPeerDown(peer: NodeId, why: string, byUs: boolean): void {
    this.ports.logger.log(this.#stopping ? 'debug' : 'warn', 'link-down', { peer: this.#nameOf(peer), why })
    this.#offers.forget(peer)
    this.#swim.feed({ type: 'link-down', peer })
    this.#sync.feed({ type: 'link-down', peer })
    this.#elections.feed({ type: 'link-down', peer, byUs })
    this.#broker.feed({ type: 'control-down', peer })
  }

  /** Its process is gone, as its host says. */
  onPeerRefused(peer: NodeId): void {
    this.ports.logger.log('warn', 'peer-gone', { peer: this.#nameOf(peer) })
    this.#elections.feed({ type: 'refused', peer })
    this.ports.toLane({ type: 'peer-gone', peer })
  }

  onPeerMessage(from: NodeId, channel: number, bytes: Uint8Array): void {
    if (channel === CHANNEL.gossip) this.#swim.feed({ type: 'stream', from, bytes })
    else if (channel === CHANNEL.sync) this.#sync.feed({ type: 'message', from, bytes })
    else if (channel === CHANNEL.election) this.#elections.feed({ type: 'message', from, bytes })
    else if (channel === CHANNEL.trunk) this.#offers.receive(from, bytes)
  }

  onStalled(ms: number): void {
    this.#swim.feed({ type: 'stalled', ms })
    this.#elections.feed({ type: 'clock-gap', ms })
  }

  onListeners(sockets: readonly ListeningSocket[]): void {
    this.#publication.setListeners(sockets)
  }

  onLane(message: FromLane): void {
    switch (message.type) {
      case 'link-up':
        return this.#broker.feed({ type: 'data-up', peer: message.peer, pair: message.pair })
      case 'link-down':
        this.ports.logger.log('info', 'data-link-down', {
          peer: this.#nameOf(message.peer),
          pair: message.pair,
          why: message.why,
        })
        return this.#broker.feed({ type: 'data-down', peer: message.peer, pair: message.pair })
      case 'serving':
      case 'cannot-serve':
        return this.#onServing(message)
      case 'undirected':
        return this.directing.released(message.slot)
    }
  }

  // --- from the control API ---

  write(writes: readonly RegistryWrite[]): void {
    this.#sync.feed({ type: 'batch', writes })
  }

  // --- effects ---

  #onSwim(effect: SwimEffect): void {
    if (effect.type === 'send') return this.ports.sendDatagram(effect.to, effect.bytes)
    if (effect.type === 'stream') return this.ports.sendToPeer(effect.to, CHANNEL.gossip, effect.bytes)
    const { member, before, why } = effect
    const { node, name, boot, control } = member.profile
    this.ports.logger.log(member.state === 'down' ? 'warn' : 'info', 'member', { name, state: member.state, boot, why })
    const members = this.machines.swim.members()
    this.knowledge.setMembers(members)
    this.ports.rememberMembers(
      members.filter((one) => one.profile.node !== this.self.node).map((one) => one.profile.gossip),
    )
    // What names stand for may have changed, and with it who is meant to direct alone.
    this.ports.later(() => this.#tellRules(this.knowledge.services.active.filter(({ alone }) => alone !== '')))
    if (node === this.self.node) return
    if (member.state === 'alive') this.ports.wantPeer({ node, boot, control })
    if (member.state === 'down' || member.state === 'left') this.ports.unwantPeer(node)
    if (member.state === 'left') {
      // What it said of itself has no place any more; if it comes back it says it anew.
      this.#sync.feed({ type: 'forget', node })
      this.knowledge.forget(node)
    }
    if (member.state !== before || member.state === 'alive') {
      const alive = member.state === 'alive' || member.state === 'suspect'
      if (!alive) this.ports.toLane({ type: 'peer-gone', peer: node })
      this.#elections.feed({ type: 'member', node, alive, standing: standingOf(member.profile.flags) })
    }
    this.#backendNews.plan()
  }

  #onSync(effect: SyncEffect): void {
    switch (effect.type) {
      case 'send':
        return this.ports.sendToPeer(effect.to, CHANNEL.sync, effect.bytes)
      case 'changed':
        return this.#followRegistry()
      case 'persist':
        return this.ports.saveRegistry()
      case 'rejected':
        return this.ports.logger.log('warn', 'registry-rejected', { why: effect.why })
      case 'facts-changed': {
        const fact = this.machines.facts.get(effect.node)
        if (fact !== undefined) this.knowledge.setFacts(effect.node, fact.bytes)
        return this.#backendNews.plan()
      }
    }
  }

  #onElection(effect: ElectionEffect): void {
    logElection(effect, this.ports.logger, (node) => this.#nameOf(node))
    switch (effect.type) {
      case 'send':
        return this.ports.sendToPeer(effect.to, CHANNEL.election, effect.bytes)
      case 'persist':
        return this.ports.saveVotes(effect.records)
      case 'probe-rival': {
        // Nothing here can look yet: an address that is there on every host has no owner to ask.
        const { service, term } = effect
        return this.ports.later(() => this.#elections.feed({ type: 'rival', service, term, found: false }))
      }
      case 'acquired':
        if (!this.directing.acquired(effect.service, effect.term, effect.deadline)) {
          this.ports.logger.log('error', 'too-many-services', { service: effect.service })
        }
        return this.#publication.plan()
      case 'renewed':
        return this.directing.renewed(effect.service, effect.term, effect.deadline)
      case 'lost': {
        const present = this.knowledge.service(effect.service) !== undefined
        this.directing.lost(effect.service, reasonOfLoss(this.#stopping, present))
        return this.#publication.plan()
      }
    }
  }

  #onBroker({ peer, pair }: BrokerEffect): void {
    // A witness has nothing to join: the broker may ask again and again, and no keys are made.
    const witness = [this.self.node, peer].some((node) => roleOf(this.#flagsOf(node)).witness)
    if (!witness) this.#offers.offer(peer, pair)
  }

  #onServing(message: Extract<FromLane, { type: 'serving' | 'cannot-serve' }>): void {
    if (!this.directing.heard(message)) return
    const { service } = message
    const obstacle = this.directing.obstacle(service)
    if (obstacle === undefined) {
      this.ports.logger.log('info', 'serving', { service })
    } else {
      const why = describeObstacle(obstacle, this.self.name)
      this.ports.logger.log('error', 'cannot-serve', { service, why })
      this.directing.lost(service, 'other')
      this.#elections.feed({ type: 'unable', service, forMs: UNABLE_MS, why })
    }
    this.#publication.plan()
  }

  /** The registry changed: every part that works with services gets the new set. */
  #followRegistry(): void {
    const before = new Map(this.knowledge.services.active.map((service) => [service.name, service]))
    const services = servicesFromRegistry(this.machines.registry.entries())
    this.knowledge.setServices(services)
    for (const { name, problem } of services.unreadable) {
      this.ports.logger.log('error', 'service-unreadable', { service: name, problem })
    }
    for (const { service, by, port } of services.shadowed) {
      this.ports.logger.log('error', 'service-shadowed', { service: service.name, by, port })
    }
    this.ports.toLane({ type: 'services', services: services.active })
    const added = services.active.filter(({ name }) => !before.has(name))
    for (const service of services.active) {
      const old = before.get(service.name)
      before.delete(service.name)
      if (old !== undefined && !sameService(old, service)) this.#onChanged(service)
    }
    this.#tellRules(added)
    for (const name of before.keys()) {
      this.directing.forgetObstacle(name)
      this.#backendNews.forget(name)
      this.#elections.feed({ type: 'service-gone', name })
    }
    this.#backendNews.plan()
    this.#publication.plan()
  }

  #onChanged(service: Service): void {
    this.directing.forgetObstacle(service.name)
    this.#tellRules([service])
    this.ports.logger.log('info', 'service-changed', { service: service.name, address: service.address })
  }

  #tellRules(services: readonly Service[]): void {
    if (services.length === 0) return
    const told = services.map((service) => ({ name: service.name, rules: rulesOf(service, this.knowledge.members) }))
    this.#elections.feed({ type: 'services', services: told })
  }

  #setRole(change: Partial<Role>): void {
    const flags = flagsOf({ ...roleOf(this.self.flags), ...change })
    if (flags === this.self.flags) return
    this.profile = { ...this.self, flags }
    this.#swim.feed({ type: 'profile', profile: this.profile })
    this.knowledge.setMembers(this.machines.swim.members())
    this.#elections.feed({ type: 'member', node: this.self.node, alive: true, standing: standingOf(flags) })
  }

  #nameOf(node: NodeId): string {
    return this.#profileOf(node)?.name ?? shortId(node)
  }

  #flagsOf(node: NodeId): number {
    return this.#profileOf(node)?.flags ?? 0
  }

  #profileOf(node: NodeId): MemberProfile | undefined {
    return this.knowledge.members.find(({ profile }) => profile.node === node)?.profile
  }
}
