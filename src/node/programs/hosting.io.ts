/** Runs the programs of services of mode `single` on this node, as far as elections let it: one tenancy for each. */
import type { AlarmClock } from '../../base/clock.js'
import { Driver } from '../../base/driver.io.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import type { ElectionEffect, ElectionEvent } from '../../election/ports.js'
import type { CheckResult } from '../../health/ports.js'
import type { GuardJob, GuardPort, HostingEffect, HostingEvent, HostingRules } from '../../hosting/ports.js'
import { Tenancy } from '../../hosting/tenancy.js'
import type { Tenure } from '../../hosting/tenure-rows.js'
import { includesPort } from '../../proxy/port-list.js'
import type { Service } from '../../proxy/service.js'
import type { Knowledge } from '../knowledge.js'
import { hostedBy, hostingContest, type Tenures } from './tenures.js'

/** A node that gives a service away lets others try for so long. */
const ASIDE_MS: Millis = 5_000
const WORDS_MAX = 160

export interface HostingParts {
  readonly self: NodeId
  readonly clock: AlarmClock
  readonly logger: Logger
  readonly knowledge: Knowledge
  readonly tenures: Tenures
  readonly guards: GuardPort | undefined
  readonly leaseMs: Millis
  readonly later: (run: () => void) => void
  readonly elections: (event: ElectionEvent) => void
  readonly reaches: (node: NodeId) => boolean
  /** What its checks say of a program that runs here; `undefined`: nothing yet. */
  readonly ownHealth: (service: string) => CheckResult | undefined
  readonly onChanged: () => void
}

interface Entry {
  service: Service
  readonly tenancy: Tenancy
  readonly driver: Driver<HostingEvent, HostingEffect>
  /** As elections know it. */
  order: string
  isGone: boolean
  state: string
}

export class Hosting {
  readonly #entries = new Map<string, Entry>()
  #isStopping = false

  constructor(private readonly parts: HostingParts) {
    parts.guards?.attach((service, event) => this.#entries.get(service)?.driver.feed(event))
  }

  stop(): void {
    for (const { driver } of this.#entries.values()) driver.stop()
  }

  /** Services, members, or what somebody has said, are others now. */
  follow(): void {
    const { knowledge, tenures } = this.parts
    const wanted = knowledge.services.active.filter((service) => this.#isHosted(service))
    for (const service of wanted) {
      const entry = this.#entries.get(service.name) ?? this.#enter(service)
      entry.service = service
      if (entry.isGone) continue
      entry.driver.feed({ type: 'rules', rules: rulesFor(service) })
      entry.driver.feed({ type: 'others', others: tenures.others(service) })
      this.#stand(entry)
      this.#leaveIfMisplaced(entry)
    }
    const names = new Set(wanted.map(({ name }) => name))
    for (const [name, entry] of this.#entries) {
      if (!names.has(name) && !entry.isGone) {
        entry.isGone = true
        entry.driver.feed({ type: 'end' })
      }
      this.#leaveIfOver(name, entry)
    }
    this.look()
  }

  /** What its programs do may have changed. */
  look(): void {
    const ports = this.parts.knowledge.localListeners().map(({ port }) => port)
    for (const { driver, service, tenancy } of this.#entries.values()) {
      const isThere = ports.some((port) => includesPort(service.ports, port))
      driver.feed({ type: 'listening', isThere })
      if (!tenancy.isActive) driver.feed({ type: 'obstacle', why: this.#obstacle(service) })
      const health = tenancy.isActive ? this.parts.ownHealth(service.name) : undefined
      if (health?.isGood === false) driver.feed({ type: 'health', ...health })
    }
  }

  onElection(effect: ElectionEffect): void {
    if (!('service' in effect)) return
    const name = hostedBy(effect.service)
    const entry = name === undefined ? undefined : this.#entries.get(name)
    const { term } = 'term' in effect ? effect : { term: undefined }
    if (effect.type === 'probe-rival') {
      // No address is at stake, and nobody to be asked for it.
      this.parts.later(() => this.parts.elections({ ...effect, type: 'rival', found: false }))
    } else if ((effect.type === 'acquired' || effect.type === 'renewed') && term !== undefined) {
      entry?.driver.feed({ type: 'lease', term: term.number, deadline: effect.deadline })
    } else if (effect.type === 'lost') entry?.driver.feed({ type: 'lease-lost' })
  }

  /** `false`: it does not run here. */
  relocate(name: string, to: NodeId | undefined, why: string): boolean {
    const entry = this.#entries.get(name)
    const { tenancy } = entry ?? {}
    // One that waits for what ran elsewhere gives nothing away: the next would have to wait all over again.
    const isHere = tenancy?.mayRun === true || (tenancy?.state === 'waiting' && (tenancy.isClear || this.#isStopping))
    if (entry === undefined || !isHere || to === this.parts.self) return false
    entry.driver.feed({ type: 'relocate', to, why })
    return true
  }

  /** Before this node ends: every program is stopped, and its lease given away. */
  empty(): void {
    this.#isStopping = true
    for (const name of this.#entries.keys()) this.relocate(name, undefined, 'its node stops')
  }

  /** Nothing runs here. */
  get isEmpty(): boolean {
    return [...this.#entries.values()].every(({ tenancy }) => !tenancy.mayRun || tenancy.state === 'unknown')
  }

  /** How long stopping what runs here may take. */
  get stopMs(): Millis {
    return Math.max(
      0,
      ...[...this.#entries.values()].map(({ tenancy, service }) => (tenancy.mayRun ? service.stopMs : 0)),
    )
  }

  isActive(name: string): boolean {
    return this.#entries.get(name)?.tenancy.isActive === true
  }

  /** Services whose program is being stopped here. */
  get ending(): string[] {
    return [...this.#entries].flatMap(([service, { tenancy }]) => (tenancy.state === 'stopping' ? [service] : []))
  }

  /** To be published. */
  rows(): Tenure[] {
    const now = this.parts.clock.now()
    return [...this.#entries].flatMap(([service, { tenancy }]): Tenure[] => {
      const { state, term, stopMs } = tenancy
      const words = tenancy.words(now).slice(0, WORDS_MAX)
      return state === undefined ? [] : [{ service, term, state, stopMs, words }]
    })
  }

  #isHosted({ mode, program }: Service): boolean {
    return mode === 'single' && (program === '' || this.parts.guards !== undefined)
  }

  #enter(service: Service): Entry {
    const { clock, leaseMs, guards } = this.parts
    const tenancy = new Tenancy(rulesFor(service), leaseMs, guards?.remains.get(service.name))
    const entry: Entry = {
      service,
      tenancy,
      driver: new Driver(tenancy, clock, (effect) => this.#perform(entry, effect)),
      order: '',
      isGone: false,
      state: '',
    }
    this.#entries.set(service.name, entry)
    return entry
  }

  /** It is told to elections when nothing of it can run here any more. */
  #leaveIfOver(name: string, entry: Entry): void {
    if (!entry.isGone || entry.tenancy.mayRun) return
    this.#entries.delete(name)
    entry.driver.stop()
    this.parts.later(() => this.parts.elections({ type: 'service-gone', name: hostingContest(name) }))
    // It may be there again by now, and begins anew.
    this.parts.later(() => this.follow())
  }

  #stand(entry: Entry): void {
    const { tenures, later, elections } = this.parts
    const order = tenures.order(entry.service)
    if (entry.order === order.join(' ')) return
    entry.order = order.join(' ')
    const name = hostingContest(entry.service.name)
    later(() =>
      elections({ type: 'services', services: [{ name, rules: { failback: false, alone: undefined, order } }] }),
    )
  }

  /** Where nobody else could run it, it stays: an operator who means that removes or stops it. */
  #leaveIfMisplaced({ service, tenancy, driver, order }: Entry): void {
    const { tenures, self } = this.parts
    const isOrdered = tenancy.isActive && tenures.isOut(service.name, self)
    // Waiting for what another node has already.
    const isInVain = tenancy.state === 'waiting' && tenancy.isClear && !order.split(' ').includes(self)
    if ((!isOrdered && !isInVain) || !tenures.others(service).isAnybody) return
    driver.feed({
      type: 'relocate',
      to: undefined,
      why: isOrdered ? 'an operator drains it here' : 'it can run elsewhere',
    })
  }

  #obstacle(service: Service): string {
    const missing = this.parts.tenures.missing(service, this.parts.self)
    return missing.length === 0 ? '' : `waits for ${missing.join(', ')} to be up on this node`
  }

  #perform(entry: Entry, effect: HostingEffect): void {
    const { guards, logger, clock } = this.parts
    const { service, tenancy } = entry
    switch (effect.type) {
      case 'start':
        return guards?.start(jobOf(service, tenancy.term))
      case 'stop':
        return guards?.stop(jobOf(service, tenancy.term))
      case 'until':
        return guards?.until(service.name, effect.deadline)
      case 'give':
        return this.parts.later(() => this.#give(service, effect))
      case 'changed': {
        const state = `${tenancy.state} ${tenancy.words(clock.now())}`
        if (state !== entry.state && tenancy.state !== undefined) {
          entry.state = state
          const level = tenancy.state === 'unknown' ? 'error' : 'info'
          const fields = {
            service: service.name,
            state: tenancy.state,
            term: tenancy.term,
            why: tenancy.words(clock.now()),
          }
          logger.log(level, 'hosting', fields)
        }
        this.parts.onChanged()
        if (entry.isGone) this.parts.later(() => this.#leaveIfOver(service.name, entry))
      }
    }
  }

  /** By endorsement where somebody can be: then the next holder knows at once that it runs nowhere. */
  #give(service: Service, { to, unableMs, why }: Extract<HostingEffect, { type: 'give' }>): void {
    const { tenures, elections, reaches, self, logger, knowledge } = this.parts
    const name = hostingContest(service.name)
    const next = to ?? tenures.order(service).find((node) => node !== self && reaches(node))
    logger.log('info', 'hosting-given', { service: service.name, to: next && knowledge.nameOf(next), why })
    if (next !== undefined && reaches(next)) elections({ type: 'transfer', service: name, to: next })
    // What could not be handed over is let go, and whoever is next stands for it.
    const forMs = Math.max(unableMs, next === undefined || this.#isStopping ? ASIDE_MS : 1)
    elections({ type: 'unable', service: name, forMs, why })
  }
}

function rulesFor(service: Service): HostingRules {
  return { ...service, isRun: service.program !== '' }
}

function jobOf({ name: service, program, startMs, stopMs }: Service, term: number): GuardJob {
  return { service, program, startMs, stopMs, term }
}
