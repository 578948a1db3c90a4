/** The director's side of a drill: looks whether it may fail now, and fails. */
import type { Clock } from '../../base/clock.js'
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import type { LaneReport } from '../../proxy/lane-report.js'
import { contestOf, type Service } from '../../proxy/service.js'
import type { Fault } from '../control/drill-protocol.js'
import { Names } from '../control/status.js'
import type { Errand, ErrandAnswer, FaultOrder, Survey } from '../errand.js'
import type { Node } from '../node.io.js'
import { type DrillGround, successorAfter } from './drill-plan.js'
import { moveService } from './mover.io.js'
import { preparePause } from './pauser.io.js'

/** Beyond the lease, and beyond the drift margin of whoever waits for its end. */
const PAUSE_LEASES = 1.5
const PAUSE_MORE_MS: Millis = 1_000

/** For an answer to reach the kernel. */
const ANSWER_MS: Millis = 5

export interface FaultParts {
  readonly node: Node
  readonly clock: Clock
  readonly logger: Logger
  readonly linked: () => readonly NodeId[]
  readonly query: (limit: number, service?: string) => Promise<LaneReport>
}

export class FaultOrders {
  constructor(private readonly parts: FaultParts) {}

  async answer(from: NodeId, errand: Extract<Errand, { type: 'survey' | 'fault' }>): Promise<ErrandAnswer | undefined> {
    if (errand.type === 'survey') return { type: 'surveyed', survey: await this.survey() }
    return this.#carryOut(from, errand)
  }

  async survey(): Promise<Survey> {
    const { perService, forOthers } = await this.parts.query(0)
    return { supervised: isSupervised(), pauseMs: this.#pauseMs, forOthers, services: perService }
  }

  /** How things look from here: throws ERR_DRILL_NO_DIRECTOR. */
  ground(service: Service, fault: Fault): DrillGround & { readonly term: number } {
    const { node, clock, linked } = this.parts
    const names = new Names(node.knowledge.members)
    const { elections } = node.machines
    const { term, candidates, voters, quorum, rules } = {
      ...elections.explain(contestOf(service), clock.now()),
      ...elections.electorate(),
    }
    if (term === undefined) {
      const hint = `\`baton why ${service.name}\` says what is missing`
      throw new BatonError('ERR_DRILL_NO_DIRECTOR', `nobody directs ${service.name} now, so nothing can fail`, { hint })
    }
    return {
      service: service.name,
      fault,
      term: term.number,
      director: names.ref(term.holder),
      candidates: candidates.map((id) => names.ref(id)),
      linked: new Set([node.self.node, ...linked()]),
      voters: voters.map((id) => names.ref(id)),
      quorum,
      alone: rules.alone,
    }
  }

  /** Throws what `successorAfter` and a move throw, ERR_DRILL_STALE and ERR_DRILL_PAUSE. */
  async #carryOut(from: NodeId, { service: name, term, fault }: FaultOrder): Promise<ErrandAnswer | undefined> {
    const { node, clock, logger } = this.parts
    const service = node.knowledge.service(name)
    const ground = service === undefined ? undefined : this.ground(service, fault)
    if (service === undefined || ground?.director.id !== node.self.node || ground.term !== term) {
      const hint = `\`baton why ${name}\` says who directs it; run the drill again`
      throw new BatonError('ERR_DRILL_STALE', `${node.self.name} does not direct ${name} in term ${term} any more`, {
        hint,
      })
    }
    successorAfter(ground)
    logger.log('warn', 'drill', { service: name, fault, term, by: node.knowledge.nameOf(from) })
    if (fault === 'move') {
      await moveService(node, clock, service)
      return { type: 'done' }
    }
    if (fault === 'pause') return this.#pause()
    // Whoever asked sees the link end, which is the moment of death: any other answer would be a guess.
    process.kill(process.pid, 'SIGKILL')
    return undefined
  }

  async #pause(): Promise<ErrandAnswer> {
    refuseImpatientManager(this.#pauseMs)
    const pauser = await preparePause(this.#pauseMs)
    if ('why' in pauser) {
      const hint = 'nothing was stopped; baton drill --fault kill needs no helper'
      throw new BatonError('ERR_DRILL_PAUSE', `this process cannot be paused: ${pauser.why}`, { hint })
    }
    // The answer leaves first.
    setTimeout(() => pauser.begin(), ANSWER_MS)
    return { type: 'done' }
  }

  get #pauseMs(): Millis {
    return Math.ceil(PAUSE_LEASES * this.parts.node.machines.elections.leaseMs) + PAUSE_MORE_MS
  }
}

/** sd_notify(3): it waits for this process, and so looks after it. */
function isSupervised(environment: NodeJS.ProcessEnv = process.env): boolean {
  return (environment['NOTIFY_SOCKET'] ?? '') !== ''
}

/** A manager that hears nothing ends the process: it would be another fault than was asked for. */
function refuseImpatientManager(pauseMs: Millis, environment: NodeJS.ProcessEnv = process.env): void {
  const patienceMs = Number(environment['WATCHDOG_USEC'] ?? 0) / 1_000
  // Signs of life come every half of it.
  if (patienceMs === 0 || pauseMs < patienceMs / 2) return
  const message = `its service manager would end this node after ${patienceMs} ms of silence, and the pause takes ${pauseMs} ms`
  const hint = 'raise WatchdogSec in its unit for the drill; or: baton drill --fault kill'
  throw new BatonError('ERR_DRILL_PAUSE', message, { hint })
}
