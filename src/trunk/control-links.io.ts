/** All control links of a node: listener, dials, and the machine that keeps one link to each peer. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Endpoint, formatEndpoint, isPort } from '../base/address.js'
import { assert } from '../base/assert.js'
import type { AlarmClock } from '../base/clock.js'
import { Driver } from '../base/driver.io.js'
import type { NodeId } from '../base/ids.js'
import type { Logger } from '../base/log.js'
import type { Prng } from '../base/prng.js'
import { SECOND_MS } from '../base/time.js'
import { type CarrierOffer, CarrierSocket } from './carrier.io.js'
import { describeClose, type LinkClose } from './close-code.js'
import { type TrunkConfig, trunkConfig } from './config.js'
import { ControlLink } from './control-link.io.js'
import { ControlListener, dialControl, lookAt, remoteOf } from './control-listener.io.js'
import { CONTROL_FEATURES, CONTROL_VERSIONS, type VersionRange } from './hello.js'
import { clusterProofs, type NodeKeyPair, nodeIdOf } from './keys.io.js'
import { LogThrottle } from './log-throttle.js'
import type { LinkId } from './peer-link.js'
import { PeerLinks, type PeerLinksEffect, type PeerLinksEvent } from './peer-links.js'
import type { LinkedPeer, LinkRole, LinkState, ProofPort, WantedPeer } from './ports.js'

export type { LinkedPeer, LinkState, PeerInfo, WantedPeer } from './ports.js'

export interface ControlLinksSelf extends NodeKeyPair {
  readonly node: NodeId
  readonly boot: number
  readonly name: string
  /** Of Baton, for whoever cannot speak with this node. */
  readonly release?: string
  /** What this node speaks, if not what this release does: for tests of mixed clusters. */
  readonly versions?: VersionRange
}

/** Called in turns of their own, never from within a call of ControlLinks; none after `close`. */
export interface ControlLinksEvents {
  onUp(peer: LinkedPeer): void
  /** Messages that were under way may be lost. A link that is replaced goes down and comes up. */
  onDown(node: NodeId, why: string, byUs: boolean): void
  /** Its link ended by itself, and a fresh dial to its port was refused: its process is gone. There is no link now. */
  onRefused(node: NodeId): void
  /** `payload` is the receiver's to keep. Channel 0 never comes; unknown ones do. */
  onMessage(node: NodeId, channel: number, payload: Uint8Array): void
}

export interface ControlLinksOptions {
  readonly self: ControlLinksSelf
  /** 1 to 8 keys: the current one first, then those that are being rotated in or out. */
  readonly clusterKeys: () => readonly Uint8Array[]
  /** Whoever proves to be such a node is refused. */
  readonly isBanned?: (node: NodeId) => boolean
  /** Port 0: any free one. */
  readonly bind: Endpoint
  /** Merged and checked. */
  readonly config?: TrunkConfig
  readonly clock: AlarmClock
  readonly random: Prng
  readonly log: Logger
  readonly events: ControlLinksEvents
}

interface Expected {
  /** Who is to answer. */
  readonly node?: NodeId
  readonly carried?: boolean
}

export interface ControlLinksCounters {
  /** Connections refused at once, because `unprovenMax` others had proven nothing yet. */
  readonly refusedUnread: number
  /** Accepted connections that ended before they had proven themselves. */
  readonly unprovenEnded: number
}

export class ControlLinks {
  readonly #config: TrunkConfig
  readonly #proofs: ProofPort
  readonly #peers: PeerLinks
  readonly #driver: Driver<PeerLinksEvent, PeerLinksEffect>
  readonly #listener: ControlListener
  /** Every link whose socket is open, those that say goodbye included. */
  readonly #links = new Map<LinkId, ControlLink>()
  readonly #unproven = new Set<LinkId>()
  readonly #counters = { refusedUnread: 0, unprovenEnded: 0 }
  readonly #strangers = new LogThrottle(SECOND_MS)
  readonly #refusals = new LogThrottle(SECOND_MS)
  #nextAccepted: LinkId = 1
  #isTurnedOut = false
  #closing = false

  constructor(private readonly options: ControlLinksOptions) {
    const { self, bind, clusterKeys, random, clock } = options
    assert(self.node === nodeIdOf(self.publicKey), 'a node id is the hash of its public key')
    this.#config = options.config ?? trunkConfig()
    this.#proofs = clusterProofs(clusterKeys)
    this.#peers = new PeerLinks(self.node, this.#config, random)
    this.#driver = new Driver(this.#peers, clock, (effect) => this.#perform(effect))
    this.#listener = new ControlListener(bind, (socket) => this.#onSocket(socket))
  }

  /** The last that a member has said is that this node is banned. */
  get isTurnedOut(): boolean {
    return this.#isTurnedOut
  }

  get counters(): ControlLinksCounters {
    return this.#counters
  }

  /** Rejects with a BatonError (`ERR_CONTROL_BIND`) that names the address and the way out. */
  listen(fd?: number): Promise<Endpoint> {
    return this.#listener.listen((errno) => this.options.log.log('warn', 'control-accept-failed', { errno }), fd)
  }

  /** Of the listening socket. */
  get fd(): number {
    return this.#listener.fd
  }

  /** Keeps a link to this peer from now on. To be said again when its boot or its control endpoint changes. */
  want(peer: WantedPeer): void {
    if (this.options.isBanned?.(peer.node) === true) return
    this.#driver.feed({ type: 'want', peer })
  }

  /** Ends the link and dials no more. A peer that dials us is let in all the same. */
  unwant(node: NodeId): void {
    this.#driver.feed({ type: 'unwant', node })
  }

  /** Ends its link now, whoever made it; `isBanned` has to say so from now on. */
  ban(node: NodeId): void {
    const link = this.#peers.linkTo(node)
    if (link !== undefined) this.#links.get(link)?.leave('banned')
    this.unwant(node)
  }

  /** False: no link. True promises nothing: the link may break before the peer has read it. At most 1 MiB − 1. */
  send(node: NodeId, channel: number, payload: Uint8Array): boolean {
    const link = this.#peers.linkTo(node)
    return link !== undefined && this.#links.get(link)?.send(channel, payload) === true
  }

  /** Where no TCP connection to a peer can be made. One that can be made takes its place; the peer proves itself as on any other. */
  carry({ connection, isInitiator, node, boot, remote }: CarrierOffer): void {
    if (this.#closing || this.#unproven.size >= this.#config.unprovenMax) return connection.destroy()
    const id = this.#nextGiven()
    const socket = new CarrierSocket(connection)
    if (!isInitiator) this.#unproven.add(id)
    this.#add(id, socket, isInitiator ? 'initiator' : 'responder', remote, {
      carried: true,
      ...(isInitiator && { node }),
    })
    if (isInitiator) this.#driver.feed({ type: 'carry', link: id, node, boot })
  }

  linked(): NodeId[] {
    return this.#peers.linked()
  }

  state(node: NodeId): LinkState {
    return this.#peers.state(node)
  }

  /** Says goodbye to all; resolves when every socket is gone, after `lingerMs` at the latest. */
  async close(): Promise<void> {
    this.#closing = true
    this.#driver.feed({ type: 'stop' })
    this.#driver.stop()
    // Those that are no peer's: strangers, and peers whose greeting was just being judged.
    for (const link of this.#links.values()) link.leave('stopping')
    const listener = this.#listener.close()
    await Promise.all([...this.#links.values()].map((link) => link.closed))
    await listener
  }

  /** Of a process that another goes on for: peers notice now, and not when the kernel has taken it down. */
  cut(): void {
    this.#closing = true
    this.#driver.stop()
    for (const link of this.#links.values()) link.cut()
  }

  #perform(effect: PeerLinksEffect): void {
    const { events, log } = this.options
    switch (effect.type) {
      case 'dial':
        return this.#dial(effect.link, effect.peer)
      case 'accept':
        return this.#links.get(effect.link)?.accept()
      case 'probe':
        return this.#links.get(effect.link)?.probe()
      case 'refuse':
        log.log('debug', 'control-peer-turned-away', { peer: effect.node, why: effect.code })
        return this.#links.get(effect.link)?.refuse(effect.code)
      case 'close':
        return this.#links.get(effect.link)?.leave(effect.code)
      case 'up': {
        const { node, name, boot, release, version, remote, carried } = effect.peer
        this.#isTurnedOut = false
        const fields = { peer: node, name, boot, ...(release && { release }), version, remote: formatEndpoint(remote) }
        log.log('info', 'control-up', carried ? { ...fields, carried } : fields)
        return this.#tell(() => events.onUp(effect.peer))
      }
      case 'down':
        log.log('info', 'control-down', { peer: effect.node, why: effect.why })
        return this.#tell(() => events.onDown(effect.node, effect.why, effect.byUs))
      case 'refused':
        log.log('info', 'control-refused', { peer: effect.node })
        return this.#tell(() => events.onRefused(effect.node))
      case 'look':
        return lookAt(effect.peer.control, this.options.bind, (reached) => {
          this.#driver.feed({ type: 'looked', peer: effect.peer, reached })
        })
      case 'trouble':
        return log.log('warn', 'control-dial-failed', {
          peer: effect.node,
          address: effect.at && formatEndpoint(effect.at),
          why: effect.why,
        })
    }
  }

  #dial(id: LinkId, peer: WantedPeer): void {
    const { control, node } = peer
    if (!isPort(control.port)) {
      const detail = `${formatEndpoint(control)} is no endpoint`
      queueMicrotask(() => this.#driver.feed({ type: 'closed', link: id, close: { code: 'lost', by: 'us', detail } }))
      return
    }
    this.#add(id, dialControl(control, this.options.bind), 'initiator', control, { node })
  }

  #onSocket(socket: Socket): void {
    if (this.#closing) return void socket.destroy()
    if (this.#unproven.size >= this.#config.unprovenMax) return this.#turnAway(socket)
    const id = this.#nextGiven()
    this.#unproven.add(id)
    this.#add(id, socket, 'responder', remoteOf(socket))
  }

  #nextGiven(): LinkId {
    const id = this.#nextAccepted
    this.#nextAccepted += 2
    return id
  }

  /** An RST costs neither side a place in its tables. */
  #turnAway(socket: Socket): void {
    this.#counters.refusedUnread++
    const heldBack = this.#strangers.pass(this.options.clock.now())
    if (heldBack !== undefined) {
      const fields = { remote: formatEndpoint(remoteOf(socket)), more: heldBack }
      this.options.log.log('warn', 'control-too-many-unproven', fields)
    }
    socket.on('error', () => {})
    socket.resetAndDestroy()
  }

  #add(id: LinkId, socket: Duplex, role: LinkRole, remote: Endpoint, expected: Expected = {}): void {
    const { carried = false } = expected
    const { self, clock } = this.options
    const { node, boot, name, release, publicKey, secretKey, versions = CONTROL_VERSIONS } = self
    const link = new ControlLink(socket, {
      role,
      remote,
      ...(expected.node !== undefined && { expected: expected.node }),
      self: { node, boot, name, release, versions, features: CONTROL_FEATURES },
      publicKey,
      keyPair: { publicKey, secretKey },
      proofs: this.#proofs,
      config: this.#config,
      clock,
      handler: {
        onReached: () => this.#driver.feed({ type: 'reached', link: id }),
        onGreeted: (peer) => {
          this.#unproven.delete(id)
          if (this.options.isBanned?.(peer.node) === true) {
            this.#logRefusal(remote, { code: 'banned', by: 'us', detail: peer.name })
            return link.refuse('banned')
          }
          this.#driver.feed({ type: 'incoming', link: id, peer, carried })
        },
        onUp: (peer) => this.#driver.feed({ type: 'up', link: id, peer }),
        onMessage: (channel, payload) => this.#deliver(id, channel, payload),
        onClosed: (close) => this.#onClosed(id, close, remote),
      },
    })
    this.#links.set(id, link)
    void link.closed.then(() => {
      this.#links.delete(id)
      if (this.#unproven.delete(id)) this.#counters.unprovenEnded++
    })
  }

  #onClosed(id: LinkId, close: LinkClose, remote: Endpoint): void {
    if (this.#unproven.has(id)) this.#logRefusal(remote, close)
    if (close.code === 'banned' && close.by === 'them') this.#isTurnedOut = true
    this.#driver.feed({ type: 'closed', link: id, close })
  }

  #deliver(id: LinkId, channel: number, payload: Uint8Array): void {
    const node = this.#peers.nodeOf(id)
    if (node !== undefined) this.#tell(() => this.options.events.onMessage(node, channel, payload))
  }

  /** Of a stranger: its address and what was wrong, nothing of what it said. */
  #logRefusal(remote: Endpoint, close: LinkClose): void {
    // Who merely goes away is a port scan, or a peer that dropped its dial because ours was there first.
    const quiet = close.code === 'lost'
    const heldBack = quiet ? 0 : this.#refusals.pass(this.options.clock.now())
    if (heldBack === undefined) return
    const fields = { remote: formatEndpoint(remote), why: describeClose(close), more: heldBack }
    this.options.log.log(quiet ? 'debug' : 'warn', 'control-link-refused', fields)
  }

  /** Not from within the machine: the owner may answer by calling us. */
  #tell(call: () => void): void {
    queueMicrotask(() => {
      if (!this.#closing) call()
    })
  }
}
