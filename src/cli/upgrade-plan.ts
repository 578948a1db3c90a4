/** `baton upgrade --check`: whether this release can join a cluster as it is now, in which order its nodes take it, and what waits for the last. */
import type { MemberView, NodeRef, StatusView } from '../node/control/control-protocol.js'
import { canReplace, kinshipOf, lineOf, missingFrom, RELEASES, type Release } from './releases.js'

/** Of those that say nothing of their release. */
const SILENT_RELEASE = '0.1.0'

export interface UpgradePlan {
  /** Of this command line: what is to be started. */
  readonly release: string
  /** `blocked`: something is in the way; `ready`: it can begin; `done`: all nodes run it. */
  readonly verdict: 'blocked' | 'ready' | 'done'
  /** Those that are to be upgraded, in this order; then the others. */
  readonly nodes: readonly PlannedNode[]
  readonly obstacles: readonly Obstacle[]
  readonly cautions: readonly string[]
  /** What cannot be had before the last of `waitsFor` is upgraded. */
  readonly waiting: readonly WaitingAbility[]
}

export interface PlannedNode extends NodeRef {
  /** `null`: not known. */
  readonly release: string | null
  /** It has not said so itself. */
  readonly isGuessed: boolean
  /** `due`: it is its turn, in the order of the list. */
  readonly state: 'due' | 'done' | 'newer' | 'away'
  /** `reload` costs no connection; `restart` is `baton stop` and a start. */
  readonly by: 'reload' | 'restart' | null
  readonly directs: readonly string[]
  readonly role: MemberView['role']
}

export type ObstacleCode = 'too-old' | 'too-new' | 'unreachable' | 'no-quorum' | 'unheard'

export interface Obstacle {
  readonly code: ObstacleCode
  readonly node: NodeRef | null
  readonly why: string
  readonly hint: string
}

export interface WaitingAbility {
  readonly what: string
  readonly takes: 'all' | 'both'
  readonly waitsFor: readonly NodeRef[]
}

export function planUpgrade(status: StatusView, ours: string, releases: readonly Release[] = RELEASES): UpgradePlan {
  const members = status.members.filter(({ state, role }) => state !== 'left' && role !== 'leaving')
  const known = members.map((member) => ({ member, ...releaseOf(member, status) }))
  const nodes = known
    .map(({ member, release, isGuessed }) => plannedNode(member, release, isGuessed, ours, releases))
    .sort(byTurn)
  const obstacles = [
    ...quorumObstacles(status),
    ...known.flatMap(({ member, release }) => obstaclesOf(member, release, ours, releases)),
  ]
  const due = nodes.filter(({ state }) => state === 'due')
  const isDone = nodes.every(({ state }) => state === 'done')
  return {
    release: ours,
    verdict: obstacles.length > 0 ? 'blocked' : isDone ? 'done' : 'ready',
    nodes,
    obstacles,
    cautions: cautionsOf(status, nodes, ours),
    waiting: waitingFor(due, ours, releases),
  }
}

interface KnownRelease {
  readonly release: string | null
  readonly isGuessed: boolean
}

/** Nodes before 0.2 tell nobody; one of them that is asked does not know of others either. */
function releaseOf({ self, release, state, link }: MemberView, { node }: StatusView): KnownRelease {
  if (self) return { release: node.version, isGuessed: false }
  if (release !== undefined) return { release: release ?? SILENT_RELEASE, isGuessed: release === null }
  const isOldAsked = lineOf(node.version) === lineOf(SILENT_RELEASE)
  return isOldAsked && state === 'alive' && link.state === 'up'
    ? { release: SILENT_RELEASE, isGuessed: true }
    : { release: null, isGuessed: true }
}

function plannedNode(
  member: MemberView,
  release: string | null,
  isGuessed: boolean,
  ours: string,
  releases: readonly Release[],
): PlannedNode {
  const { id, name, role, directs } = member
  const state = isAway(member) ? 'away' : stateOf(release, ours, releases)
  const way = release !== null && canReplace(release, ours, releases) ? 'reload' : 'restart'
  return { id, name, release, isGuessed, state, by: state === 'due' ? way : null, directs, role }
}

function stateOf(release: string | null, ours: string, releases: readonly Release[]): PlannedNode['state'] {
  if (release === ours) return 'done'
  const kind = release === null ? 'before' : kinshipOf(release, ours, releases).kind
  return kind === 'after' || kind === 'too-new' ? 'newer' : 'due'
}

function isAway({ self, state, link }: MemberView): boolean {
  return !self && (state !== 'alive' || link.state !== 'up')
}

const STATES: readonly PlannedNode['state'][] = ['due', 'away', 'newer', 'done']

/** What a mishap would cost grows from one to the next: a vote, connections to programs, those that a node directs. */
function byTurn(a: PlannedNode, b: PlannedNode): number {
  const weight = ({ state, role, directs }: PlannedNode) => [
    STATES.indexOf(state),
    role === 'witness' ? 0 : 1,
    directs.length,
  ]
  const [one, other] = [weight(a), weight(b)]
  const at = one.findIndex((value, i) => value !== other[i])
  if (at !== -1) return (one[at] ?? 0) - (other[at] ?? 0)
  return a.name < b.name ? -1 : 1
}

function quorumObstacles({ electorate }: StatusView): Obstacle[] {
  const { voters, reachable, quorum } = electorate
  if (reachable >= quorum) return []
  const why = `${reachable} of ${voters.length} voters can be reached, and ${quorum} are needed: no lease would be renewed over a restart`
  return [{ code: 'no-quorum', node: null, why, hint: 'start what is down: `baton status` names it' }]
}

function obstaclesOf(
  member: MemberView,
  release: string | null,
  ours: string,
  releases: readonly Release[],
): Obstacle[] {
  const { id, name, state, link } = member
  const node = { id, name }
  const relation = release === null ? undefined : kinshipOf(release, ours, releases)
  if (relation?.kind === 'too-old') {
    const why = `${name} runs ${release}, and ${ours} works with ${relation.first} and what follows it`
    return [{ code: 'too-old', node, why, hint: `upgrade ${name} to ${relation.first} first` }]
  }
  if (relation?.kind === 'too-new') {
    const why = `${name} runs ${release}, which ${ours} knows nothing of`
    return [{ code: 'too-new', node, why, hint: 'ask with the command line of that release: `baton upgrade --check`' }]
  }
  if (isAway(member)) {
    const more = link.why === undefined ? '' : ` (${link.why})`
    const why =
      state === 'alive' ? `${name} has no control link with the asked node${more}` : `${name} is ${state}${more}`
    const hint = `start it, or look at its host; if it is gone for good: \`baton forget ${name}\``
    return [{ code: 'unreachable', node, why, hint }]
  }
  if (release !== null) return []
  return [{ code: 'unheard', node, why: `${name} has not said yet what it runs`, hint: 'ask again in a moment' }]
}

function cautionsOf({ electorate, node }: StatusView, nodes: readonly PlannedNode[], ours: string): string[] {
  const cautions: string[] = []
  const due = nodes.filter(({ state }) => state === 'due')
  if (due.length === 0) return []
  const asked = due.some(({ id }) => id === node.id)
  if (asked && due.some(({ id, isGuessed }) => isGuessed && id !== node.id)) {
    cautions.push(
      `${node.name} runs ${node.version}, which does not know what others run: they are taken to run ${SILENT_RELEASE} as well; ask again on a node that is upgraded`,
    )
  }
  const { voters, quorum } = electorate
  if (voters.length - 1 < quorum) {
    cautions.push(
      `without any one of ${voters.length === 1 ? 'its one voter' : `${voters.length} voters`} there is no majority: have each node reloaded and not stopped`,
    )
  }
  const newer = nodes.filter(({ state }) => state === 'newer').map(({ name, release }) => `${name} (${release})`)
  if (newer.length > 0) cautions.push(`${newer.join(', ')} ${newer.length === 1 ? 'is' : 'are'} beyond ${ours} already`)
  return cautions
}

function waitingFor(due: readonly PlannedNode[], ours: string, releases: readonly Release[]): WaitingAbility[] {
  const found = new Map<string, { readonly takes: 'all' | 'both'; readonly waitsFor: NodeRef[] }>()
  for (const { id, name, release } of due) {
    if (release === null) continue
    for (const { what, takes } of missingFrom(release, ours, releases)) {
      const ability = found.get(what) ?? { takes, waitsFor: [] }
      ability.waitsFor.push({ id, name })
      found.set(what, ability)
    }
  }
  return [...found].map(([what, ability]) => ({ what, ...ability }))
}
