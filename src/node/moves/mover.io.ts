/** An operator's move of a service: finds the successor, moves, and waits until it serves. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../base/clock.js'
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import { contestOf, type Service } from '../../proxy/service.js'
import type { MoveView } from '../control/control-protocol.js'
import { MOVE_MS_MAX } from '../control/control-socket.js'
import { nodeNamed } from '../control/node-names.js'
import { Names } from '../control/status.js'
import type { Node } from '../node.io.js'
import { roleOf } from '../roles.js'
import type { MoveOutcome } from './moves.js'

const LOOK_EVERY_MS: Millis = 5
/** Whoever stops the process waits as well; a service manager for some ten seconds. */
const STOP_MS_MAX: Millis = 3_000

/** Throws ERR_MOVE_ELSEWHERE, ERR_MOVE_NOBODY, ERR_NODE_UNKNOWN, ERR_MOVE_REFUSED, ERR_MOVE_LATE. */
export async function moveService(node: Node, clock: Clock, service: Service, wanted?: string): Promise<MoveView> {
  const contest = contestOf(service)
  const names = new Names(node.knowledge.members)
  const self = node.self.node
  const holder = node.machines.elections.explain(contest, clock.now()).term?.holder
  if (holder !== self) throw elsewhere(service.name, holder === undefined ? undefined : names.ref(holder).name)
  const to =
    wanted === undefined
      ? node.handovers.successor(contest)
      : nodeNamed(
          wanted,
          node.knowledge.members.map(({ profile }) => profile),
        )
  if (to === undefined) {
    const hint = '`baton why` shows who may; start another node'
    throw new BatonError('ERR_MOVE_NOBODY', `no other node can direct ${service.name} now`, { hint })
  }
  if (roleOf(node.knowledge.profileOf(to)?.flags ?? 0).drained) {
    const { name } = names.ref(to)
    const hint = `put it back first: baton drain --director ${name} --undo`
    throw new BatonError('ERR_MOVE_REFUSED', `${name} was drained, and takes no service`, { hint })
  }
  if (!node.knowledge.assignments.of(service.name, to).direct) {
    const { name } = names.ref(to)
    const hint = `allow it first: baton service node ${service.name} ${name} --direct yes`
    throw new BatonError('ERR_MOVE_REFUSED', `${name} is kept from directing ${service.name}`, { hint })
  }
  if (to === self) throw new BatonError('ERR_MOVE_REFUSED', `${names.ref(self).name} directs ${service.name} already`)
  const begun = clock.now()
  const moved = await new Promise<{ outcome: MoveOutcome; why: string }>((resolve) => {
    node.handoffs.moves.move(contest, to, (outcome, why) => resolve({ outcome, why }))
  })
  if (moved.outcome !== 'handed-over') {
    const hint = '`baton status` shows whether it is alive and linked; this node goes on'
    const message = `${names.ref(to).name} cannot take ${service.name} now: ${moved.why}`
    throw new BatonError('ERR_MOVE_REFUSED', message, { hint })
  }
  while (node.knowledge.servingBy(to, service.name)?.state !== 'serving') {
    if (clock.now() - begun > MOVE_MS_MAX) {
      const message = `${names.ref(to).name} was given ${service.name}, and does not serve it after ${MOVE_MS_MAX} ms`
      throw new BatonError('ERR_MOVE_LATE', message, { hint: '`baton why` says who directs it now, and why' })
    }
    await pause(LOOK_EVERY_MS)
  }
  return { service: service.name, from: names.ref(self), to: names.ref(to), ms: clock.now() - begun }
}

/** A stop may take so much longer than one without programs: each is given its time. */
const EMPTY_MARGIN_MS: Millis = 1_500

/** Before this node stops: programs of services of mode single are stopped, and begin elsewhere. */
export async function emptied({ programs: { hosting } }: Node, clock: Clock): Promise<void> {
  const end = clock.now() + hosting.stopMs + EMPTY_MARGIN_MS
  hosting.empty()
  while (!hosting.isEmpty && clock.now() < end) await pause(LOOK_EVERY_MS)
}

/** Before this node stops: what it directs goes to others, who still need it for the splices that they take over. Bounded. */
export async function handedOver(node: Node, clock: Clock): Promise<void> {
  const end = clock.now() + STOP_MS_MAX
  const given = node.handovers.all()
  const serves = ({ contest, to }: { contest: string; to: NodeId }) =>
    node.knowledge.services.active
      .filter((service) => contestOf(service) === contest)
      .every(({ name }) => node.knowledge.servingBy(to, name)?.state === 'serving')
  while (!given.every(serves) && clock.now() < end) await pause(LOOK_EVERY_MS)
}

function elsewhere(service: string, director: string | undefined): BatonError {
  if (director === undefined) {
    const hint = '`baton why` says what is missing'
    return new BatonError('ERR_MOVE_ELSEWHERE', `nobody directs ${service} now, so there is nothing to move`, { hint })
  }
  const hint = `run \`baton move\` on ${director}`
  return new BatonError('ERR_MOVE_ELSEWHERE', `${service} is directed by ${director}, and only the director moves it`, {
    hint,
  })
}
