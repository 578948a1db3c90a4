/** Operators' orders that programs of a node are to end, and how far they have come. */
import type { Clock } from '../../base/clock.js'
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { LaneReport } from '../../proxy/lane-report.js'
import type { Service } from '../../proxy/service.js'
import type { DrainProgramsRequest, ProgramDrainView } from '../control/control-protocol.js'
import { nodeNamed } from '../control/node-names.js'
import { Names } from '../control/status.js'
import type { Node } from '../node.io.js'
import { roleOf } from '../roles.js'
import { drainKey, type ProgramDrain, programDrainChanges } from './program-drains.js'

export interface ProgramDrainingParts {
  readonly node: Node
  readonly clock: Clock
  readonly query: (limit: number) => Promise<LaneReport>
}

/** Throws ERR_NODE_UNKNOWN, ERR_SERVICE_UNKNOWN, ERR_DRAIN_WITNESS, ERR_DRAIN_DEADLINE, ERR_DRAIN_LAST. */
export async function drainPrograms(
  parts: ProgramDrainingParts,
  request: DrainProgramsRequest,
): Promise<ProgramDrainView> {
  const { node, clock } = parts
  const { service, undo, afterMs, gradual = false, force = false } = request
  const id = nodeOf(node, request.node)
  const { name } = new Names(node.knowledge.members).ref(id)
  if (roleOf(node.knowledge.profileOf(id)?.flags ?? 0).witness) {
    const hint = 'only nodes with programs can be drained; `baton status` shows them'
    throw new BatonError('ERR_DRAIN_WITNESS', `${name} is a witness, which runs no programs`, { hint })
  }
  if (gradual && afterMs === undefined) {
    const hint = 'say by when: --deadline 5m'
    throw new BatonError('ERR_DRAIN_DEADLINE', 'connections can be closed gradually only until some time', { hint })
  }
  if (!undo && !force) refuseTheLast(node, id, name, service)
  const sinceMs = clock.wall()
  const drain: ProgramDrain = {
    sinceMs,
    deadlineMs: afterMs === undefined ? undefined : sinceMs + afterMs,
    isGradual: gradual,
    boot: request.thisLife === true ? node.knowledge.profileOf(id)?.boot : undefined,
  }
  node.write([{ name: drainKey(id, service), changes: programDrainChanges(undo ? undefined : drain) }])
  return programDrain(parts, id, service)
}

/** How it stands. */
export async function programDrain(
  parts: ProgramDrainingParts,
  id: NodeId,
  service?: string,
): Promise<ProgramDrainView> {
  const { node, clock } = parts
  const names = new Names(node.knowledge.members)
  const { drains, tenures } = node.programs
  const drain = service === undefined ? drains.whole(id) : drains.one(service, id)
  const hosted = node.knowledge.services.active.filter(({ name, mode }) => {
    const isMeant = service === undefined || service === name
    return mode === 'single' && isMeant && tenures.present(name)?.node === id
  })
  return {
    node: names.ref(id),
    service: service ?? null,
    drained: drain !== undefined,
    gradual: drain?.isGradual ?? false,
    leftMs: drain?.deadlineMs === undefined ? null : Math.max(0, drain.deadlineMs - clock.wall()),
    live: await liveOf(parts, id, service),
    hosted: hosted.map(({ name }) => name),
  }
}

export function nodeOf(node: Node, wanted: string | undefined): NodeId {
  const profiles = node.knowledge.members.map(({ profile }) => profile)
  return wanted === undefined ? node.self.node : nodeNamed(wanted, profiles)
}

/** Connections to programs of this node. */
export function liveHere(self: NodeId, report: LaneReport, service: string): number {
  const rows = report.perBackend.filter((row) => row.node === self && (service === '' || row.service === service))
  return rows.reduce((sum, { splices }) => sum + splices, 0)
}

/** Its own word counts; `null`: it does not answer. */
async function liveOf({ node, query }: ProgramDrainingParts, id: NodeId, service = ''): Promise<number | null> {
  if (id === node.self.node) return liveHere(id, await query(0), service)
  const outcome = await node.errands.ask(id, { type: 'count', service })
  return outcome.type === 'counted' ? outcome.splices : null
}

/** Whoever takes the last program of a service out of service should know it. */
function refuseTheLast(node: Node, id: NodeId, name: string, only: string | undefined): void {
  const { states, tenures } = node.programs
  const isLast = (service: Service): boolean => {
    if (only !== undefined && only !== service.name) return false
    if (service.mode === 'single') {
      return tenures.present(service.name)?.node === id && !tenures.order(service).some((other) => other !== id)
    }
    const healthy = states.backends(service).filter(({ state }) => state === 'healthy')
    return healthy.length > 0 && healthy.every((backend) => backend.node === id)
  }
  const last = node.knowledge.services.active.filter(isLast).map((service) => service.name)
  if (last.length === 0) return
  const hint = 'start its program on another node first, or say --force: new connections are refused then'
  throw new BatonError('ERR_DRAIN_LAST', `no node but ${name} serves ${last.join(', ')} now`, { hint })
}
