/**
 * `baton drill`: has the director of a service fail, and measures what that costs. The order goes to the director over the control
 * link; this node watches the election, connects to the service as a client would, and asks the next director what it found.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { BatonError } from '../../base/errors.js'
import type { NodeId, Term } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import type { ServiceReport } from '../../proxy/lane-report.js'
import { contestOf, type Service } from '../../proxy/service.js'
import { SETTLE_MS_MAX, TAKEOVER_MS_MAX } from '../control/control-socket.js'
import type { DrillPlan, DrillReport, DrillRequest, Fault } from '../control/drill-protocol.js'
import { Names } from '../control/status.js'
import { firstConnection } from '../discovery/first-connection.io.js'
import type { Errand, Survey } from '../errand.js'
import type { ErrandOutcome } from '../errands.js'
import { expectationOf, successorAfter } from './drill-plan.js'
import { changesOf, drillKey, recordOf } from './drill-record.js'
import type { FaultOrders, FaultParts } from './fault-orders.io.js'

const LOOK_EVERY_MS: Millis = 5
const ASK_EVERY_MS: Millis = 200
const SURVEY_MS_MAX: Millis = 2_000

interface Started {
  readonly at: Millis
  /** Refused after all; a move may say so late. */
  readonly refusal: () => BatonError | undefined
}

type Found = Omit<DrillReport, keyof DrillPlan | 'atMs' | 'back'>

const NOTHING_FOUND: Found = {
  to: null,
  toTerm: null,
  verdicts: null,
  after: null,
  servingMs: null,
  darkMs: null,
  darkWhy: 'nobody took over',
}

export class Drill {
  #underWay = false

  constructor(
    private readonly parts: FaultParts,
    private readonly orders: FaultOrders,
  ) {}

  /** Throws what `ground` and `successorAfter` throw, ERR_DRILL_HERE, ERR_DRILL_LINK and ERR_DRILL_SILENT. */
  async plan(service: Service, fault: Fault): Promise<DrillPlan> {
    const { node } = this.parts
    const by = this.#names.ref(node.self.node)
    const ground = this.orders.ground(service, fault)
    const { director, term, quorum, candidates, linked } = ground
    const successor = successorAfter(ground)
    if (director.id === by.id && fault !== 'move') {
      const others = candidates.filter(({ id }) => id !== by.id && linked.has(id)).map(({ name }) => name)
      const message = `${director.name} directs ${service.name} itself, and who ${fault === 'kill' ? 'dies' : 'stands still'} cannot tell what became of it`
      const hint = `run it on ${others.join(' or ')}: the order goes to ${director.name} from there`
      throw new BatonError('ERR_DRILL_HERE', message, { hint })
    }
    const { supervised, pauseMs, forOthers, services } = await this.#survey(director.id)
    const others = services.filter((row) => row.service !== service.name)
    const isHit = (name: string) => fault !== 'move' || this.#contestNamed(name) === contestOf(service)
    return {
      service: service.name,
      fault,
      director,
      term,
      by,
      ...successor,
      quorum,
      connections: expectationOf(
        fault,
        services.find((row) => row.service === service.name),
      ),
      also: others
        .filter((row) => isHit(row.service))
        .map((row) => ({ service: row.service, ...expectationOf(fault, row) })),
      forOthers: fault === 'kill' ? forOthers : 0,
      supervised,
      pauseMs,
    }
  }

  /** Throws what `plan` throws, ERR_DRILL_STALE and ERR_DRILL_CONFLICT. */
  async run(service: Service, { fault, term }: DrillRequest): Promise<DrillReport> {
    if (this.#underWay) {
      const hint = 'wait for its report: half a minute at most'
      throw new BatonError('ERR_DRILL_CONFLICT', 'a drill is under way here', { hint })
    }
    this.#underWay = true
    try {
      const plan = await this.plan(service, fault)
      if (plan.term !== term) {
        const message = `${service.name} is directed in term ${plan.term} by ${plan.director.name} now, and not in term ${term} any more`
        throw new BatonError('ERR_DRILL_STALE', message, { hint: 'run the drill again' })
      }
      const report = await this.#carryOut(service, plan)
      this.parts.node.write([{ name: drillKey(service.name), changes: changesOf(recordOf(report)) }])
      return report
    } finally {
      this.#underWay = false
    }
  }

  async #carryOut(service: Service, plan: DrillPlan): Promise<DrillReport> {
    const { clock } = this.parts
    const atMs = clock.wall()
    const { at: begun, refusal } = await this.#order(service, plan)
    const isOver = await this.#until(TAKEOVER_MS_MAX + plan.pauseMs, () => {
      const refused = refusal()
      if (refused !== undefined) throw refused
      return this.#nextTerm(service, plan) !== undefined
    })
    const found = isOver ? await this.#watch(service, plan, begun) : NOTHING_FOUND
    const isBack = plan.fault === 'kill' ? false : await this.#answers(plan.director.id, plan.pauseMs)
    return { ...plan, atMs, ...found, back: isBack }
  }

  /** Throws what the director refuses with. */
  async #order(service: Service, { director, term, fault }: DrillPlan): Promise<Started> {
    const { clock, node } = this.parts
    const errand: Errand = { type: 'fault', service: service.name, term, fault }
    const sentAt = clock.now()
    const outcome: Promise<ErrandOutcome> =
      director.id === node.self.node
        ? this.orders.answer(node.self.node, errand).then((answer) => answer ?? { type: 'silent' })
        : node.errands.ask(director.id, errand)
    let refused: BatonError | undefined
    const told = outcome.then(
      (one) => {
        refused = refusalIn(one, director.name)
        return one
      },
      (error: unknown) => {
        refused = error instanceof BatonError ? error : new BatonError('ERR_INTERNAL', String(error))
        return undefined
      },
    )
    // A move answers when it is over, the others when they begin; who is killed answers by the end of its link.
    if (fault === 'move') return { at: sentAt, refusal: () => refused }
    const answer = await told
    if (refused !== undefined) throw refused
    return { at: answer?.type === 'lost' ? answer.at : clock.now(), refusal: () => undefined }
  }

  async #watch(service: Service, plan: DrillPlan, begun: Millis): Promise<Found> {
    const { clock, node } = this.parts
    const [port] = node.knowledge.servedPorts(service)
    const to = port === undefined ? undefined : { address: service.address, port }
    const probe = to === undefined ? undefined : firstConnection(to, clock, TAKEOVER_MS_MAX)
    const serves = () => {
      const term = this.#nextTerm(service, plan)
      const serving = term === undefined ? undefined : node.knowledge.servingBy(term.holder, service.name)
      return serving !== undefined && serving.term === term?.number && serving.state === 'serving'
    }
    const servingMs = (await this.#until(TAKEOVER_MS_MAX, serves)) ? clock.now() - begun : null
    const connectedAt = await probe?.at
    const next = this.#nextTerm(service, plan)
    const found = next === undefined ? undefined : await this.#verdicts(service.name, next.holder, plan)
    return {
      to: next === undefined ? null : this.#names.ref(next.holder),
      toTerm: next?.number ?? null,
      verdicts: found?.revivals ?? null,
      after: found?.directed ?? null,
      servingMs,
      darkMs: connectedAt === undefined ? null : connectedAt - begun,
      darkWhy: connectedAt !== undefined ? '' : port === undefined ? 'no program serves it' : 'nobody answered',
    }
  }

  /** When nothing changes any more, or clients have had their time. */
  async #verdicts(service: string, holder: NodeId, { connections }: DrillPlan): Promise<ServiceReport | undefined> {
    const { clock } = this.parts
    const end = clock.now() + SETTLE_MS_MAX
    let [last, before]: (ServiceReport | undefined)[] = []
    for (;;) {
      const survey = await this.#survey(holder).catch(() => undefined)
      before = last
      last = survey?.services.find((row) => row.service === service) ?? last
      const revived = last?.revivals.revived ?? 0
      const isDecided = last?.revivals.unverified === 0 && before?.revivals.revived === revived
      if (clock.now() >= end || (isDecided && (revived > 0 || connections.expected === 0))) return last
      await pause(ASK_EVERY_MS)
    }
  }

  /** Of a node that was hit and lives: it answers again. */
  async #answers(director: NodeId, pauseMs: Millis): Promise<boolean> {
    const end = this.parts.clock.now() + pauseMs + TAKEOVER_MS_MAX
    while (this.parts.clock.now() < end) {
      if ((await this.#survey(director).catch(() => undefined)) !== undefined) return true
      await pause(ASK_EVERY_MS)
    }
    return false
  }

  async #survey(of: NodeId): Promise<Survey> {
    const { node, linked } = this.parts
    if (of === node.self.node) return this.orders.survey()
    const { name } = this.#names.ref(of)
    if (!linked().includes(of)) {
      const message = `there is no control link to ${name} from here, so no order reaches it`
      const hint = '`baton status` shows links; or run the drill on a node that has one'
      throw new BatonError('ERR_DRILL_LINK', message, { hint })
    }
    const outcome = await node.errands.ask(of, { type: 'survey' }, SURVEY_MS_MAX)
    if (outcome.type === 'surveyed') return outcome.survey
    throw refusalIn(outcome, name) ?? silentError(name)
  }

  #nextTerm(service: Service, plan: DrillPlan): Term | undefined {
    const { elections } = this.parts.node.machines
    const { term } = elections.explain(contestOf(service), this.parts.clock.now())
    return term === undefined || term.number <= plan.term ? undefined : term
  }

  #contestNamed(name: string): string | undefined {
    const service = this.parts.node.knowledge.service(name)
    return service === undefined ? undefined : contestOf(service)
  }

  async #until(limitMs: Millis, done: () => boolean): Promise<boolean> {
    const end = this.parts.clock.now() + limitMs
    while (!done()) {
      if (this.parts.clock.now() >= end) return false
      await pause(LOOK_EVERY_MS)
    }
    return true
  }

  get #names(): Names {
    return new Names(this.parts.node.knowledge.members)
  }
}

function refusalIn(outcome: ErrandOutcome, name: string): BatonError | undefined {
  if (outcome.type === 'silent') return silentError(name)
  if (outcome.type !== 'refused') return undefined
  const { code, message, hint } = outcome
  return new BatonError(code, message, hint === '' ? {} : { hint })
}

function silentError(name: string): BatonError {
  const hint = 'it may run an older release, or be too busy: `baton status`'
  return new BatonError('ERR_DRILL_SILENT', `${name} does not answer`, { hint })
}
