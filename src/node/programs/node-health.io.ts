/**
 * Checks of programs: this node's own, and, of services that want it, those of every node that it directs connections to; and what
 * connections themselves tell. What comes of it is said to all others (node-facts).
 */
import type { Alarm, AlarmClock } from '../../base/clock.js'
import { Driver } from '../../base/driver.io.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Prng } from '../../base/prng.js'
import { Checks, oneLine } from '../../health/checks.js'
import type { HealthRow } from '../../health/health-rows.js'
import { Passive } from '../../health/passive.js'
import type { CheckEffect, CheckEvent, CheckResult, ProgramCheck, Target } from '../../health/ports.js'
import type { FromLane } from '../../proxy/lane-protocol.js'
import { includesPort } from '../../proxy/port-list.js'
import type { Service } from '../../proxy/service.js'
import type { Directing } from '../directing.js'
import type { Errands } from '../errands.js'
import type { Knowledge } from '../knowledge.js'

export interface NodeHealthParts {
  readonly self: NodeId
  /** Where its programs listen, if they listen nowhere else. */
  readonly ownAddress: string
  readonly clock: AlarmClock
  readonly random: Prng
  readonly logger: Logger
  readonly knowledge: Knowledge
  readonly directing: Pick<Directing, 'get'>
  readonly errands: Pick<Errands, 'ask'>
  /** `undefined`: nothing is checked here. */
  readonly checkProgram: ((check: ProgramCheck) => Promise<CheckResult>) | undefined
  /** A service of mode single runs here, and may be checked. */
  readonly isHosted: (service: string) => boolean
  /** What is to be published is another now. */
  readonly onChanged: () => void
}

interface OwnTarget extends Target, ProgramCheck {}
interface RemoteTarget extends Target {
  readonly service: Service
  readonly node: NodeId
  readonly port: number
}

/** Of a peer's answer: its check has the service's limit, and this is for the way. */
const WAY_MS = 1_000
/** The other node answers so many at a time. */
const REMOTE_RUNNING_MAX = 8

export class NodeHealth {
  readonly #own: Checks<OwnTarget>
  readonly #remote: Checks<RemoteTarget>
  readonly #ownDriver: Driver<CheckEvent<OwnTarget>, CheckEffect<OwnTarget>>
  readonly #remoteDriver: Driver<CheckEvent<RemoteTarget>, CheckEffect<RemoteTarget>>
  readonly #passive = new Passive()
  readonly #failures = new Map<string, { readonly service: string; readonly node: NodeId; readonly what: string }>()
  readonly #alarm: Alarm

  constructor(private readonly parts: NodeHealthParts) {
    const { random, clock } = parts
    this.#own = new Checks(random)
    this.#remote = new Checks(random, REMOTE_RUNNING_MAX)
    this.#ownDriver = new Driver(this.#own, clock, (effect) => {
      if (effect.type === 'changed') parts.onChanged()
      else this.#runOwn(effect.run, effect.target)
    })
    this.#remoteDriver = new Driver(this.#remote, clock, (effect) => {
      if (effect.type === 'changed') parts.onChanged()
      else this.#runRemote(effect.run, effect.target)
    })
    this.#alarm = clock.alarm(() => this.#onFaded())
  }

  stop(): void {
    this.#ownDriver.stop()
    this.#remoteDriver.stop()
    this.#alarm.set(undefined)
  }

  /** Services, listeners or what is directed here may be others now. */
  follow(): void {
    if (this.parts.checkProgram === undefined) return
    this.#ownDriver.feed({ type: 'targets', targets: this.#ownTargets() })
    this.#remoteDriver.feed({ type: 'targets', targets: this.#remoteTargets() })
    for (const key of this.#passive.keys()) {
      const [name = ''] = key.split(' ')
      const { passiveLimit: limit = 0, passiveDecayMs: decayMs = 0 } = this.parts.knowledge.service(name) ?? {}
      if (limit === 0) this.#passive.forget(key)
      else this.#passive.follow(key, { limit, decayMs }, this.parts.clock.now())
    }
    this.#alarm.set(this.#passive.nextDeadline())
  }

  /** Of connections that this node directs. */
  onFailed({ service: name, node, count, what }: Extract<FromLane, { type: 'backend-failed' }>): void {
    const service = this.parts.knowledge.service(name)
    if (service === undefined || service.passiveLimit === 0) return
    const key = `${name} ${node}`
    const limits = { limit: service.passiveLimit, decayMs: service.passiveDecayMs }
    this.#failures.set(key, { service: name, node, what })
    if (this.#passive.failed(key, count, limits, this.parts.clock.now())) {
      this.parts.logger.log('warn', 'backend-out', {
        service: name,
        node: this.parts.knowledge.nameOf(node),
        why: what,
      })
      this.parts.onChanged()
    }
    this.#alarm.set(this.#passive.nextDeadline())
  }

  /** To be published. */
  rows(): HealthRow[] {
    const { self } = this.parts
    const own = this.#own.rows().map(({ target: { service, port }, state, words }): HealthRow => {
      return { service: service.name, about: self, port, state, words }
    })
    const remote = this.#remote.rows().flatMap(({ target: { service, port, node }, state, words }): HealthRow[] => {
      return state === 'healthy' ? [] : [{ service: service.name, about: node, port, state, words }]
    })
    return [...own, ...remote, ...this.#passiveRows()]
  }

  /** Of a service that runs here; `undefined`: nothing is known yet. */
  ofOwn(service: string): CheckResult | undefined {
    const rows = this.#own.rows().filter(({ target, state }) => target.service.name === service && state !== 'starting')
    const bad = rows.find(({ state }) => state === 'unhealthy')
    if (bad !== undefined) return { isGood: false, words: bad.words }
    return rows.length === 0 ? undefined : { isGood: true, words: '' }
  }

  /** On behalf of a director. */
  async check(name: string, port: number): Promise<CheckResult> {
    const target = this.#ownTargets().find((one) => one.service.name === name && one.port === port)
    const { checkProgram } = this.parts
    if (target === undefined || checkProgram === undefined)
      return { isGood: false, words: `there is nothing to check of ${name} on port ${port}` }
    return checkProgram(target)
  }

  #ownTargets(): OwnTarget[] {
    const { knowledge, self } = this.parts
    const listeners = knowledge.localListeners()
    return knowledge.services.active.flatMap((service): OwnTarget[] => {
      const here = listeners.filter(({ port }) => includesPort(service.ports, port))
      const [first] = here
      if (service.mode === 'single') return this.#hostedTarget(service, first)
      if (service.check === 'off' || first === undefined) return []
      const { checkPort } = service
      if (checkPort !== 0) return [this.#ownTarget(service, 0, { address: first.address, port: checkPort }, self)]
      if (service.check === 'command') return [this.#ownTarget(service, 0, first, self)]
      return here.map((at) => this.#ownTarget(service, at.port, at, self))
    })
  }

  /** One check for all of it, also where it does not listen (any more); it had a whole start before, so one bad check is no news. */
  #hostedTarget(service: Service, heard: ProgramCheck['at'] | undefined): OwnTarget[] {
    const { self, isHosted, ownAddress } = this.parts
    const isChecked = service.check !== 'off' || service.program !== ''
    if (!isChecked || !isHosted(service.name)) return []
    const [first] = service.ports
    const address = heard?.address ?? ownAddress
    const port = service.checkPort || heard?.port || first?.first || 0
    return [{ ...this.#ownTarget(service, 0, { address, port }, self), initial: 'healthy' }]
  }

  /** What was published of it before, perhaps by an earlier process of this life, holds until it is checked anew. */
  #ownTarget(service: Service, port: number, at: ProgramCheck['at'], self: NodeId): OwnTarget {
    const said = this.parts.knowledge
      .healthAbout(service.name, self, port)
      .find(({ by, row }) => by === self && row.port === port)
    return {
      ...thresholdsOf(service),
      key: `${service.name} ${port}`,
      service,
      port,
      at,
      initial: said?.row.state ?? 'starting',
    }
  }

  #remoteTargets(): RemoteTarget[] {
    const { knowledge, directing } = this.parts
    return knowledge.services.active.flatMap((service): RemoteTarget[] => {
      if (service.checkFrom !== 'director' || service.check === 'off') return []
      if (directing.get(service.name)?.state !== 'serving') return []
      const isWhole = service.check === 'command' || service.checkPort !== 0 || service.mode === 'single'
      const targets = new Map<string, RemoteTarget>()
      for (const candidate of knowledge.candidates(service)) {
        const { node } = candidate
        const port = isWhole ? 0 : candidate.port
        const key = `${service.name} ${node} ${port}`
        // Its node says first whether it works: this is about the way to it.
        targets.set(key, { ...thresholdsOf(service), key, service, node, port, initial: 'healthy' })
      }
      return [...targets.values()]
    })
  }

  #runOwn(run: number, target: OwnTarget): void {
    const { checkProgram } = this.parts
    checkProgram?.(target).then((result) => this.#ownDriver.feed({ type: 'result', run, ...result }))
  }

  #runRemote(run: number, { service, node, port, timeoutMs }: RemoteTarget): void {
    const done = (result: CheckResult) => this.#remoteDriver.feed({ type: 'result', run, ...result })
    if (node === this.parts.self) return void this.check(service.name, port).then(done)
    this.parts.errands.ask(node, { type: 'check', service: service.name, port }, timeoutMs + WAY_MS).then((outcome) => {
      if (outcome.type === 'checked') done({ isGood: outcome.isGood, words: oneLine(outcome.words) })
      else if (outcome.type === 'lost') done({ isGood: false, words: 'its control link ended' })
      else done({ isGood: false, words: `its node did not answer within ${timeoutMs + WAY_MS} ms` })
    })
  }

  /** Where everybody is out, nobody is: a connection that may be refused is better than one that is. */
  #passiveRows(): HealthRow[] {
    const { knowledge } = this.parts
    const out = this.#passive.keys().flatMap((key) => this.#failures.get(key) ?? [])
    const services = [...new Set(out.map(({ service }) => service))]
    return services.flatMap((name) => {
      const service = knowledge.service(name)
      const mine = out.filter((one) => one.service === name)
      const nodes = new Set(service === undefined ? [] : knowledge.candidates(service).map(({ node }) => node))
      const others = [...nodes].filter((node) => !mine.some((one) => one.node === node))
      if (others.length === 0) return []
      return mine.map(({ node, what }): HealthRow => {
        return {
          service: name,
          about: node,
          port: 0,
          state: 'unhealthy',
          words: oneLine(`its connections fail: ${what}`),
        }
      })
    })
  }

  #onFaded(): void {
    const back = this.#passive.tick(this.parts.clock.now())
    for (const key of back) this.#failures.delete(key)
    if (back.length > 0) this.parts.onChanged()
    this.#alarm.set(this.#passive.nextDeadline())
  }
}

function thresholdsOf({ checkEveryMs, checkTimeoutMs, checkRise, checkFall }: Service) {
  return { everyMs: checkEveryMs, timeoutMs: checkTimeoutMs, rise: checkRise, fall: checkFall }
}
