/**
 * Two nodes with the real machines (PeerLinks and LinkSession) and a network in which every event comes in an order that
 * a seed draws: bytes and ends of a connection stay in order, everything else overtakes everything.
 */
import { Prng } from '../../src/base/prng.js'
import { trunkConfig } from '../../src/trunk/config.js'
import { LinkSession, type LinkSessionEffect, type LinkSessionEvent } from '../../src/trunk/link-session.js'
import type { LinkId } from '../../src/trunk/peer-link.js'
import { PeerLinks, type PeerLinksEffect, type PeerLinksEvent } from '../../src/trunk/peer-links.js'
import type { LinkRole, WantedPeer } from '../../src/trunk/ports.js'
import { fakeNodeId, fakeProofs, fakePublicKey } from './fake-proofs.js'

const config = trunkConfig({ greetMs: 3_000, dialFirstMs: 100, dialMaxMs: 1_000 })

/** One end of a connection. What it hears waits in `inbox`, in order. */
class End {
  readonly inbox: (LinkSessionEvent | 'end')[] = []
  readonly session: LinkSession
  peer: End | undefined
  over = false

  constructor(
    readonly owner: ModelNode,
    readonly id: LinkId,
    role: LinkRole,
    readonly connection: number,
    now: number,
  ) {
    this.session = new LinkSession({
      role,
      remote: { address: '127.0.0.1', port: 1 },
      ...(role === 'initiator' ? { expected: fakeNodeId(1 - owner.index) } : {}),
      self: {
        node: fakeNodeId(owner.index),
        boot: 1,
        name: 'x',
        versions: { lowest: 1, highest: 1 },
        features: 0,
      },
      publicKey: fakePublicKey(owner.index),
      proofs: fakeProofs(1),
      config,
    })
    this.session.handle({ type: 'start' }, now)
  }
}

export class ModelNode {
  readonly peers: PeerLinks
  readonly ends = new Map<LinkId, End>()
  ups = 0
  downs = 0
  nextAccepted = 1

  constructor(
    readonly index: number,
    random: Prng,
  ) {
    this.peers = new PeerLinks(fakeNodeId(index), config, random)
  }

  /** The connection by which this node sends; connections have the same number at both ends. */
  get connection(): number | undefined {
    const link = this.peers.linkTo(fakeNodeId(1 - this.index))
    return link === undefined ? undefined : this.ends.get(link)?.connection
  }
}

export class LinkModel {
  readonly nodes: readonly [ModelNode, ModelNode]
  readonly #random: Prng
  /** Dials whose SYN has not arrived. */
  readonly #syns: End[] = []
  /** Dials so far. */
  #connections = 0
  now = 0

  constructor(seed: number) {
    this.#random = new Prng(seed)
    this.nodes = [new ModelNode(0, this.#random), new ModelNode(1, this.#random)]
  }

  get connections(): number {
    return this.#connections
  }

  want(index: 0 | 1): void {
    const peer: WantedPeer = { node: fakeNodeId(1 - index), boot: 1, control: { address: '127.0.0.1', port: 1 } }
    this.feed(this.nodes[index], { type: 'want', peer })
  }

  /** Breaks a connection as a middlebox does: both ends hear of it, each in its own time. */
  cut(): void {
    const ends = this.nodes.flatMap((node) => [...node.ends.values()]).filter((end) => !end.over)
    const end = ends[this.#random.below(ends.length)]
    if (end === undefined) return
    end.inbox.push('end')
    end.peer?.inbox.push('end')
  }

  /** One random thing that can happen now, or the next deadline. False: nothing ever will. */
  step(): boolean {
    const waiting = this.nodes.flatMap((node) => [...node.ends.values()]).filter((end) => end.inbox.length > 0)
    const choices = this.#syns.length + waiting.length
    if (choices === 0) return this.#tick()
    const choice = this.#random.below(choices)
    if (choice < this.#syns.length) this.#connect(this.#syns.splice(choice, 1)[0] as End)
    else this.#hear(waiting[choice - this.#syns.length] as End)
    return true
  }

  feed(node: ModelNode, event: PeerLinksEvent): void {
    node.peers.handle(event, this.now)
    this.#drainPeers(node)
  }

  #tick(): boolean {
    const deadlines = this.nodes.flatMap((node) => node.peers.nextDeadline() ?? [])
    if (deadlines.length === 0) return false
    this.now = Math.max(this.now, Math.min(...deadlines))
    for (const node of this.nodes) {
      node.peers.tick(this.now)
      this.#drainPeers(node)
    }
    return true
  }

  #connect(end: End): void {
    if (end.over) return
    const other = this.nodes[1 - end.owner.index] as ModelNode
    const accepted = new End(other, other.nextAccepted, 'responder', end.connection, this.now)
    other.nextAccepted += 2
    other.ends.set(accepted.id, accepted)
    end.peer = accepted
    accepted.peer = end
    const handshakeHash = new Uint8Array(64).fill(end.connection)
    end.inbox.push({ type: 'secured', handshakeHash, remotePublicKey: fakePublicKey(other.index) })
    accepted.inbox.push({ type: 'secured', handshakeHash, remotePublicKey: fakePublicKey(end.owner.index) })
    this.feed(end.owner, { type: 'reached', link: end.id })
  }

  #hear(end: End): void {
    const event = end.inbox.shift()
    if (end.over || event === undefined) return
    if (event !== 'end') return this.#session(end, event)
    this.#end(end)
    this.feed(end.owner, { type: 'closed', link: end.id, close: { code: 'lost', by: 'us', detail: '' } })
  }

  #session(end: End, event: LinkSessionEvent): void {
    if (end.over) return
    end.session.handle(event, this.now)
    for (let effect = end.session.poll(); effect !== undefined; effect = end.session.poll()) this.#perform(end, effect)
  }

  #perform(end: End, effect: LinkSessionEffect): void {
    const { owner, id } = end
    switch (effect.type) {
      case 'send':
        end.peer?.inbox.push({ type: 'message', bytes: effect.bytes })
        return
      case 'greeted':
        return this.feed(owner, { type: 'incoming', link: id, peer: effect.peer })
      case 'up':
        return this.feed(owner, { type: 'up', link: id, peer: effect.peer })
      case 'shut':
        this.#end(end)
        // A close that an effect asked for is known already; the machine ignores the second word of it.
        return this.feed(owner, { type: 'closed', link: id, close: effect.close })
      case 'raise':
      case 'message':
        return
    }
  }

  #end(end: End): void {
    end.over = true
    end.owner.ends.delete(end.id)
    end.peer?.inbox.push('end')
  }

  #drainPeers(node: ModelNode): void {
    for (let effect = node.peers.poll(); effect !== undefined; effect = node.peers.poll()) this.#obey(node, effect)
  }

  #obey(node: ModelNode, effect: PeerLinksEffect): void {
    switch (effect.type) {
      case 'dial': {
        const end = new End(node, effect.link, 'initiator', ++this.#connections, this.now)
        node.ends.set(end.id, end)
        this.#syns.push(end)
        return
      }
      case 'look':
        return
      case 'accept':
      case 'probe':
        return this.#tell(node, effect.link, { type: effect.type })
      case 'refuse':
        return this.#tell(node, effect.link, { type: 'refuse', code: effect.code })
      case 'close':
        return this.#tell(node, effect.link, { type: 'leave', code: effect.code })
      case 'up':
        node.ups++
        return
      case 'down':
        node.downs++
        return
      case 'trouble':
        return
    }
  }

  #tell(node: ModelNode, link: LinkId, event: LinkSessionEvent): void {
    const end = node.ends.get(link)
    if (end !== undefined) this.#session(end, event)
  }
}
