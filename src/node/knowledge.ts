/**
 * What this node knows of its cluster, put together from gossip: who is alive, which services exist, who listens where,
 * how directors say they are doing. Pure; the wiring feeds it and asks.
 */
import { type NodeId, shortId } from '../base/ids.js'
import type { Member, MemberProfile } from '../gossip/ports.js'
import type { HealthRow } from '../health/health-rows.js'
import type { Tenure } from '../hosting/tenure-rows.js'
import type { BackendSeat, DirectorSeat, LocalListener } from '../proxy/lane-protocol.js'
import type { PublishedListener } from '../proxy/listener.js'
import { decodeListeners } from '../proxy/listener-codec.js'
import { belongsTo } from '../proxy/listener-ownership.js'
import { type ListenerCandidate, ListenerTable, type ServingNode } from '../proxy/listener-table.js'
import { areFoundPorts, expandPorts, includesPort } from '../proxy/port-list.js'
import type { Service } from '../proxy/service.js'
import type { Shadowed } from '../proxy/service-overlap.js'
import { decodeNodeFacts, type Serving } from './node-facts.js'
import { Assignments } from './programs/assignments.js'
import { roleOf } from './roles.js'

export interface ServiceSet {
  readonly active: readonly Service[]
  readonly shadowed: readonly Shadowed[]
  /** Entries that this release cannot read, with why. */
  readonly unreadable: readonly { readonly name: string; readonly problem: string }[]
}

export class Knowledge {
  readonly #listeners = new ListenerTable()
  readonly #serving = new Map<NodeId, readonly Serving[]>()
  readonly #loads = new Map<NodeId, number>()
  /** By who says it; then by service and the node that it is about. */
  readonly #health = new Map<NodeId, ReadonlyMap<string, readonly HealthRow[]>>()
  readonly #hosting = new Map<NodeId, readonly Tenure[]>()
  readonly #releases = new Map<NodeId, string>()
  readonly #ended = new Set<NodeId>()
  assignments = new Assignments()
  #members: readonly Member[] = []
  #services: ServiceSet = { active: [], shadowed: [], unreadable: [] }
  #alive: readonly ServingNode[] = []

  constructor(private readonly self: NodeId) {}

  get members(): readonly Member[] {
    return this.#members
  }

  profileOf(node: NodeId): MemberProfile | undefined {
    return this.#members.find(({ profile }) => profile.node === node)?.profile
  }

  nameOf(node: NodeId): string {
    return this.profileOf(node)?.name ?? shortId(node)
  }

  /** Those that live, or may, and carry connections: this node among them, as it may be. */
  carriers(): NodeId[] {
    const carries = (node: NodeId) => !roleOf(this.profileOf(node)?.flags ?? 0).witness
    return this.#alive.map(({ node }) => node).filter((node) => carries(node) && !this.#ended.has(node))
  }

  /** The node's process is known to have ended, or there is one that speaks: gossip hears of either later. */
  setProcess(node: NodeId, runs: boolean): void {
    if (runs) this.#ended.delete(node)
    else this.#ended.add(node)
  }

  get services(): ServiceSet {
    return this.#services
  }

  service(name: string): Service | undefined {
    return this.#services.active.find((service) => service.name === name)
  }

  setMembers(members: readonly Member[]): void {
    this.#members = members
    this.#findAlive()
  }

  setServices(services: ServiceSet): void {
    this.#services = services
    this.#findAlive()
  }

  /** A damaged fact, or listeners that cannot be read, change nothing: the node's earlier word stands. */
  setFacts(node: NodeId, bytes: Uint8Array): void {
    const facts = decodeNodeFacts(bytes)
    if (facts === undefined) return
    const listeners = decodeListeners(facts.listeners)
    if (listeners.type === 'listeners') this.#listeners.set(node, listeners.listeners)
    this.#serving.set(node, facts.serving)
    if (facts.loadPermille === undefined) this.#loads.delete(node)
    else this.#loads.set(node, facts.loadPermille)
    this.#health.set(node, byProgram(facts.health))
    this.#hosting.set(node, facts.hosting)
    // Also of one that has gone back to a release that does not say.
    this.#releases.set(node, facts.release ?? '')
  }

  /** The node has left: its place in the tables is free. */
  forget(node: NodeId): void {
    this.#listeners.forget(node)
    this.#serving.delete(node)
    this.#loads.delete(node)
    this.#health.delete(node)
    this.#hosting.delete(node)
    this.#releases.delete(node)
  }

  /** The listeners that belong to a node, of all that its host has. */
  programsOf(node: NodeId): readonly PublishedListener[] {
    const addresses = this.#alive.find((one) => one.node === node)
    const listeners = this.#listeners.listenersOf(node)
    return addresses === undefined ? [] : listeners.filter((listener) => belongsTo(listener, addresses))
  }

  /** What the node that directs a service says of its listening sockets there. */
  servingBy(node: NodeId, service: string): Serving | undefined {
    return this.#serving.get(node)?.find((row) => row.service === service)
  }

  /** Who serves which of those services, as live nodes say; of two that say so the one of the later term. */
  directors(isMeant: (service: Service) => boolean): DirectorSeat[] {
    return this.#services.active.filter(isMeant).flatMap(({ name: service }) => {
      const serving = this.#alive.flatMap(({ node, name }) => {
        const row = this.servingBy(node, service)
        return row?.state === 'serving' ? [{ node, name, term: row.term }] : []
      })
      const last = serving.sort((a, b) => b.term - a.term)[0]
      return last === undefined ? [] : [{ service, node: last.node, name: last.name }]
    })
  }

  /**
   * Who can serve a service now: every live node that listens on one of its ports. A suspect stays: suspicion is doubt,
   * and a refused connection is tried elsewhere before the client notices.
   */
  candidates(service: Service): readonly ListenerCandidate[] {
    return this.#portsOf(service).flatMap((port) => this.#listeners.candidates(port, this.#alive))
  }

  /** On which the service takes connections: the declared ones; where any is meant, those that some node serves. */
  servedPorts(service: Service): readonly number[] {
    if (!areFoundPorts(service.ports)) return expandPorts(service.ports)
    return [...new Set(this.candidates(service).map(({ port }) => port))]
  }

  /** Those of them that are to serve, with all that the choice among them depends on. */
  weighed(service: Service, seats: readonly BackendSeat[]): BackendSeat[] {
    return seats.flatMap((seat) => {
      const { serve, priority, weight } = this.assignments.of(service.name, seat.node)
      const load = service.load === 'on' ? this.#loads.get(seat.node) : undefined
      return serve ? [{ ...seat, priority, weight, ...(load !== undefined && { loadPermille: load }) }] : []
    })
  }

  /** How busy its host is, as the node says. */
  loadOf(node: NodeId): number | undefined {
    return this.#loads.get(node)
  }

  /** Of Baton, as the node says; empty: it is of a release that does not say; `undefined`: nothing was heard of it yet. */
  releaseOf(node: NodeId): string | undefined {
    return this.#releases.get(node)
  }

  /** What live nodes say of the health of a program: its own node, and who directs connections to it. */
  healthAbout(service: string, node: NodeId, port: number): { readonly by: NodeId; readonly row: HealthRow }[] {
    return this.#alive.flatMap(({ node: by }) => {
      const rows = this.#health.get(by)?.get(`${service} ${node}`) ?? []
      return rows.filter((row) => row.port === 0 || row.port === port).map((row) => ({ by, row }))
    })
  }

  /** What nodes say of hosting a service, those among them that are not heard any more. */
  tenures(service: string): { readonly node: NodeId; readonly tenure: Tenure }[] {
    return [...this.#hosting].flatMap(([node, tenures]) => {
      return tenures.filter((tenure) => tenure.service === service).map((tenure) => ({ node, tenure }))
    })
  }

  /** This node's programs on ports that some service names, as its backend halves reach them. */
  localListeners(): LocalListener[] {
    const here = this.#alive.filter(({ node }) => node === this.self)
    const ports = new Set(this.#services.active.flatMap((service) => this.#portsOf(service)))
    return [...ports].flatMap((port) => {
      const [self] = here
      const [best] = this.#listeners.candidates(port, here)
      if (self === undefined || best === undefined) return []
      const other = this.#listeners.otherAddress(self, best)
      return [{ port, address: best.address, ...(other !== undefined && { other }) }]
    })
  }

  isServicePort(port: number): boolean {
    return this.#services.active.some(({ ports }) => includesPort(ports, port))
  }

  #portsOf({ ports }: Service): readonly number[] {
    return areFoundPorts(ports) ? this.#listeners.ports() : expandPorts(ports)
  }

  #findAlive(): void {
    const serviceAddresses = new Set(this.#services.active.map(({ address }) => address))
    this.#alive = this.#members
      .filter(({ state }) => state === 'alive' || state === 'suspect')
      .map(({ profile: { node, name, gossip } }) => {
        return { node, name, local: node === this.self, addresses: [gossip.address], serviceAddresses }
      })
  }
}

function byProgram(rows: readonly HealthRow[]): ReadonlyMap<string, readonly HealthRow[]> {
  const found = new Map<string, HealthRow[]>()
  for (const row of rows) {
    const key = `${row.service} ${row.about}`
    const same = found.get(key)
    if (same === undefined) found.set(key, [row])
    else same.push(row)
  }
  return found
}
