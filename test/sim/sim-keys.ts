/** The keyring of one simulated host, with all that is real about it: datagrams are sealed and opened, links need a key that both hold. */
import type { Endpoint } from '../../src/base/address.js'
import type { AlarmClock } from '../../src/base/clock.js'
import type { NodeId } from '../../src/base/ids.js'
import type { Logger } from '../../src/base/log.js'
import type { Prng } from '../../src/base/prng.js'
import { KeyChoice } from '../../src/gossip/key-choice.js'
import { type Delta, Registry } from '../../src/gossip/registry.js'
import { Opener, type RefusalReason, Sealer } from '../../src/gossip/seal.js'
import { KeyRing, RING_LIMITS } from '../../src/node/keys/key-ring.js'
import { KeySharing } from '../../src/node/keys/key-sharing.io.js'
import { clusterKeyId } from '../../src/trunk/keys.io.js'

export interface SimKeysParts {
  readonly node: NodeId
  readonly boot: number
  readonly name: string
  readonly clock: AlarmClock
  readonly random: Prng
  readonly logger: Logger
  readonly send: (to: NodeId, bytes: Uint8Array) => void
}

/** What goes wrong on purpose, to see the laws broken. */
export type BrokenKeys = 'current-alone' | 'unsaved' | undefined

export class SimKeys {
  sharing: KeySharing | undefined
  /** How many datagrams were not opened, and why. */
  readonly refused = new Map<RefusalReason, number>()
  /** As on the disk. */
  #given: readonly Uint8Array[]
  #state: Delta = []
  #hasJoined = false
  #sealer: Sealer | undefined
  #opener: Opener | undefined
  #choice = new KeyChoice()

  constructor(
    given: Uint8Array,
    private readonly broken?: BrokenKeys,
    /** What an operator pastes as long as it has not joined. */
    private readonly paste: () => Uint8Array | undefined = () => undefined,
  ) {
    this.#given = [given]
  }

  /** It has been in the ring of others: no operator needs to paste it anything. */
  get hasJoined(): boolean {
    return this.#hasJoined
  }

  /** On its disk, the current one first. */
  get given(): readonly Uint8Array[] {
    return this.#given
  }

  get ring(): KeyRing | undefined {
    return this.sharing?.ring
  }

  start({ node, boot, name, clock, random, logger, send }: SimKeysParts): KeySharing {
    const registry = new Registry(node, RING_LIMITS)
    registry.merge(this.#state, clock.wall())
    const pasted = this.#hasJoined ? undefined : this.paste()
    if (pasted !== undefined) this.#given = [pasted]
    const ring = new KeyRing(registry, clusterKeyId, this.#given)
    const [first = new Uint8Array(32)] = ring.secrets
    this.#sealer = new Sealer(first, { node, boot })
    const opener = new Opener(ring.secrets)
    this.#opener = opener
    this.#choice = new KeyChoice()
    this.sharing = new KeySharing({
      self: { node, boot, name },
      ...{ ring, clock, random, logger, send },
      choice: this.#choice,
      save: () => {
        this.#hasJoined = ring.members.size > 1
        if (this.broken === 'unsaved') return true
        this.#given = ring.secrets
        this.#state = structuredClone(registry.state()) as Delta
        return true
      },
      ban: (nodes) => opener.refuse(nodes),
      apply: (keys) => {
        opener.useKeys(keys.map(({ key }) => key))
        this.#choice.useKeys(keys)
      },
    })
    return this.sharing
  }

  stop(): void {
    this.sharing = undefined
  }

  seal(to: Endpoint, content: Uint8Array): Uint8Array {
    const key = this.broken === 'current-alone' ? this.ring?.primary?.key : this.#choice.keyFor(to)
    return this.#sealer?.seal(content, key) ?? content
  }

  open(from: Endpoint, datagram: Uint8Array): Uint8Array | RefusalReason {
    const opened = this.#opener?.open(datagram)
    if (opened === undefined) return 'key'
    if (opened.type === 'opened') {
      this.#choice.heard(from, opened.key)
      return opened.content
    }
    this.refused.set(opened.why, (this.refused.get(opened.why) ?? 0) + 1)
    return opened.why
  }

  /** One of the two knows a key of the other. */
  shares(other: SimKeys): boolean {
    const theirs = new Set(other.ring?.keys.map(({ id }) => id))
    return this.ring?.keys.some(({ id }) => theirs.has(id)) === true
  }
}
