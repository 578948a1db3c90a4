/**
 * How a node goes for good, and how others are given up: both change the electorate, which takes a majority and a moment,
 * so both wait for the outcome and say what is missing when it does not come.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../base/clock.js'
import { BatonError } from '../../base/errors.js'
import { type NodeId, shortId } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import { quorumOf } from '../../election/durable-state.js'
import type { Member } from '../../gossip/ports.js'
import type { DepartureView } from '../control/control-protocol.js'
import { DEPARTURE_MS_MAX } from '../control/control-socket.js'
import { nodeNamed } from '../control/node-names.js'
import { Names } from '../control/status.js'
import type { KeySharing } from '../keys/key-sharing.io.js'
import type { Node } from '../node.io.js'
import { drainKeysOf } from '../programs/program-drains.js'
import { nodeKey } from './drains.js'

const LOOK_EVERY_MS: Millis = 50
const CANNOT_LEAVE = 'this node cannot give up its vote'
const CANNOT_FORGET = 'the voters cannot agree to that'

export interface DepartureParts {
  readonly node: Node
  readonly keys: Pick<KeySharing, 'dismiss'>
  readonly clock: Clock
  readonly linked: () => readonly NodeId[]
  /** Ends the process in order, after the answer has left. */
  readonly stop: () => void
}

export class Departure {
  #underWay = false

  constructor(private readonly parts: DepartureParts) {}

  /** Hands over what this node directs, has its vote removed, and stops. Throws ERR_LEAVE_NO_QUORUM, ERR_LEAVE_CONFLICT. */
  async leave(): Promise<DepartureView> {
    const { node, keys, stop, linked } = this.parts
    if (this.#underWay) throw new BatonError('ERR_LEAVE_CONFLICT', 'this node is leaving already')
    const self = node.self.node
    const others = node.knowledge.members.filter(({ profile, state }) => profile.node !== self && state !== 'left')
    const isOnlyVoter = this.#voters().join() === self
    if (others.length > 0 && isOnlyVoter && linked().length === 0) throw this.#onlyVoter(others)
    if (others.length > 0 && !(this.#hasQuorum() && this.#wouldHaveQuorum(self)))
      throw this.#noQuorum('ERR_LEAVE_NO_QUORUM', CANNOT_LEAVE)
    this.#underWay = true
    try {
      // Somebody has to hold the vote: a newcomer gets one as soon as it has settled, but not from a voter that leaves.
      if (others.length > 0 && isOnlyVoter) await this.#until(() => this.#voters().length > 1)
      node.prepareToLeave(true)
      // The last one takes the cluster with it: nobody is left to agree.
      const left = others.length === 0 || (await this.#until(() => !this.#voters().includes(self)))
      if (!left) {
        node.prepareToLeave(false)
        throw this.#noQuorum('ERR_LEAVE_NO_QUORUM', CANNOT_LEAVE)
      }
      this.#forgetDrain(self)
      keys.dismiss([self])
      stop()
      return this.#view([self])
    } finally {
      this.#underWay = false
    }
  }

  /** `texts`: names, or the beginnings of ids. Throws ERR_NODE_UNKNOWN, ERR_NODE_ALIVE, ERR_FORGET_NO_QUORUM, ERR_FORGET_DENIED. */
  async forget(texts: readonly string[], force: boolean): Promise<DepartureView> {
    const { node, linked } = this.parts
    const nodes = texts.map((text) => this.#find(text))
    const here = new Set([node.self.node, ...linked()])
    for (const id of nodes) {
      // One that lives but lost its votes is in the way of a majority as much as a dead one.
      const isSeatOnly = force && id !== node.self.node && node.machines.elections.hasForgotten(id)
      if (here.has(id) && !isSeatOnly) throw this.#alive(id)
    }
    if (force) this.#refuseForceOfNonVoter()
    const votes = nodes.some((id) => this.#voters().includes(id))
    if (!force && votes && !this.#hasQuorum()) throw this.#noQuorum('ERR_FORGET_NO_QUORUM', CANNOT_FORGET)
    node.forget(nodes, force)
    const gone = await this.#until(() => !this.#voters().some((voter) => nodes.includes(voter)))
    if (!gone) throw this.#noQuorum('ERR_FORGET_NO_QUORUM', CANNOT_FORGET)
    for (const id of nodes) this.#forgetDrain(id)
    this.parts.keys.dismiss(nodes)
    return this.#view(nodes)
  }

  /** What an operator said of a node goes with it. */
  #forgetDrain(id: NodeId): void {
    const { node } = this.parts
    const { registry } = node.machines
    const drains = drainKeysOf(
      registry.entries().map(([key]) => key),
      { node: id },
    )
    const said = [nodeKey(id), ...drains].filter((name) => registry.get(name) !== undefined)
    if (said.length > 0) node.write(said.map((name) => ({ name, changes: undefined })))
  }

  #voters(): readonly NodeId[] {
    return this.parts.node.machines.elections.electorate().voters
  }

  #find(text: string): NodeId {
    const known = this.parts.node.knowledge.members.map(({ profile }) => profile)
    // A seat may outlive all that anybody here knows of its owner: it goes by its id alone.
    const strangers = this.#voters().filter((voter) => !known.some(({ node }) => node === voter))
    const members = [...known, ...strangers.map((node) => ({ node, name: shortId(node) }))]
    return nodeNamed(text, members)
  }

  #alive(id: NodeId): BatonError {
    const { name } = this.#names().ref(id)
    const hint = `on ${name} run \`baton leave\`; or stop it first`
    return new BatonError('ERR_NODE_ALIVE', `${name} is alive, and only what is gone can be forgotten`, { hint })
  }

  #refuseForceOfNonVoter(): void {
    const { node } = this.parts
    if (this.#voters().includes(node.self.node) && !node.machines.elections.isAmnesiac) return
    const voters = this.#voters().map((voter) => this.#names().ref(voter).name)
    const hint = `run it on a voter: ${voters.join(', ') || 'none is known here'}`
    throw new BatonError('ERR_FORGET_DENIED', 'this node does not vote, so its word alone decides nothing', { hint })
  }

  #missing(): readonly string[] {
    const here = new Set([this.parts.node.self.node, ...this.parts.linked()])
    const names = this.#names()
    return this.#voters().flatMap((voter) => (here.has(voter) ? [] : names.ref(voter).name))
  }

  #hasQuorum(): boolean {
    const voters = this.#voters()
    return voters.length - this.#missing().length >= quorumOf({ voters })
  }

  /** The others, once this node is gone: a cluster that can elect nobody is no place to leave behind. */
  #wouldHaveQuorum(leaver: NodeId): boolean {
    const here = new Set(this.parts.linked())
    const rest = this.#voters().filter((voter) => voter !== leaver)
    return rest.length === 0 || rest.filter((voter) => here.has(voter)).length >= quorumOf({ voters: rest })
  }

  #onlyVoter(others: readonly Member[]): BatonError {
    const names = others.map(({ profile }) => profile.name).join(', ')
    const message = `${CANNOT_LEAVE}: nobody is within reach to take it over, and it is the only one`
    const hint = `start ${names}; if they are gone for good, \`baton forget ${names.replaceAll(', ', ' ')}\` first`
    return new BatonError('ERR_LEAVE_NO_QUORUM', message, { hint })
  }

  #noQuorum(code: string, what: string): BatonError {
    const [missing, voters] = [this.#missing(), this.#voters()]
    const hint =
      missing.length === 0
        ? 'try again in a moment; `baton status` shows the voters'
        : `out of reach: ${missing.join(', ')}; start them, or if they are gone for good: baton forget ${missing.join(' ')} --force`
    return new BatonError(code, `${what}: ${quorumOf({ voters })} of ${voters.length} voters are needed`, { hint })
  }

  async #until(done: () => boolean): Promise<boolean> {
    const { clock } = this.parts
    const end = clock.now() + DEPARTURE_MS_MAX
    while (!done() && clock.now() < end) await pause(LOOK_EVERY_MS)
    return done()
  }

  #view(nodes: readonly NodeId[]): DepartureView {
    const names = this.#names()
    const { epoch, voters } = this.parts.node.machines.elections.electorate()
    return {
      gone: nodes.map((id) => names.ref(id)),
      epoch,
      voters: voters.filter((voter) => !nodes.includes(voter)).map((voter) => names.ref(voter)),
    }
  }

  #names(): Names {
    return new Names(this.parts.node.knowledge.members)
  }
}
