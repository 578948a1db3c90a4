/** Elections in plain words: who directs, since when, why that one, who else could, what would change it, or why nobody. */
import type { NodeId } from '../../base/ids.js'
import { formatProgram } from '../../base/program.js'
import { formatSpan, type Millis } from '../../base/time.js'
import { quorumOf } from '../../election/durable-state.js'
import type { Elections } from '../../election/elections.js'
import type { Explanation } from '../../election/explanation.js'
import type { BackendState } from '../../proxy/schedule/scheduler.js'
import type { Backend } from '../programs/backend-states.js'
import type { ElectorateView, NodeRef, VoteView, WhyView } from './control-protocol.js'
import type { Names } from './status.js'

/** More are counted, not named. */
const BACKENDS_NAMED_MAX = 6

export function electorateView(
  elections: Pick<Elections, 'electorate'>,
  self: NodeId,
  linked: readonly NodeId[],
  names: Names,
): ElectorateView {
  const { epoch, voters, pending } = elections.electorate()
  const reachable = voters.filter((voter) => voter === self || linked.includes(voter)).length
  const view = {
    epoch,
    voters: voters.map((voter) => names.ref(voter)),
    quorum: quorumOf({ voters }),
    reachable,
  }
  return pending === undefined ? view : { ...view, pending }
}

/** What a node says keeps it from directing. */
type ObstacleOf = (node: NodeId) => string | undefined

export function whyView(
  service: string,
  explanation: Explanation,
  names: Names,
  /** What nodes say keeps them from directing. */
  obstacles: readonly string[],
  now: Millis,
  /** Nodes that are no candidates because an operator said so. */
  drained: readonly NodeId[] = [],
): WhyView {
  const { term, since } = explanation
  const obstacleOf: ObstacleOf = (id) => obstacles.find((obstacle) => obstacle.startsWith(`${names.ref(id).name} `))
  const candidates = explanation.candidates.map((id, rank) => ({
    ...names.ref(id),
    rank: rank + 1,
    eligible: term?.holder === id || obstacleOf(id) === undefined,
    note: term?.holder === id ? 'directs' : (obstacleOf(id) ?? 'could direct'),
  }))
  const sentences =
    term === undefined ? whyNobody(explanation, names, obstacles) : whyThisOne(explanation, names, obstacleOf, now)
  return {
    service,
    director: term === undefined ? null : names.ref(term.holder),
    term: term === undefined ? null : names.term(term),
    sinceMs: since === undefined ? null : Math.max(0, now - since),
    sentences: [...sentences, ...drained.map((id) => whyDrained(id, term?.holder === id, names))],
    candidates,
    votes: explanation.votes.map((vote): VoteView => ({ voter: names.ref(vote.voter), answer: ANSWERS[vote.answer] })),
  }
}

const ANSWERS: Readonly<Record<Explanation['votes'][number]['answer'], string>> = {
  granted: 'granted its lease to this node',
  held: 'refused: its grant to another node has not run out',
  'older-term': 'refused: it knows a later term',
  silent: 'silent: it has just started and waits until what it may have granted before has run out',
  'not-voting': 'does not vote: it is no voter, or has lost its memory',
  epoch: 'refused: it knows another electorate',
  'too-long': 'refused: it allows shorter leases only; all nodes need the same --profile',
  'no answer': 'not asked by this node',
  'no link': 'out of reach: no control link',
}

function whyThisOne(
  { term, since, alone, deadline, candidates, quorum, reachable, rules }: Explanation,
  names: Names,
  obstacleOf: ObstacleOf,
  now: Millis,
): string[] {
  if (term === undefined) return []
  const holder = names.ref(term.holder).name
  const span = since === undefined ? '' : `, for ${formatSpan(now - since)}`
  if (alone) {
    return [
      `${holder} directs alone in term ${term.number}${span}, without a majority: the service names it for that, and the other of two voters is gone.`,
      'When the other is back, it grants the same term or another takes its place. A witness (`baton witness`) would spare this.',
    ]
  }
  const sentences = [`${holder} directs in term ${term.number}${span}: a majority of the voters granted it the lease.`]
  const trouble = obstacleOf(term.holder)
  if (trouble !== undefined) sentences.push(`But ${trouble}.`)
  const first = candidates[0]
  const obstacle = first === undefined ? undefined : obstacleOf(first)
  if (first === term.holder) sentences.push('It is the most preferred of the live nodes for this service.')
  else if (obstacle !== undefined) sentences.push(`${obstacle}.`)
  else if (first !== undefined) {
    sentences.push(
      rules.failback
        ? `${names.ref(first).name} is preferred and gets it back when it has been there for a while (failback is on).`
        : `${names.ref(first).name} would be preferred, but nothing is taken back from a director that serves (no failback).`,
    )
  }
  if (deadline !== undefined)
    sentences.push(`Its lease lasts ${formatSpan(Math.max(0, deadline - now))} more and is renewed all the time.`)
  const able = candidates.filter((id) => id !== term.holder && obstacleOf(id) === undefined)
  const others = able.map((id) => names.ref(id).name)
  if (others.length > 0) sentences.push(`If it dies, leaves or cannot listen, next are: ${list(others)}.`)
  else sentences.push('No other live node could take over.')
  sentences.push(
    spare(
      reachable.map((id) => names.ref(id)),
      quorum,
    ),
  )
  return sentences
}

function whyDrained(id: NodeId, directs: boolean, names: Names): string {
  const { name } = names.ref(id)
  const rest = directs ? ', and gives this service away as soon as another node can take it' : ' and takes nothing'
  return `${name} was drained by an operator${rest}: \`baton drain --director ${name} --undo\` puts it back.`
}

/** Who answers behind the service, and who would but for its state. */
export function servedBy(backends: readonly Backend[]): string[] {
  if (backends.length === 0) return ['No program of a live node listens on its ports.']
  const healthy = backends.filter(({ state }) => state === 'healthy')
  const named = healthy.slice(0, BACKENDS_NAMED_MAX).map(describeBackend)
  const more = healthy.length - named.length
  const others = backends.filter(({ state }) => state !== 'healthy')
  const told = others.slice(0, BACKENDS_NAMED_MAX).map((backend) => {
    const why = backend.why === '' ? '' : `: ${backend.why}`
    return `${describeBackend(backend)} gets no new connections, it ${STATE_WORDS[backend.state]}${why}.`
  })
  const untold = others.length - told.length
  return [
    healthy.length === 0
      ? 'No program takes new connections.'
      : `It is served by ${list(more === 0 ? named : [...named, `${more} more`])}.`,
    ...told,
    ...(untold === 0 ? [] : [`${untold} more get none either (\`baton service show\`).`]),
  ]
}

const STATE_WORDS: Readonly<Record<BackendState, string>> = {
  healthy: 'is healthy',
  unhealthy: 'is unhealthy',
  starting: 'is starting',
  draining: 'is draining',
  standby: 'is on standby',
}

function describeBackend({ name, port, program }: Backend): string {
  return `${program === undefined ? 'an unknown program' : formatProgram(program)} on port ${port} of ${name}`
}

/** How many voters may still go before nobody can direct. */
function spare(reachable: readonly NodeRef[], quorum: number): string {
  const left = reachable.length - quorum
  if (left < 0)
    return `Only ${reachable.length} of the ${quorum} voters that are needed can be reached: the lease will not be renewed.`
  if (left === 0 && quorum === 1) return 'The one voter that is needed can be reached: without it nobody directs.'
  if (left === 0)
    return `All ${quorum} voters that are needed can be reached, and none more: one more loss and nobody directs.`
  return `${left} of the ${reachable.length} reachable voters may still be lost.`
}

function whyNobody(explanation: Explanation, names: Names, obstacles: readonly string[]): string[] {
  const { quorum, reachable, unreachable, votes, standing, rules } = explanation
  const sentences = ['Nobody directs this service now.']
  if (votes.length === 0) {
    return [
      ...sentences,
      'This node has not heard of the electorate yet: it needs a link to a node of the cluster (`baton status` shows links).',
    ]
  }
  if (reachable.length < quorum) {
    const missing = list(unreachable.map((id) => names.ref(id).name))
    sentences.push(
      `${quorum} of ${votes.length} voters are needed and ${reachable.length} can be reached from here; out of reach: ${missing}.`,
    )
    sentences.push(
      rules.alone === undefined
        ? 'Start those nodes or mend the network. Nobody may direct on less than a majority, or two could at once. Nodes that are gone for good can be given up: `baton forget`.'
        : `Start those nodes or mend the network. Only ${names.ref(rules.alone).name} may direct without them, when the other of two voters has been gone for a while.`,
    )
    return sentences
  }
  for (const obstacle of obstacles) sentences.push(`${obstacle}.`)
  const waits = votes.filter(({ answer }) => answer === 'silent' || answer === 'held')
  if (waits.length > 0) {
    sentences.push(
      `Waiting for ${list(waits.map(({ voter }) => names.ref(voter).name))}: earlier grants must run out first.`,
    )
  } else if (standing) sentences.push('This node stands for it and waits for votes.')
  else if (obstacles.length === 0) sentences.push('An election is under way: a moment ago the last lease ran out.')
  return sentences
}

function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? 'none') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
