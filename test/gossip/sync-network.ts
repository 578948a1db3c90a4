/** Several `Sync` machines on a fake clock, joined by links that keep their order and take their time. */
import { assert } from '../../src/base/assert.js'
import { Prng } from '../../src/base/prng.js'
import type { Millis } from '../../src/base/time.js'
import { Facts } from '../../src/gossip/facts.js'
import { Registry } from '../../src/gossip/registry.js'
import { Sync, type SyncEffect, type SyncEvent } from '../../src/gossip/sync.js'
import { nodeId, WALL } from './knowledge.js'

export interface SyncNode {
  readonly id: string
  readonly registry: Registry
  readonly facts: Facts
  readonly sync: Sync
  readonly effects: SyncEffect[]
}

interface Packet {
  readonly at: Millis
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array
}

export class SyncNetwork {
  readonly nodes: readonly SyncNode[]
  readonly random: Prng
  now: Millis = 0
  packetsSent = 0
  bytesSent = 0
  /** Share of packets that the network swallows: real links never do, a link that breaks does. */
  loss = 0
  /** How far the wall clock of a node is ahead of the others'. */
  readonly aheadMs = new Map<number, Millis>()
  #flying: Packet[] = []
  readonly #links = new Set<string>()

  constructor(size: number, seed: number) {
    this.random = new Prng(seed)
    this.nodes = Array.from({ length: size }, (_, index) => {
      const id = nodeId(index + 1)
      const registry = new Registry(id)
      const facts = new Facts({ node: id, boot: 1 })
      const clock = { wall: () => WALL + this.now + (this.aheadMs.get(index) ?? 0) }
      const sync = new Sync({ registry, facts, clock, random: new Prng(seed * 1000 + index) })
      return { id, registry, facts, sync, effects: [] }
    })
  }

  node(index: number): SyncNode {
    const node = this.nodes[index]
    assert(node !== undefined, `node ${index} exists`)
    return node
  }

  link(a: number, b: number): void {
    this.#links.add(`${a} ${b}`).add(`${b} ${a}`)
    this.feed(a, { type: 'link-up', peer: this.node(b).id })
    this.feed(b, { type: 'link-up', peer: this.node(a).id })
  }

  unlink(a: number, b: number): void {
    if (!this.#links.delete(`${a} ${b}`)) return
    this.#links.delete(`${b} ${a}`)
    this.#flying = this.#flying.filter(({ from, to }) => !((from === a && to === b) || (from === b && to === a)))
    this.feed(a, { type: 'link-down', peer: this.node(b).id })
    this.feed(b, { type: 'link-down', peer: this.node(a).id })
  }

  linkAll(): void {
    for (let a = 0; a < this.nodes.length; a++) for (let b = 0; b < a; b++) this.link(a, b)
  }

  /** No link between the first `size` nodes and the others; `linkAll` heals. */
  cut(size: number): void {
    for (let a = 0; a < size; a++) for (let b = size; b < this.nodes.length; b++) this.unlink(a, b)
  }

  feed(index: number, event: SyncEvent): void {
    this.node(index).sync.handle(event, this.now)
    this.#drain(index)
  }

  /** Everything that happens until then. */
  run(until: Millis): void {
    for (;;) {
      const packet = this.#flying.reduce<Packet | undefined>(
        (a, b) => (a !== undefined && a.at <= b.at ? a : b),
        undefined,
      )
      const alarms = this.nodes.map(({ sync }) => sync.nextDeadline() ?? Number.POSITIVE_INFINITY)
      const alarm = Math.min(...alarms)
      if (Math.min(packet?.at ?? Number.POSITIVE_INFINITY, alarm) > until) break
      if (packet !== undefined && packet.at <= alarm) this.#deliver(packet)
      else this.#ring(alarms.indexOf(alarm), alarm)
    }
    this.now = until
  }

  /** All hold the same. */
  agrees(): boolean {
    const prints = this.nodes.map(({ registry, facts }) => `${registry.fingerprint()} ${facts.fingerprint()}`)
    return new Set(prints).size === 1
  }

  #deliver(packet: Packet): void {
    this.now = packet.at
    this.#flying.splice(this.#flying.indexOf(packet), 1)
    this.feed(packet.to, { type: 'message', from: this.node(packet.from).id, bytes: packet.bytes })
  }

  #ring(index: number, at: Millis): void {
    this.now = at
    this.node(index).sync.tick(at)
    this.#drain(index)
  }

  #drain(from: number): void {
    const { sync, effects } = this.node(from)
    for (let effect = sync.poll(); effect !== undefined; effect = sync.poll()) {
      effects.push(effect)
      if (effect.type === 'send') this.#send(from, effect.to, effect.bytes)
    }
  }

  #send(from: number, peer: string, bytes: Uint8Array): void {
    const to = this.nodes.findIndex(({ id }) => id === peer)
    if (!this.#links.has(`${from} ${to}`)) return
    this.packetsSent++
    this.bytesSent += bytes.byteLength
    if (this.random.chance(this.loss)) return
    const last = this.#flying.filter((packet) => packet.from === from && packet.to === to).at(-1)
    const at = Math.max(this.now + this.random.between(0.1, 5), last?.at ?? 0)
    this.#flying.push({ at, from, to, bytes })
  }
}
