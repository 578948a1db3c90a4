import { Prng } from '../../../src/base/prng.js'
import { KeyChoice } from '../../../src/gossip/key-choice.js'
import { Registry } from '../../../src/gossip/registry.js'
import { KeyRing, RING_LIMITS } from '../../../src/node/keys/key-ring.js'
import { KeySharing } from '../../../src/node/keys/key-sharing.io.js'
import { FakeClock } from '../../harness/fake-clock.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B, C } from '../sample.js'

const test = suite('node/keys/key-sharing')
const key = (byte: number) => new Uint8Array(32).fill(byte)
const idOf = (one: Uint8Array) => `${one[0]}`.repeat(4)
const NAMES = { [A]: 'a', [B]: 'b', [C]: 'c' }

/** Nodes that are all linked; what one sends the others get at once, in order, unless the link was cut. */
class Room {
  readonly nodes = new Map<string, KeySharing>()
  readonly applied = new Map<string, string>()
  readonly cut = new Set<string>()
  /** `a>c` for each message. */
  readonly sent: string[] = []
  diskTakes = true
  readonly #clock = new FakeClock()
  readonly #mail: (() => void)[] = []

  add(self: string): KeySharing {
    const ring = new KeyRing(new Registry(self, RING_LIMITS), idOf, [key(1)])
    const sharing = new KeySharing({
      self: { node: self, boot: 1, name: NAMES[self] ?? '' },
      ring,
      clock: this.#clock,
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

function three() {
  const room = new Room()
  const [a, b, c] = [room.add(A), room.add(B), room.add(C)]
  room.link()
  return { room, a, b, c }
}

test('a key that is added is in force everywhere, and each says so to all', () => {
  const { room, a, b, c } = three()
  a.write(a.ring.added(key(2), 1_000, 'a'))
  room.deliver()
  assert.equal([...room.applied.values()], ['12', '12', '12'])
  for (const node of [a, b, c]) for (const id of [A, B, C]) assert.equal(node.heldBy(id), ['1111', '2222'])
})

test('a key that is not on the disk is not said to be held', () => {
  const { room, a, b } = three()
  room.diskTakes = false
  a.write(a.ring.added(key(2), 1_000, 'a'))
  room.deliver()
  assert.equal(b.heldBy(A), ['1111'])
  room.diskTakes = true
  a.linkUp(B)
  room.deliver()
  assert.equal(b.heldBy(A), ['1111', '2222'])
})

test('whoever is banned gets nothing more, though the key comes in the same breath and by every way', () => {
  const { room, a, b, c } = three()
  const before = room.sent.length
  a.write([...a.ring.banned(C, { name: 'c', by: 'a', atMs: 1_000 }), ...a.ring.added(key(2), 1_000, 'a')])
  room.deliver()
  assert.equal(
    room.sent.slice(before).filter((one) => one.endsWith('>c')),
    [],
  )
  assert.ok(b.isBanned(C) && b.refuses(A, C) && a.refuses(B, C))
  assert.equal([room.applied.get(B), room.applied.get(C)], ['12', '1'])
  assert.is(c.isBanned(C), false)
  assert.not.ok(a.ring.members.has(C))
})

test('who was given up and is there again enrols anew', () => {
  const { room, a, b } = three()
  a.dismiss([B])
  assert.not.ok(a.ring.members.has(B))
  room.deliver()
  assert.ok(a.ring.members.has(B), 'it lives')
  b.dismiss([B])
  room.deliver()
  assert.not.ok(a.ring.members.has(B), 'it has left by itself')
})

test.run()
