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
import { formatTerm, type NodeId } from '../base/ids.js'
import type { Logger } from '../base/log.js'
import type { Prng } from '../base/prng.js'
import type { Elections } from '../election/elections.js'
import type { DurableRecord, ElectionEffect, ElectionEvent } from '../election/ports.js'
import type { Facts } from '../gossip/facts.js'
import type { MemberProfile, SwimEffect, SwimEvent } from '../gossip/ports.js'
import type { Registry } from '../gossip/registry.js'
import type { Swim } from '../gossip/swim.js'
import type { Sync, SyncEffect, SyncEvent } from '../gossip/sync.js'
import type { ListeningSocket } from '../kernel/listening-socket.js'
import type { FromLane, ToLane } from '../proxy/lane-protocol.js'
import type { LeaseSlots } from '../proxy/lease-slots.js'
import { encodeListeners } from '../proxy/listener-codec.js'
import { type Service, sameService } from '../proxy/service.js'
import { CHANNEL } from '../trunk/channels.js'
import type { PeerInfo, WantedPeer } from '../trunk/ports.js'
import { Directing, describeObstacle, reasonOfLoss } from './directing.js'
import { Knowledge } from './knowledge.js'
import { type BrokerEffect, type BrokerEvent, LinkBroker } from './link-broker.js'
import { LinkOffers } from './link-offers.io.js'
import { encodeNodeFacts, type Serving } from './node-facts.js'
import { servicesFromRegistry } from './services.js'

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
  readonly toLane: (message: ToLane) => void
  /** Durable when they return. */
  readonly saveVotes: (records: readonly DurableRecord[]) => void
  readonly saveRegistry: () => void
  readonly rememberMembers: (gossip: readonly Endpoint[]) => void
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
  #listeners: Uint8Array = encodeListeners([])
  #published = ''
  #publishing = false
  #stopping = false

  constructor(
    readonly self: MemberProfile,
    readonly machines: NodeMachines,
    private readonly ports: NodePorts,
  ) {
    const { clock } = ports
    this.knowledge = new Knowledge(self.node)
    this.directing = new Directing(ports.leases, ports.toLane)
    this.#swim = new Driver(machines.swim, clock, (effect) => this.#onSwim(effect))
    this.#sync = new Driver(machines.sync, clock, (effect) => this.#onSync(effect))
    this.#elections = new Driver(machines.elections, clock, (effect) => this.#onElection(effect))
    this.#broker = new Driver(new LinkBroker(self.node, ports.random), clock, (effect) => this.#onBroker(effect))
    this.#offers = new LinkOffers({
      dataAt: () => this.self.data,
      nameOf: (node) => this.#nameOf(node),
      send: (to, bytes) => ports.sendToPeer(to, CHANNEL.trunk, bytes),
      toLane: ports.toLane,
      logger: ports.logger,
    })
  }

  get isStopping(): boolean {
    return this.#stopping
  }

  start(): void {
    this.#elections.feed({ type: 'start' })
    this.#swim.feed({ type: 'start' })
    this.knowledge.setMembers(this.machines.swim.members())
    this.#elections.feed({ type: 'member', node: this.self.node, alive: true })
    this.#followRegistry()
  }

  /** The file of votes is gone though this node has run before: what it promised then is not known any more. */
  loseMemory(file: string): void {
    this.ports.logger.log('error', 'votes-lost', {
      file,
      until: 'it is removed from the electorate and added anew; it does not vote',
    })
    this.#elections.feed({ type: 'amnesia' })
  }

  /** Lets everything that it directs go, in order, and says so. What is left to do is to linger and close sockets. */
  resign(): void {
    this.#stopping = true
    this.#elections.feed({ type: 'stop' })
    for (const service of this.directing.names()) this.directing.lost(service, 'node-stopping')
    this.#swim.feed({ type: 'leave' })
  }

  halt(): void {
    for (const driver of [this.#elections, this.#sync, this.#swim, this.#broker]) driver.stop()
  }

  // --- from the sockets ---

  onDatagram(from: Endpoint, bytes: Uint8Array): void {
    this.#swim.feed({ type: 'datagram', from, bytes })
  }

  onCandidate(at: Endpoint): void {
    this.#swim.feed({ type: 'candidate', at })
  }

  onPeerUp({ node: peer, name, boot }: PeerInfo): void {
    this.ports.logger.log('info', 'link-up', { peer: name, boot })
    this.#swim.feed({ type: 'link-up', peer })
    this.#sync.feed({ type: 'link-up', peer })
    this.#elections.feed({ type: 'link-up', peer })
    this.#broker.feed({ type: 'control-up', peer })
  }

  onPeerDown(peer: NodeId, why: string): void {
    this.ports.logger.log(this.#stopping ? 'debug' : 'warn', 'link-down', { peer: this.#nameOf(peer), why })
    this.#offers.forget(peer)
    this.#swim.feed({ type: 'link-down', peer })
    this.#sync.feed({ type: 'link-down', peer })
    this.#elections.feed({ type: 'link-down', peer })
    this.#broker.feed({ type: 'control-down', peer })
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
    this.#listeners = encodeListeners(sockets)
    this.#publish()
  }

  onLane(message: FromLane): void {
    switch (message.type) {
      case 'link-up':
        return this.#broker.feed({ type: 'data-up', peer: message.peer })
      case 'link-down':
        this.ports.logger.log('info', 'data-link-down', { peer: this.#nameOf(message.peer), why: message.why })
        return this.#broker.feed({ type: 'data-down', peer: message.peer })
      case 'serving':
      case 'cannot-serve':
        return this.#onServing(message)
      case 'undirected':
        return this.directing.released(message.slot)
    }
  }

  // --- from the control API ---

  writeService(key: string, fields: Readonly<Record<string, string | number>>): void {
    this.#sync.feed({ type: 'write', name: key, changes: fields })
  }

  removeService(key: string): void {
    this.#sync.feed({ type: 'remove', name: key })
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
    if (node === this.self.node) return
    if (member.state === 'alive') this.ports.wantPeer({ node, boot, control })
    if (member.state === 'down' || member.state === 'left') this.ports.unwantPeer(node)
    if (member.state !== before || member.state === 'alive') {
      this.#elections.feed({ type: 'member', node, alive: member.state === 'alive' || member.state === 'suspect' })
    }
    this.#tellBackends()
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
        return this.#tellBackends()
      }
    }
  }

  #onElection(effect: ElectionEffect): void {
    const { logger } = this.ports
    switch (effect.type) {
      case 'send':
        return this.ports.sendToPeer(effect.to, CHANNEL.election, effect.bytes)
      case 'persist':
        return this.ports.saveVotes(effect.records)
      case 'acquired':
        logger.log('info', 'lease-acquired', { service: effect.service, term: formatTerm(effect.term) })
        if (!this.directing.acquired(effect.service, effect.term, effect.deadline)) {
          logger.log('error', 'too-many-services', { service: effect.service })
        }
        return this.#publish()
      case 'renewed':
        return this.directing.renewed(effect.service, effect.term, effect.deadline)
      case 'lost': {
        const present = this.knowledge.service(effect.service) !== undefined
        logger.log('warn', 'lease-lost', { service: effect.service, term: formatTerm(effect.term), why: effect.why })
        this.directing.lost(effect.service, reasonOfLoss(this.#stopping, present))
        return this.#publish()
      }
      case 'observed': {
        const term = effect.term === undefined ? 'none' : formatTerm(effect.term)
        return logger.log('info', 'director', { service: effect.service, term })
      }
      case 'electorate':
        return logger.log('info', 'electorate', {
          epoch: effect.epoch,
          voters: effect.voters.map((id) => this.#nameOf(id)).join(','),
        })
      case 'log':
        return logger.log(effect.level, effect.event, effect.fields)
    }
  }

  #onBroker({ type, peer }: BrokerEffect): void {
    if (type === 'offer') this.#offers.offer(peer)
    else this.ports.toLane({ type: 'link-drop', peer })
  }

  #onServing(message: Extract<FromLane, { type: 'serving' | 'cannot-serve' }>): void {
    const obstacle = this.directing.heard(message)
    const { service } = message
    if (obstacle === undefined) {
      this.ports.logger.log('info', 'serving', { service })
    } else {
      const why = describeObstacle(obstacle, this.self.name)
      this.ports.logger.log('error', 'cannot-serve', { service, why })
      this.directing.lost(service, 'other')
      this.#elections.feed({ type: 'unable', service, forMs: UNABLE_MS, why })
    }
    this.#publish()
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
    for (const service of services.active) {
      const old = before.get(service.name)
      before.delete(service.name)
      if (old === undefined) this.#elections.feed({ type: 'service', name: service.name, present: true })
      else if (!sameService(old, service)) this.#onChanged(service)
    }
    for (const name of before.keys()) this.#elections.feed({ type: 'service', name, present: false })
    this.#tellBackends()
    this.#publish()
  }

  #onChanged(service: Service): void {
    this.directing.forgetObstacle(service.name)
    this.ports.logger.log('info', 'service-changed', { service: service.name, address: service.address })
  }

  /** The lane hears who can serve what, and where this node's own programs are. */
  #tellBackends(): void {
    for (const service of this.knowledge.services.active) {
      this.ports.toLane({ type: 'backends', service: service.name, seats: this.knowledge.seats(service) })
    }
    this.ports.toLane({ type: 'local-listeners', listeners: this.knowledge.localListeners() })
  }

  /** After the present turn: news often comes in bundles, and the machine that told us may not be fed meanwhile. */
  #publish(): void {
    if (this.#publishing) return
    this.#publishing = true
    queueMicrotask(() => this.#publishNow())
  }

  /** What this node says of itself to all others, when it changed. */
  #publishNow(): void {
    this.#publishing = false
    const serving = this.knowledge.services.active.flatMap(({ name }) => this.#servingOf(name) ?? [])
    const bytes = encodeNodeFacts({ listeners: this.#listeners, serving })
    const text = Buffer.from(bytes).toString('latin1')
    if (text === this.#published) return
    this.#published = text
    this.knowledge.setFacts(this.self.node, bytes)
    this.#sync.feed({ type: 'facts', bytes })
    this.#tellBackends()
  }

  #servingOf(service: string): Serving | undefined {
    const directed = this.directing.get(service)
    const obstacle = this.directing.obstacle(service)
    const problem = obstacle === undefined ? '' : describeObstacle(obstacle, this.self.name)
    if (directed !== undefined) return { service, term: directed.term.number, state: directed.state, problem }
    return obstacle === undefined ? undefined : { service, term: 0, state: 'unable', problem }
  }

  #nameOf(node: NodeId): string {
    return this.knowledge.members.find(({ profile }) => profile.node === node)?.profile.name ?? node.slice(0, 8)
  }
}
