/** `baton drain --director`: a node gives away all that it directs and takes nothing, until that is undone. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../base/clock.js'
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import type { Member } from '../../gossip/ports.js'
import { contestOf, type Service } from '../../proxy/service.js'
import type { DrainRequest, DrainView } from '../control/control-protocol.js'
import { DRAIN_MS_MAX } from '../control/control-socket.js'
import { nodeNamed } from '../control/node-names.js'
import { Names } from '../control/status.js'
import type { Node } from '../node.io.js'
import { roleOf } from '../roles.js'
import { drainChanges, drainedAt, nodeKey } from './drains.js'

const LOOK_EVERY_MS: Millis = 10

/** Throws ERR_NODE_UNKNOWN, ERR_DRAIN_WITNESS, ERR_DRAIN_NOBODY. */
export async function drainDirector(
  node: Node,
  clock: Clock,
  { node: wanted, undo }: DrainRequest,
): Promise<DrainView> {
  const names = new Names(node.knowledge.members)
  const profiles = node.knowledge.members.map(({ profile }) => profile)
  const id = wanted === undefined ? node.self.node : nodeNamed(wanted, profiles)
  const { name } = names.ref(id)
  if (roleOf(node.knowledge.profileOf(id)?.flags ?? 0).witness) {
    const hint = 'only nodes that direct can be drained; `baton status` shows them'
    throw new BatonError('ERR_DRAIN_WITNESS', `${name} is a witness, which directs nothing`, { hint })
  }
  if (!undo) refuseTheLast(node, id, name)
  const before = directedBy(node, clock, id)
  node.write([{ name: nodeKey(id), changes: drainChanges(undo ? undefined : clock.wall()) }])
  const isObeyed = () =>
    isKnown(node, id, !undo) && (undo || before.every((service) => isElsewhere(node, clock, service, id)))
  const end = clock.now() + DRAIN_MS_MAX
  while (!isObeyed() && clock.now() < end) await pause(LOOK_EVERY_MS)
  const still = directedBy(node, clock, id)
  return {
    node: names.ref(id),
    drained: !undo,
    moved: undo ? [] : before.filter((one) => !still.includes(one)).map((one) => movedTo(node, clock, one, names)),
    still: still.map((service) => service.name),
  }
}

/** A service that nobody may direct is worse than a node that cannot be taken out of service. */
function refuseTheLast(node: Node, id: NodeId, name: string): void {
  const others = node.knowledge.members.filter(({ profile }) => profile.node !== id)
  const alive = others.filter(({ state }) => state === 'alive' || state === 'suspect')
  // What was said a moment ago is in the registry, and not in everybody's profile yet.
  const isDrained = ({ profile }: Member) =>
    roleOf(profile.flags).drained || drainedAt(node.machines.registry.get(nodeKey(profile.node))) !== undefined
  const isAble = ({ profile }: Member) => !roleOf(profile.flags).witness && !roleOf(profile.flags).leaving
  const able = alive.filter((member) => isAble(member) && !isDrained(member))
  if (able.length > 0) return refuseTheLastOf(node, able, name)
  const drained = alive.filter(isDrained).map(({ profile }) => profile.name)
  const [first] = drained
  const why = first === undefined ? 'no other node that directs is alive' : `${drained.join(', ')} are drained already`
  const hint =
    first === undefined ? 'start another node first' : `put one back first: baton drain --director ${first} --undo`
  throw new BatonError('ERR_DRAIN_NOBODY', `nobody would be left to direct without ${name}: ${why}`, { hint })
}

/** The same of single services, from which the others are kept. */
function refuseTheLastOf({ knowledge }: Node, able: readonly Member[], name: string): void {
  const orphan = knowledge.services.active.find((service) =>
    able.every(({ profile }) => !knowledge.assignments.of(service.name, profile.node).direct),
  )
  if (orphan === undefined) return
  const message = `nobody would be left to direct ${orphan.name} without ${name}: the others are kept from it`
  const hint = `allow one first: baton service node ${orphan.name} NODE --direct yes`
  throw new BatonError('ERR_DRAIN_NOBODY', message, { hint })
}

/** The node itself says so; one that is down will when it comes back. */
function isKnown(node: Node, id: NodeId, drained: boolean): boolean {
  const member = node.knowledge.members.find(({ profile }) => profile.node === id)
  return member?.state !== 'alive' || roleOf(member.profile.flags).drained === drained
}

function directedBy(node: Node, clock: Clock, id: NodeId): readonly Service[] {
  return node.knowledge.services.active.filter((service) => holderOf(node, clock, service) === id)
}

function holderOf(node: Node, clock: Clock, service: Service): NodeId | undefined {
  return node.machines.elections.explain(contestOf(service), clock.now()).term?.holder
}

function isElsewhere(node: Node, clock: Clock, service: Service, id: NodeId): boolean {
  const holder = holderOf(node, clock, service)
  return holder !== undefined && holder !== id && node.knowledge.servingBy(holder, service.name)?.state === 'serving'
}

function movedTo(node: Node, clock: Clock, service: Service, names: Names): DrainView['moved'][number] {
  const holder = holderOf(node, clock, service)
  return { service: service.name, to: holder === undefined ? null : names.ref(holder) }
}
