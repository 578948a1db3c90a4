/**
 * One node of a cluster: puts the machines of gossip, election and trunk together with their sockets and drives the
 * lane. Decisions are the machines'; here is only who hears what from whom.
 *
 *     swim ──member──► links (whom to dial), elections (who lives), knowledge
 *     sync ──changed─► knowledge ─► lane (services, backends), elections (which services)
 *     elections ─────► directing ─► lane (direct, undirect) and its lease slots
 */
import type { Endpoint } from '../base/address.js'
import { Driver } from '../base/driver.io.js'
import type { NodeId } from '../base/ids.js'
import type { ElectionEffect, ElectionEvent } from '../election/ports.js'
import type { MemberProfile, SwimEffect, SwimEvent } from '../gossip/ports.js'
import type { RegistryWrite, SyncEffect, SyncEvent } from '../gossip/sync.js'
import type { ListeningSocket } from '../kernel/listening-socket.js'
import type { FromLane } from '../proxy/lane-protocol.js'
import { CHANNEL } from '../trunk/channels.js'
import type { LinkedPeer } from '../trunk/ports.js'
import { Directing, obstacleOf, reasonOfLoss } from './directing.js'
import { Errands } from './errands.js'
import { Knowledge } from './knowledge.js'
import { LaneNews } from './lanes/lane-news.js'
import { type BrokerEffect, type BrokerEvent, LinkBroker, offersTo } from './lanes/link-broker.js'
import { LinkOffers } from './lanes/link-offers.io.js'
import { drainedAt, nodeKey } from './moves/drains.js'
import { GiveAways } from './moves/give-aways.js'
import { Handoffs } from './moves/handoffs.js'
import { Handovers } from './moves/handovers.js'
import type { NodeMachines, NodePorts } from './node-ports.js'
import { Programs } from './programs/programs.io.js'
import { hostedBy } from './programs/tenures.js'
import { areJoined, flagsOf, type Role, roleOf, standingOf } from './roles.js'
import { logElection } from './seeing/election-log.js'
import { Tally } from './seeing/tally.js'
import { ServiceBook } from './services/service-book.js'
import { GoingOn, stillHeld } from './succession/going-on.js'
import type { ControlState } from './succession/handover-protocol.js'

/** A director that cannot listen lets others try for this long before it stands again. */
const UNABLE_MS = 3_000

export class Node {
  readonly knowledge: Knowledge
  readonly directing: Directing
  readonly handovers: Handovers
  /** What operators' commands ask of other nodes. */
  readonly errands: Errands
  readonly tally: Tally
  readonly handoffs: Handoffs
  readonly programs: Programs
  readonly #swim: Driver<SwimEvent, SwimEffect>
  readonly #sync: Driver<SyncEvent, SyncEffect>
  readonly #elections: Driver<ElectionEvent, ElectionEffect>
  readonly #links: LinkBroker
  readonly #broker: Driver<BrokerEvent, BrokerEffect>
  readonly #offers: LinkOffers
  readonly #giveAways: GiveAways
  readonly #services: ServiceBook
  readonly #laneNews: LaneNews
  readonly #goingOn = new GoingOn()
  #stopping = false

  constructor(
    private profile: MemberProfile,
    readonly machines: NodeMachines,
    private readonly ports: NodePorts,
  ) {
    const { clock } = ports
    this.knowledge = new Knowledge(profile.node)
    this.directing = new Directing({
      leases: ports.leases,
      clock,
      post: ports.toLane,
      keeper: ports.addresses,
      members: () => this.knowledge.carriers(),
      standbys: (contest) => this.handovers.standbys(contest),
      onUnable: (contest) => ports.later(() => this.#onUnable(contest)),
      onOpen: (contest) => this.handoffs.ins.onOpen(contest),
    })
    this.tally = new Tally(profile.node)
    this.handoffs = new Handoffs({
      ...ports,
      self: profile.node,
      knowledge: this.knowledge,
      told: (outcome) => this.tally.moved(outcome),
      directing: this.directing,
      isLinked: (node) => this.#links.isUp(node),
      isStopping: () => this.#stopping,
      send: (to, bytes) => ports.sendToPeer(to, CHANNEL.handoff, bytes),
      transfer: (service, to) => this.#elections.feed({ type: 'transfer', service, to }),
    })
    this.errands = new Errands({ clock, send: (to, bytes) => ports.sendToPeer(to, CHANNEL.operator, bytes) })
    const { knowledge, directing, handoffs } = this
    this.handovers = new Handovers({ ...machines, self: profile.node, clock, directing, moves: handoffs.moves })
    this.#swim = new Driver(machines.swim, clock, (effect) => this.#onSwim(effect))
    this.#sync = new Driver(machines.sync, clock, (effect) => this.#onSync(effect))
    this.#elections = new Driver(machines.elections, clock, (effect) => this.#onElection(effect))
    this.#links = new LinkBroker(profile.node, ports.dataAt.length, ports.random)
    this.#broker = new Driver(this.#links, clock, (effect) => this.#onBroker(effect))
    this.programs = new Programs({
      profile,
      ports,
      machines,
      elections: (event) => this.#elections.feed(event),
      knowledge: this.knowledge,
      directing: this.directing,
      errands: this.errands,
      publish: (bytes) => this.#sync.feed({ type: 'facts', bytes }),
    })
    const { publication, health, news: backendNews } = this.programs
    this.#services = new ServiceBook({
      ...{ ...ports, registry: machines.registry, knowledge, directing, backendNews },
      elections: (event) => {
        if (event.type === 'service-gone') this.tally.forget(event.name)
        this.#elections.feed(event)
      },
    })
    this.#giveAways = new GiveAways(this, this.#services, ports.later)
    this.#laneNews = new LaneNews({
      ...{ ...ports, knowledge, directing, handoffs, publication },
      onLink: (event) => this.#broker.feed(event),
      onFailed: (message) => health.onFailed(message),
      onUnable: (contest) => this.#onUnable(contest),
    })
    this.#offers = new LinkOffers({
      ...ports,
      onLanes: (peer, lanes) => this.#broker.feed({ type: 'lanes', peer, lanes }),
      nameOf: (node) => this.knowledge.nameOf(node),
      send: (to, bytes) => ports.sendToPeer(to, CHANNEL.trunk, bytes),
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

  /** As `start`, where another process of this very life has left off. */
  goOn({ members, facts, leases }: Pick<ControlState, 'members' | 'facts' | 'leases'>): void {
    this.machines.facts.resume(facts)
    for (const { node, bytes } of facts) this.knowledge.setFacts(node, bytes)
    const own = this.machines.facts.get(this.self.node)
    if (own !== undefined) this.programs.publication.resume(own.bytes)
    this.start()
    this.#swim.feed({ type: 'carried', members })
    this.knowledge.setMembers(this.machines.swim.members())
    for (const lease of stillHeld(leases, this.machines)) {
      this.#goingOn.carry(lease)
      this.directing.adopt(lease, this.#services.of(lease.contest))
    }
    this.programs.news.tell()
  }

  /** From now on this node neither votes nor directs: it hands over what it has, and the others remove its vote. */
  prepareToLeave(leaving: boolean): void {
    this.#setRole({ leaving })
    if (leaving) this.handovers.all()
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
    for (const contest of this.directing.names()) this.directing.lost(contest, 'node-stopping')
    this.#swim.feed({ type: 'leave' })
  }

  halt(): void {
    for (const driver of [this.#elections, this.#sync, this.#swim, this.#broker, this.programs]) driver.stop()
    this.ports.keys?.stop()
  }

  // --- from the sockets ---

  onDatagram(from: Endpoint, bytes: Uint8Array): void {
    this.#swim.feed({ type: 'datagram', from, bytes })
  }

  /** `lasting`: known from an earlier boot, and so asked for ever. */
  onCandidate(at: Endpoint, lasting = false): void {
    this.#swim.feed({ type: 'candidate', at, lasting })
  }

  onPeerUp({ node: peer, name, boot, ...way }: LinkedPeer): void {
    this.ports.logger.log('info', 'link-up', { peer: name, boot })
    this.knowledge.setProcess(peer, true)
    this.#swim.feed({ type: 'link-up', peer })
    this.#sync.feed({ type: 'link-up', peer })
    this.#elections.feed({ type: 'link-up', peer, boot })
    this.#broker.feed({ type: 'control-up', peer, ...offersTo(way) })
    this.ports.keys?.linkUp(peer)
  }

  onPeerDown(peer: NodeId, why: string, byUs: boolean): void {
    this.ports.logger.log(this.#stopping ? 'debug' : 'warn', 'link-down', { peer: this.knowledge.nameOf(peer), why })
    this.#offers.forget(peer)
    this.errands.linkDown(peer)
    this.#swim.feed({ type: 'link-down', peer })
    this.#sync.feed({ type: 'link-down', peer })
    this.#elections.feed({ type: 'link-down', peer, byUs })
    this.#broker.feed({ type: 'control-down', peer })
    this.handoffs.moves.onPeerGone(peer)
    this.ports.keys?.linkDown(peer)
  }

  /** Its process is gone, as its host says. */
  onPeerRefused(peer: NodeId): void {
    this.ports.logger.log('warn', 'peer-gone', { peer: this.knowledge.nameOf(peer) })
    this.knowledge.setProcess(peer, false)
    this.#elections.feed({ type: 'refused', peer })
    this.ports.toLane({ type: 'peer-gone', peer, hasEnded: true })
  }

  onPeerMessage(from: NodeId, channel: number, bytes: Uint8Array): void {
    if (channel === CHANNEL.gossip) this.#swim.feed({ type: 'stream', from, bytes })
    else if (channel === CHANNEL.sync) this.#sync.feed({ type: 'message', from, bytes })
    else if (channel === CHANNEL.election) this.#elections.feed({ type: 'message', from, bytes })
    else if (channel === CHANNEL.trunk) this.#offers.receive(from, bytes)
    else if (channel === CHANNEL.operator) this.errands.receive(from, bytes)
    else if (channel === CHANNEL.handoff) this.handoffs.receive(from, bytes)
    else if (channel === CHANNEL.keys) this.ports.keys?.receive(from, bytes)
  }

  onStalled(ms: number): void {
    this.#swim.feed({ type: 'stalled', ms })
    this.#elections.feed({ type: 'clock-gap', ms })
  }

  onListeners(sockets: readonly ListeningSocket[]): void {
    this.programs.onListeners(sockets)
  }

  onLoad(loadPermille: number): void {
    this.programs.publication.setLoad(loadPermille)
  }

  onLane(message: FromLane): void {
    this.#laneNews.hear(message)
  }

  /** Linked, and no connection can be carried between the two. */
  lacksData(peer: NodeId): boolean {
    return this.#links.isLacking(peer, this.ports.clock.now()) && areJoined(this.self, this.knowledge.profileOf(peer))
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
    this.ports.keys?.setMembers(members)
    const others = members.filter((one) => one.profile.node !== this.self.node)
    this.ports.rememberMembers(others.map((one) => one.profile.gossip))
    // What names stand for may have changed, and with it who is meant to direct alone.
    this.ports.later(() => this.#services.tellRules(this.knowledge.services.active.filter(({ alone }) => alone !== '')))
    if (node === this.self.node) return
    if (member.state === 'alive') this.ports.wantPeer({ node, boot, control })
    if (member.state === 'down' || member.state === 'left') this.ports.unwantPeer(node)
    if (member.state === 'left') {
      // What it said of itself has no place any more; if it comes back it says it anew.
      this.#sync.feed({ type: 'forget', node })
      this.ports.keys?.forget(node)
      this.knowledge.forget(node)
    }
    if (member.state !== before || member.state === 'alive') {
      const alive = member.state === 'alive' || member.state === 'suspect'
      if (!alive) this.ports.toLane({ type: 'peer-gone', peer: node, hasEnded: member.state === 'left' })
      this.#elections.feed({ type: 'member', node, alive, standing: standingOf(member.profile.flags) })
      this.ports.later(() => this.directing.followStandbys())
    }
    this.programs.onFacts()
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
        return this.programs.onFacts()
      }
    }
  }

  #onElection(effect: ElectionEffect): void {
    if ('service' in effect && hostedBy(effect.service) !== undefined) return this.programs.hosting.onElection(effect)
    this.tally.election(effect)
    logElection(effect, this.ports.logger, (node) => this.knowledge.nameOf(node))
    switch (effect.type) {
      case 'send':
        return this.ports.sendToPeer(effect.to, CHANNEL.election, effect.bytes)
      case 'persist':
        return this.ports.saveVotes(effect.records)
      case 'probe-rival': {
        const { service, term } = effect
        const services = this.#services.of(service)
        return this.ports.addresses.probe(services, (rival) => {
          if (rival !== undefined) this.directing.hinder(services, rival)
          this.programs.publication.plan()
          this.ports.later(() => this.#elections.feed({ type: 'rival', service, term, found: rival !== undefined }))
        })
      }
      case 'acquired': {
        this.handoffs.moves.onLease(effect.service)
        const services = this.#services.of(effect.service)
        if (services.length > 0 && !this.directing.acquired(effect.service, effect.term, effect.deadline, services)) {
          this.ports.logger.log('error', 'too-many-services', { service: effect.service })
        }
        return this.programs.publication.plan()
      }
      case 'renewed':
        this.directing.renewed(effect.service, effect.term, effect.deadline)
        this.#goingOn.tell(effect, this.ports)
        return this.#giveAways.look()
      case 'lost': {
        const present = this.#services.of(effect.service).length > 0
        this.#goingOn.lost(effect.service)
        this.directing.lost(effect.service, reasonOfLoss(this.#stopping, present))
        this.handoffs.moves.onLease(effect.service)
        return this.programs.publication.plan()
      }
    }
  }

  #onBroker({ peer, pair }: BrokerEffect): void {
    // The broker may ask again and again, and no keys are made.
    if (areJoined(this.self, this.knowledge.profileOf(peer))) this.#offers.offer(peer, pair)
  }

  onDispute(): void {
    this.programs.publication.plan()
  }

  /** For what is in the way of one of its services, others may direct all of them. */
  #onUnable(contest: string): void {
    const found = obstacleOf(this.#services.of(contest), this.directing, this.self.name)
    if (found === undefined) return
    this.ports.logger.log('error', 'cannot-serve', { ...found })
    this.directing.lost(contest, 'other')
    this.#elections.feed({ type: 'unable', service: contest, forMs: UNABLE_MS, why: found.why })
    this.programs.publication.plan()
  }

  #followRegistry(): void {
    this.#services.follow()
    this.#setRole({ drained: drainedAt(this.machines.registry.get(nodeKey(this.self.node))) !== undefined })
    this.#giveAways.look()
    this.programs.follow()
  }

  #setRole(change: Partial<Role>): void {
    const flags = flagsOf({ ...roleOf(this.self.flags), ...change })
    if (flags === this.self.flags) return
    this.profile = { ...this.self, flags }
    this.#swim.feed({ type: 'profile', profile: this.profile })
    this.knowledge.setMembers(this.machines.swim.members())
    this.#elections.feed({ type: 'member', node: this.self.node, alive: true, standing: standingOf(flags) })
  }
}
