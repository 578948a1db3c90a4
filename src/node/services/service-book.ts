/**
 * Which services there are, as the registry says, told to all who work with them: lanes, elections, whoever directs. Services
 * with one address are one contest (`contestOf`): one node directs them all.
 */
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { ElectionEvent } from '../../election/ports.js'
import type { Registry } from '../../gossip/registry.js'
import type { ToLane } from '../../proxy/lane-protocol.js'
import { portsOfText } from '../../proxy/port-list.js'
import { contestOf, type Service, sameService } from '../../proxy/service.js'
import type { AddressKeeper } from '../addresses/address-keeper.js'
import type { Directing } from '../directing.js'
import type { Knowledge } from '../knowledge.js'
import type { SteeringPort } from '../node-ports.js'
import { Assignments } from '../programs/assignments.js'
import type { BackendNews } from '../programs/backend-news.js'
import { rulesOf, servicesFromRegistry } from './services.js'

export interface ServiceBookParts {
  readonly registry: Pick<Registry, 'entries'>
  readonly knowledge: Knowledge
  readonly directing: Directing
  readonly backendNews: BackendNews
  readonly addresses: Pick<AddressKeeper, 'prepare'>
  readonly logger: Logger
  readonly toLane: (message: ToLane) => void
  readonly reservePorts?: ((ports: readonly number[]) => void) | undefined
  readonly steering?: SteeringPort | undefined
  readonly useSources?: ((isWanted: boolean) => void) | undefined
  readonly elections: (event: ElectionEvent) => void
}

export class ServiceBook {
  /** By service: who directs it and in which order, as far as operators have said so. */
  readonly #assigned = new Map<string, string>()

  constructor(private readonly parts: ServiceBookParts) {}

  /** Oldest first. */
  of(contest: string): Service[] {
    return this.#active.filter((service) => contestOf(service) === contest)
  }

  /** An operator has said that the node does not direct it. */
  keepsOut(contest: string, node: NodeId): boolean {
    const [oldest] = this.of(contest)
    return oldest !== undefined && !this.parts.knowledge.assignments.of(oldest.name, node).direct
  }

  /** The registry changed: every part that works with services gets the new set. */
  follow(): void {
    const { registry, knowledge, directing, backendNews } = this.parts
    const before = new Map(this.#active.map((service) => [service.name, service]))
    const contests = new Set(this.#active.map(contestOf))
    const entries = registry.entries()
    const services = servicesFromRegistry(entries)
    knowledge.assignments = Assignments.fromRegistry(entries)
    knowledge.setServices(services)
    this.#logProblems()
    // Whoever has gone to another contest stops in this one before the lanes hear of its new address.
    this.#followContests((service) => before.has(service.name))
    this.parts.toLane({ type: 'services', services: services.active })
    const added = services.active.filter(({ name }) => !before.has(name))
    for (const service of services.active) {
      const old = before.get(service.name)
      before.delete(service.name)
      if (old !== undefined && !sameService(old, service)) this.#onChanged(service)
    }
    this.tellRules([...added, ...services.active.filter((service) => this.#hasOtherRules(service))])
    for (const name of before.keys()) {
      directing.forgetObstacle(name)
      backendNews.forget(name)
      this.#assigned.delete(name)
    }
    for (const name of contests) if (this.of(name).length === 0) this.parts.elections({ type: 'service-gone', name })
    this.#followContests(() => true)
    this.parts.addresses.prepare(services.active)
    this.parts.steering?.follow(services.active, this.parts.toLane)
    this.parts.useSources?.(services.active.some(({ source }) => source === 'client'))
    this.parts.reservePorts?.(services.active.flatMap(({ reserve }) => portsOfText(reserve)))
  }

  /** Of services with one address the oldest says what goes for it. */
  tellRules(changed: readonly Service[]): void {
    const contests = [...new Set(changed.map(contestOf))]
    const told = contests.flatMap((name) => {
      const [oldest] = this.of(name)
      return oldest === undefined
        ? []
        : [{ name, rules: rulesOf(oldest, this.parts.knowledge.members, this.parts.knowledge.assignments) }]
    })
    if (told.length > 0) this.parts.elections({ type: 'services', services: told })
  }

  get #active(): readonly Service[] {
    return this.parts.knowledge.services.active
  }

  #followContests(isMeant: (service: Service) => boolean): void {
    const { directing } = this.parts
    for (const contest of directing.names()) directing.follow(contest, this.of(contest).filter(isMeant))
  }

  #logProblems(): void {
    const { unreadable, shadowed } = this.parts.knowledge.services
    const { logger } = this.parts
    for (const { name, problem } of unreadable) logger.log('error', 'service-unreadable', { service: name, problem })
    for (const { service, by, port } of shadowed) {
      logger.log('error', 'service-shadowed', { service: service.name, by, port })
    }
  }

  /** Since the last time that this was asked. */
  #hasOtherRules({ name }: Service): boolean {
    const text = JSON.stringify(this.parts.knowledge.assignments.rulesOf(name))
    const before = this.#assigned.get(name)
    this.#assigned.set(name, text)
    return before !== undefined && before !== text
  }

  #onChanged(service: Service): void {
    this.parts.directing.forgetObstacle(service.name)
    this.tellRules([service])
    this.parts.logger.log('info', 'service-changed', { service: service.name, address: service.address })
  }
}
