/** Answers `baton ban`: writes it, waits until all that stay have confirmed it, and rotates the keys if that is wanted. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../base/clock.js'
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import { shortId } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import { quorumOf } from '../../election/durable-state.js'
import { nodeNamed } from '../control/node-names.js'
import { Names } from '../control/status.js'
import type { Node } from '../node.io.js'
import { refuseMinority } from '../write-quorum.js'
import type { KeySharing } from './key-sharing.io.js'
import type { KeyStanding } from './key-standing.js'
import type { BanRequest, BanView, RotationView } from './keys-protocol.js'

const CONFIRM_MS_MAX: Millis = 4_000
/** A change of the electorate takes a few leases. */
const SEAT_MS_MAX: Millis = 8_000
const LOOK_EVERY_MS: Millis = 20

export interface BansParts {
  readonly node: Node
  readonly keys: KeySharing
  readonly clock: Clock
  readonly linked: () => readonly NodeId[]
  readonly standing: () => KeyStanding
  readonly rotate: (force: boolean) => Promise<RotationView>
}

export class Bans {
  constructor(private readonly parts: BansParts) {}

  /** Throws ERR_NODE_UNKNOWN, ERR_BAN_USAGE, ERR_BAN_NO_QUORUM, ERR_KEY_REFUSED. */
  async ban({ node: text, rotate, force }: BanRequest): Promise<BanView> {
    const { node, keys, clock, standing } = this.parts
    const names = new Names(node.knowledge.members, keys.ring.members)
    const id = this.#find(text)
    if (id === node.self.node) {
      const hint = 'run it on another node; this one leaves by `baton leave`'
      throw new BatonError('ERR_BAN_USAGE', 'a node does not ban itself', { hint })
    }
    if (!force) this.#refuseWithoutMajority(id)
    const hadSeat = this.#hasSeat(id)
    const { name } = names.ref(id)
    // All that there are: a member is given each of them, and one that is away may have been given them by hand.
    const known = keys.ring.keys.map((key) => key.id)
    keys.writeAsked(keys.ring.banned(id, { name, by: node.self.name, atMs: clock.wall() }))
    if (force && hadSeat) node.forget([id], true)
    const others = () => standing().live.filter((one) => !keys.refuses(one, id))
    await this.#until(() => others().length === 0, CONFIRM_MS_MAX)
    await this.#until(() => !this.#hasSeat(id), hadSeat ? SEAT_MS_MAX : 0)
    const waiting = others().map((one) => names.ref(one))
    const seat = !hadSeat ? 'none' : this.#hasSeat(id) ? 'remains' : 'removed'
    const rotation = rotate ? await this.#rotate(known, force) : {}
    return { node: { id, name }, banned: true, waiting, seat, ...rotation }
  }

  /** The ban is written and stays, whatever becomes of this: a refusal is told with it, and not in its place. */
  async #rotate(
    known: readonly string[],
    force: boolean,
  ): Promise<Pick<BanView, 'rotation' | 'rotationRefused' | 'knownKeys'>> {
    const knownKeys = () => this.parts.keys.ring.keys.map(({ id }) => id).filter((id) => known.includes(id))
    try {
      const rotation = await this.parts.rotate(force)
      return { rotation, knownKeys: knownKeys() }
    } catch (error) {
      if (!(error instanceof BatonError)) throw error
      const { code, message, hint } = error
      return { rotationRefused: { code, message, ...(hint === undefined ? {} : { hint }) }, knownKeys: knownKeys() }
    }
  }

  async unban(text: string, force: boolean): Promise<BanView> {
    const { keys } = this.parts
    const known = [...keys.ring.bans].map(([node, { name }]) => ({ node, name: name || shortId(node) }))
    const id = nodeNamed(text, known)
    if (!force) refuseMinority(this.parts)
    const { name = shortId(id) } = keys.ring.bans.get(id) ?? {}
    keys.writeAsked(keys.ring.unbanned(id))
    return { node: { id, name }, banned: false, waiting: [], seat: 'none' }
  }

  /** Also a node that nobody here has met, by its whole id. */
  #find(text: string): NodeId {
    const { node, keys } = this.parts
    if (/^[0-9a-f]{32}$/.test(text)) return text
    const members = node.knowledge.members.map(({ profile }) => profile)
    const others = [...keys.ring.members].map(([id, name]) => ({ node: id, name }))
    return nodeNamed(text, [...members, ...others.filter((other) => !members.some((one) => one.node === other.node))])
  }

  #hasSeat(id: NodeId): boolean {
    return this.parts.node.machines.elections.electorate().voters.includes(id)
  }

  /** Those that stay have to be a majority with the seat that goes: they remove it. */
  #refuseWithoutMajority(id: NodeId): void {
    const { node, linked } = this.parts
    refuseMinority(this.parts)
    const { voters } = node.machines.elections.electorate()
    const here = new Set([node.self.node, ...linked()])
    const staying = voters.filter((voter) => voter !== id && here.has(voter)).length
    if (!voters.includes(id) || staying >= quorumOf({ voters })) return
    const message = `without it ${staying} of ${voters.length} voters can be reached, and ${quorumOf({ voters })} are needed to take its vote away`
    const hint = 'bring others up first; --force decides it by this node alone (as `baton forget --force` does)'
    throw new BatonError('ERR_BAN_NO_QUORUM', message, { hint })
  }

  async #until(isDone: () => boolean, limitMs: Millis): Promise<void> {
    const { clock } = this.parts
    const end = clock.now() + limitMs
    while (!isDone() && clock.now() < end) await pause(LOOK_EVERY_MS)
  }
}
