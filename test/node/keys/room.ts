/** Nodes that share a keyring, without disks and links. */
import { Prng } from '../../../src/base/prng.js'
import { KeyChoice } from '../../../src/gossip/key-choice.js'
import { Registry } from '../../../src/gossip/registry.js'
import { KeyRing, RING_LIMITS } from '../../../src/node/keys/key-ring.js'
import { KeySharing } from '../../../src/node/keys/key-sharing.io.js'
import { FakeClock } from '../../harness/fake-clock.js'
import { A, B, C } from '../sample.js'

export const key = (byte: number) => new Uint8Array(32).fill(byte)
const idOf = (one: Uint8Array) => `${one[0]}`.repeat(4)
export const NAMES: Readonly<Record<string, string>> = { [A]: 'a', [B]: 'b', [C]: 'c' }

/** Nodes that are all linked; what one sends the others get at once, in order, unless the link was cut. */
export class Room {
  readonly nodes = new Map<string, KeySharing>()
  readonly applied = new Map<string, string>()
  readonly cut = new Set<string>()
  /** `a>c` for each message. */
  readonly sent: string[] = []
  diskTakes = true
  readonly clock = new FakeClock()
  readonly #mail: (() => void)[] = []

  constructor(private readonly nameKey: (key: Uint8Array) => string = idOf) {}

  add(self: string): KeySharing {
    const ring = new KeyRing(new Registry(self, RING_LIMITS), this.nameKey, [key(1)])
    const sharing = new KeySharing({
      self: { node: self, boot: 1, name: NAMES[self] ?? '' },
      ring,
      clock: this.clock,
      random: new Prng(1),
      logger: { log: () => {} },
      choice: new KeyChoice(),
      send: (to, bytes) => this.#send(self, to, bytes),
      save: () => this.diskTakes,
      apply: (keys) => void this.applied.set(self, keys.map(({ id }) => id[0]).join('')),
      ban: (nodes) => {
        for (const node of nodes) this.cut.add(`${self} ${node}`).add(`${node} ${self}`)
      },
    })
    this.nodes.set(self, sharing)
    return sharing
  }

  link(): void {
    for (const [id, node] of this.nodes) for (const peer of this.nodes.keys()) if (peer !== id) node.linkUp(peer)
    this.deliver()
  }

  deliver(): void {
    for (let next = this.#mail.shift(); next !== undefined; next = this.#mail.shift()) next()
  }

  #send(from: string, to: string, bytes: Uint8Array): void {
    if (this.cut.has(`${from} ${to}`)) return
    this.sent.push(`${NAMES[from]}>${NAMES[to]}`)
    this.#mail.push(() => this.nodes.get(to)?.receive(from, bytes))
  }
}
