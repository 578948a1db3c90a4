/** Operators' orders that a program of mode `single` runs elsewhere: on a node that is named, or wherever each is best placed. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../base/clock.js'
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import { betterPlace } from '../../hosting/placement.js'
import type { Service } from '../../proxy/service.js'
import type { BalanceView, RelocateView } from '../control/control-protocol.js'
import { RELOCATE_MS_MAX } from '../control/control-socket.js'
import { nodeNamed } from '../control/node-names.js'
import { Names } from '../control/status.js'
import type { Node } from '../node.io.js'
import { hostingContest } from './tenures.js'

const LOOK_EVERY_MS: Millis = 20
/** Beyond the limits of stop and start: a round of election and gossip on a busy host. */
const WAY_MS: Millis = 5_000

/** Throws ERR_RELOCATE_MULTI, ERR_RELOCATE_NOBODY, ERR_NODE_UNKNOWN, ERR_RELOCATE_REFUSED, ERR_RELOCATE_STOP, ERR_RELOCATE_LATE. */
export async function relocateService(
  node: Node,
  clock: Clock,
  service: Service,
  wanted?: string,
): Promise<RelocateView> {
  const { knowledge, programs } = node
  const names = new Names(knowledge.members)
  const nameOf = (id: NodeId) => names.ref(id).name
  if (service.mode !== 'single') {
    const hint =
      'every node that listens serves it; `baton move` has another node direct it, `baton drain` takes a node out'
    throw new BatonError('ERR_RELOCATE_MULTI', `${service.name} is of mode multi, and runs on many nodes`, { hint })
  }
  const from = node.machines.elections.explain(hostingContest(service.name), clock.now()).term?.holder
  if (from === undefined) {
    const hint = `\`baton why ${service.name}\` says what is missing`
    throw new BatonError('ERR_RELOCATE_NOBODY', `${service.name} runs nowhere now`, { hint })
  }
  const order = programs.tenures.order(service)
  const profiles = knowledge.members.map(({ profile }) => profile)
  const to = wanted === undefined ? order.find((id) => id !== from) : nodeNamed(wanted, profiles)
  if (to === undefined) {
    const hint = 'start another node, or change --hosting and --placement'
    throw new BatonError('ERR_RELOCATE_NOBODY', `no node but ${nameOf(from)} may host ${service.name} now`, { hint })
  }
  const why = refusal(node, service, from, to, order, nameOf)
  if (why !== undefined) {
    throw new BatonError('ERR_RELOCATE_REFUSED', why, {
      hint: `\`baton service show ${service.name}\` shows where it may run`,
    })
  }
  const begun = clock.now()
  await sendOrder(node, service, from, to)
  const limitMs = Math.min(RELOCATE_MS_MAX, service.stopMs + service.startMs + WAY_MS)
  while (clock.now() - begun < limitMs) {
    const present = programs.tenures.present(service.name)
    const { node: at, tenure } = present ?? {}
    if (at === from && tenure?.state === 'unknown') {
      const hint = `stop it by hand on ${nameOf(from)}, then relocate it again; it stays there until then`
      throw new BatonError('ERR_RELOCATE_STOP', `${nameOf(from)} could not stop ${service.name}: ${tenure.words}`, {
        hint,
      })
    }
    if (at !== undefined && at !== from && tenure?.state === 'active') {
      return { service: service.name, from: names.ref(from), to: names.ref(at), ms: clock.now() - begun }
    }
    await pause(LOOK_EVERY_MS)
  }
  const message = `${service.name} does not run elsewhere after ${Math.round(limitMs / 1_000)} s`
  throw new BatonError('ERR_RELOCATE_LATE', message, {
    hint: `\`baton why ${service.name}\` says where it is, and what it waits for`,
  })
}

/** One after the other, as long as one is better placed elsewhere. */
export async function balanceServices(node: Node, clock: Clock): Promise<BalanceView> {
  const { knowledge, programs } = node
  const names = new Names(knowledge.members)
  const moved: RelocateView[] = []
  const failed: { service: string; why: string }[] = []
  const services = knowledge.services.active.filter(({ mode }) => mode === 'single')
  for (const service of [...services].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const present = programs.tenures.present(service.name)
    if (present === undefined) continue
    const to = betterPlace(service.name, service, programs.tenures.places(service), present.node)
    if (to === undefined) continue
    try {
      moved.push(await relocateService(node, clock, service, names.ref(to).id))
    } catch (error) {
      if (!(error instanceof BatonError)) throw error
      failed.push({ service: service.name, why: error.message })
    }
  }
  return { moved, failed, placed: services.length - moved.length - failed.length }
}

function refusal(
  { programs }: Node,
  service: Service,
  from: NodeId,
  to: NodeId,
  order: readonly NodeId[],
  nameOf: (id: NodeId) => string,
): string | undefined {
  if (to === from) return `${service.name} runs on ${nameOf(to)} already`
  const missing = programs.tenures.missing(service, to)
  if (missing.length > 0) return `${service.name} requires ${missing.join(', ')}, not up on ${nameOf(to)}`
  if (!order.includes(to))
    return `${nameOf(to)} may not host ${service.name} now: it is not among its nodes, drained, or down`
  return undefined
}

/** Told to the node where it runs, which may be another. */
async function sendOrder(node: Node, service: Service, from: NodeId, to: NodeId): Promise<void> {
  if (from === node.self.node) {
    if (node.programs.hosting.relocate(service.name, to, 'an operator relocates it')) return
    throw cannot(service)
  }
  const outcome = await node.errands.ask(from, { type: 'relocate', service: service.name, to })
  if (outcome.type === 'done') return
  if (outcome.type === 'refused') throw new BatonError(outcome.code, outcome.message, { hint: outcome.hint })
  throw new BatonError('ERR_RELOCATE_REFUSED', `the node where ${service.name} runs does not answer`, {
    hint: '`baton status` shows whether it is alive and linked; it may be of an older release',
  })
}

export function cannot({ name }: Pick<Service, 'name'>): BatonError {
  const hint = `\`baton why ${name}\` says how it stands; try again in a moment`
  return new BatonError('ERR_RELOCATE_REFUSED', `${name} is not in a state to be relocated now`, { hint })
}
