/**
 * Which key of the ring a datagram is sealed with. The current one, for whoever has said that it holds it. Who has missed a rotation writes
 * under the key that it has, and is answered under that one until it has said more. And whoever does not answer at all may know only
 * another one, or we may be who has missed something: all that it may hold are tried in turn.
 */
import { type Endpoint, formatEndpoint } from '../base/address.js'

export interface ChoiceKey {
  readonly id: string
  /** Compared by reference. */
  readonly key: Uint8Array
}

/** Beyond it the address longest silent is forgotten. */
const ADDRESSES_MAX = 4_096
/** Datagrams without an answer. Most ask for none, so that some are nothing unusual. */
const PATIENCE = 16

interface Talk {
  /** The last key it wrote under. */
  heard: Uint8Array | undefined
  /** Sent since it was heard. */
  unanswered: number
}

export class KeyChoice {
  #keys: readonly ChoiceKey[] = []
  readonly #talks = new Map<string, Talk>()
  #held: ReadonlyMap<string, readonly string[]> = new Map()

  /** All that may be used, the current one first. */
  useKeys(keys: readonly ChoiceKey[]): void {
    this.#keys = keys
  }

  /** What members have said that they hold, by the ids of the keys. */
  setHeld(members: readonly { readonly at: Endpoint; readonly held: readonly string[] }[]): void {
    this.#held = new Map(members.map(({ at, held }) => [formatEndpoint(at), held]))
  }

  /** A datagram from there was opened with that key. */
  heard(from: Endpoint, key: Uint8Array): void {
    // With one key there is nothing to choose.
    if (this.#keys.length > 1 || this.#talks.size > 0)
      this.#remember(formatEndpoint(from), { heard: key, unanswered: 0 })
  }

  /** Of the next datagram to there; `undefined`: there is no key at all yet. */
  keyFor(to: Endpoint): Uint8Array | undefined {
    const [current] = this.#keys
    if (this.#keys.length <= 1 || current === undefined) return current?.key
    const at = formatEndpoint(to)
    const talk = this.#talks.get(at) ?? { heard: undefined, unanswered: PATIENCE }
    this.#remember(at, talk)
    const said = this.#held.get(at)
    const known = said === undefined ? [] : this.#keys.filter(({ id }) => said.includes(id))
    if (talk.unanswered++ >= PATIENCE) return inTurn(known.length > 0 ? known : this.#keys, talk.unanswered)?.key
    if (known.includes(current)) return current.key
    // What has gone from the ring is used for nobody.
    return this.#keys.find(({ key }) => key === talk.heard)?.key ?? (known[0] ?? current).key
  }

  #remember(at: string, talk: Talk): void {
    this.#talks.delete(at)
    this.#talks.set(at, talk)
    if (this.#talks.size <= ADDRESSES_MAX) return
    for (const longestSilent of this.#talks.keys()) {
      this.#talks.delete(longestSilent)
      return
    }
  }
}

/** The first of them every other time. */
function inTurn<T>(list: readonly T[], turn: number): T | undefined {
  if (turn % 2 === 1 || list.length === 1) return list[0]
  return list[1 + ((turn / 2) % (list.length - 1))]
}
