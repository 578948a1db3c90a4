/**
 * Keeps one control link to each wanted peer: when to dial, what to make of a peer's own dial (peer-link), when to try
 * again. Peers that are not wanted may come by themselves: they have proven the cluster key, and membership may be late.
 */
import type { Endpoint } from '../base/address.js'
import { type BackoffLimits, backoffDelay } from '../base/backoff.js'
import type { NodeId } from '../base/ids.js'
import type { Machine } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import { TimerTable } from '../base/timer-table.js'
import { type CloseCode, describeClose, type LinkClose } from './close-code.js'
import type { TrunkConfig } from './config.js'
import { isDirect, judgeIncoming, type LinkId, type PeerLink } from './peer-link.js'
import type { LinkedPeer, LinkState, PeerInfo, WantedPeer } from './ports.js'

export type PeerLinksEvent =
  | { readonly type: 'want'; readonly peer: WantedPeer }
  | { readonly type: 'unwant'; readonly node: NodeId }
  /** TCP of a dial is connected. */
  | { readonly type: 'reached'; readonly link: LinkId }
  /** A peer's dial, proven. Answered with `accept` or `refuse`. `carried`: see peer-link. */
  | { readonly type: 'incoming'; readonly link: LinkId; readonly peer: PeerInfo; readonly carried?: boolean }
  /** A link is begun from here on a connection that was found by other means. Closed if it is not wanted. */
  | { readonly type: 'carry'; readonly link: LinkId; readonly node: NodeId; readonly boot: number }
  | { readonly type: 'up'; readonly link: LinkId; readonly peer: PeerInfo }
  /** The connection ended by itself or by the peer; not told of those that an effect closed. */
  | { readonly type: 'closed'; readonly link: LinkId; readonly close: LinkClose }
  /** What `look` found. */
  | { readonly type: 'looked'; readonly peer: WantedPeer; readonly reached: boolean }
  | { readonly type: 'stop' }

export type PeerLinksEffect =
  | { readonly type: 'dial'; readonly link: LinkId; readonly peer: WantedPeer }
  | { readonly type: 'accept' | 'probe'; readonly link: LinkId }
  | { readonly type: 'refuse'; readonly link: LinkId; readonly node: NodeId; readonly code: CloseCode }
  | { readonly type: 'close'; readonly link: LinkId; readonly code: CloseCode }
  | { readonly type: 'up'; readonly link: LinkId; readonly peer: LinkedPeer }
  /** `byUs`: this end decided so. */
  | { readonly type: 'down'; readonly node: NodeId; readonly why: string; readonly byUs: boolean }
  /** The link stands, but the peer made it: connect to its port, say nothing, and report with `looked`. */
  | { readonly type: 'look'; readonly peer: WantedPeer }
  /** The link ended, and its port, which was reached before, refused a fresh dial: the process of both is gone. */
  | { readonly type: 'refused'; readonly node: NodeId }
  /** A dial failed for another reason than the last time. */
  | { readonly type: 'trouble'; readonly node: NodeId; readonly at: Endpoint | undefined; readonly why: string }

/** A link that stood for so many first pauses is worth a dial at once, however often it broke before. */
const STOOD_PAUSES = 10
/** For about a second: a process with much to tear down keeps its port for a while. */
const REDIALS_MAX = 14
const REDIAL_MAX_MS: Millis = 80
const REDIAL_FIRST_MS: Millis = 10

interface Peer {
  readonly node: NodeId
  wanted: WantedPeer | undefined
  link: PeerLink
  /** Highest that it or membership said. */
  bootKnown: number
  /** Dials in a row that led to nothing lasting. */
  attempts: number
  upSince: Millis
  why: string | undefined
  /** The boot whose link ended by itself, and how often it was dialled since: that shows whether its process is gone. */
  lostBoot: number | undefined
  redials: number
  /** The boot in which its port was reached from here. A port that never was, such as behind a firewall, proves nothing. */
  reachedBoot: number | undefined
  failedLooks: number
  /** The boot for which a carried link was given up, since its port was reached. */
  directBoot: number | undefined
}

export class PeerLinks implements Machine<PeerLinksEvent, PeerLinksEffect> {
  readonly #peers = new Map<NodeId, Peer>()
  readonly #byLink = new Map<LinkId, Peer>()
  /** When to dial again. */
  readonly #dials = new TimerTable<NodeId>()
  /** When to look again for the port of a peer that is linked by a dial of its own. */
  readonly #looks = new TimerTable<NodeId>()
  readonly #effects: PeerLinksEffect[] = []
  readonly #backoff: BackoffLimits
  #nextLink: LinkId = 2
  #stopping = false

  constructor(
    private readonly self: NodeId,
    private readonly config: TrunkConfig,
    private readonly random: Prng,
  ) {
    this.#backoff = { firstMs: config.dialFirstMs, maxMs: config.dialMaxMs }
  }

  handle(event: PeerLinksEvent, now: Millis): void {
    switch (event.type) {
      case 'want':
        return this.#want(event.peer)
      case 'unwant':
        return this.#unwant(event.node)
      case 'reached': {
        const peer = this.#byLink.get(event.link)
        if (peer?.link.phase !== 'dialing') return
        peer.link = { ...peer.link, reached: true }
        peer.reachedBoot = peer.link.boot
        return
      }
      case 'incoming':
        return this.#onIncoming(event.link, event.peer, event.carried === true)
      case 'carry':
        return this.#onCarry(event.link, event.node, event.boot)
      case 'up':
        return this.#onUp(event.link, event.peer, now)
      case 'closed':
        return this.#onClosed(event.link, event.close, now)
      case 'looked':
        return this.#onLooked(event.peer, event.reached, now)
      case 'stop':
        this.#stopping = true
        for (const node of [...this.#peers.keys()]) this.#drop(node, 'stopping')
    }
  }

  tick(now: Millis): void {
    for (const node of this.#dials.expire(now)) {
      const peer = this.#peers.get(node)
      if (peer !== undefined) this.#dial(peer)
    }
    for (const node of this.#looks.expire(now)) {
      const peer = this.#peers.get(node)
      if (peer !== undefined) this.#look(peer)
    }
  }

  poll(): PeerLinksEffect | undefined {
    return this.#effects.shift()
  }

  nextDeadline(): Millis | undefined {
    const [dial, look] = [this.#dials.next(), this.#looks.next()]
    return dial === undefined || look === undefined ? (dial ?? look) : Math.min(dial, look)
  }

  /** Which connection messages to this node take. */
  linkTo(node: NodeId): LinkId | undefined {
    const link = this.#peers.get(node)?.link
    return link?.phase === 'up' ? link.link : undefined
  }

  /** Whose messages come on this connection; `undefined` before it is up and after it is replaced. */
  nodeOf(link: LinkId): NodeId | undefined {
    const peer = this.#byLink.get(link)
    return peer?.link.phase === 'up' ? peer.node : undefined
  }

  linked(): NodeId[] {
    return [...this.#peers.values()].filter((peer) => peer.link.phase === 'up').map((peer) => peer.node)
  }

  state(node: NodeId): LinkState {
    const peer = this.#peers.get(node)
    const why = peer?.why === undefined ? {} : { why: peer.why }
    if (peer?.link.phase === 'up') return peer.link.carried === true ? { phase: 'up', carried: true } : { phase: 'up' }
    return { phase: peer === undefined || peer.link.phase === 'down' ? 'down' : 'dialing', ...why }
  }

  #want(wanted: WantedPeer): void {
    if (this.#stopping || wanted.node === this.self) return
    const peer = this.#peers.get(wanted.node) ?? this.#meet(wanted.node)
    if (peer === undefined || wanted.boot < peer.bootKnown) return
    const news = peer.wanted === undefined || !sameTarget(peer.wanted, wanted)
    if (news) peer.reachedBoot = undefined
    peer.wanted = wanted
    peer.bootKnown = wanted.boot
    if (peer.link.phase !== 'down' && peer.link.boot < wanted.boot)
      this.#cut(peer, 'replaced', 'the peer has restarted')
    if (news && peer.link.phase === 'up') this.#look(peer)
    if (!news || peer.link.phase !== 'down') return
    peer.attempts = 0
    this.#dial(peer)
  }

  #unwant(node: NodeId): void {
    this.#drop(node, 'unwanted')
  }

  #drop(node: NodeId, code: CloseCode): void {
    const peer = this.#peers.get(node)
    if (peer === undefined) return
    this.#cut(peer, code, describeClose({ code, by: 'us', detail: '' }))
    this.#forget(peer)
  }

  #dial(peer: Peer): void {
    if (peer.wanted === undefined || peer.link.phase !== 'down') return
    const link = this.#nextLink
    this.#nextLink += 2
    this.#dials.stop(peer.node)
    this.#set(peer, { phase: 'dialing', link, boot: peer.wanted.boot, reached: false })
    this.#effects.push({ type: 'dial', link, peer: peer.wanted })
  }

  #onIncoming(link: LinkId, info: PeerInfo, carried: boolean): void {
    const refuse = (code: CloseCode) => this.#effects.push({ type: 'refuse', link, node: info.node, code })
    if (this.#stopping) return void refuse('stopping')
    if (info.node === this.self) return void refuse('duplicate')
    const peer = this.#peers.get(info.node) ?? this.#meet(info.node)
    if (peer === undefined) return void refuse('too-many')
    const verdict = judgeIncoming(this.self, info, peer.link, peer.bootKnown, carried)
    if (verdict !== 'accept') {
      // It would not dial if it had a link: either the dials cross, or what we hold is dead and the probe shows it.
      if (peer.link.phase === 'up') this.#effects.push({ type: 'probe', link: peer.link.link })
      return void refuse(verdict)
    }
    this.#cut(peer, 'replaced', 'the peer has dialled anew')
    this.#dials.stop(peer.node)
    peer.bootKnown = info.boot
    this.#set(peer, { phase: 'accepted', link, boot: info.boot, carried })
    this.#effects.push({ type: 'accept', link })
  }

  #onCarry(link: LinkId, node: NodeId, boot: number): void {
    const refuse = (code: CloseCode) => this.#effects.push({ type: 'close', link, code })
    if (this.#stopping) return void refuse('stopping')
    const peer = this.#peers.get(node) ?? this.#meet(node)
    if (peer === undefined) return void refuse('too-many')
    if (boot < peer.bootKnown) return void refuse('old-boot')
    const { link: ours } = peer
    const isBetter = ours.phase !== 'down' && ours.boot >= boot && (isDirect(ours) || ours.carried === true)
    if (isBetter) return void refuse('duplicate')
    this.#cut(peer, 'replaced', 'another way was found')
    this.#dials.stop(node)
    this.#set(peer, { phase: 'dialing', link, boot, reached: false, carried: true })
  }

  #onUp(link: LinkId, info: PeerInfo, now: Millis): void {
    const peer = this.#byLink.get(link)
    if (peer === undefined) return void this.#effects.push({ type: 'close', link, code: 'duplicate' })
    if (info.boot < peer.bootKnown) {
      this.#effects.push({ type: 'close', link, code: 'old-boot' })
      return this.#onClosed(link, { code: 'old-boot', by: 'us', detail: '' }, now)
    }
    peer.bootKnown = info.boot
    peer.upSince = now
    peer.why = undefined
    peer.lostBoot = undefined
    const carried = peer.link.phase !== 'down' && peer.link.carried === true
    const dialled = peer.link.phase === 'dialing'
    if (dialled && !carried) peer.reachedBoot = info.boot
    this.#set(peer, { phase: 'up', link, boot: info.boot, dialled, carried })
    this.#effects.push({ type: 'up', link, peer: { ...info, dialled, carried } })
    this.#look(peer)
  }

  #look({ node, wanted, link, reachedBoot }: Peer): void {
    this.#looks.stop(node)
    if (link.phase !== 'up' || wanted?.boot !== link.boot || reachedBoot === link.boot) return
    this.#effects.push({ type: 'look', peer: wanted })
  }

  #onLooked(looked: WantedPeer, reached: boolean, now: Millis): void {
    const peer = this.#peers.get(looked.node)
    if (peer?.wanted === undefined || !sameTarget(peer.wanted, looked)) return
    if (reached) peer.reachedBoot = looked.boot
    if (reached && peer.link.phase === 'up' && peer.link.carried && peer.directBoot !== looked.boot) {
      // Once: somebody else may answer at that address.
      peer.directBoot = looked.boot
      this.#cut(peer, 'replaced', 'a direct way was found')
      return this.#dial(peer)
    }
    peer.failedLooks = reached ? 0 : peer.failedLooks + 1
    if (!reached) this.#looks.set(peer.node, now + backoffDelay(peer.failedLooks, this.#backoff, this.random))
  }

  #onClosed(link: LinkId, close: LinkClose, now: Millis): void {
    const peer = this.#byLink.get(link)
    if (peer === undefined) return
    const why = describeClose(close)
    const { link: ended } = peer
    const byUs = close.by === 'us' && close.code !== 'lost'
    this.#set(peer, { phase: 'down' })
    if (ended.phase === 'up') {
      // Who says that it stops lives still, though its port may refuse already.
      peer.lostBoot = byUs || close.code === 'stopping' ? undefined : ended.boot
      peer.redials = 0
      this.#effects.push({ type: 'down', node: peer.node, why, byUs })
    } else if (why !== peer.why) {
      this.#effects.push({ type: 'trouble', node: peer.node, at: peer.wanted?.control, why })
    }
    if (ended.phase === 'dialing' && close.errno === 'ECONNREFUSED' && peer.lostBoot === ended.boot) {
      peer.lostBoot = undefined
      if (peer.reachedBoot === ended.boot) this.#effects.push({ type: 'refused', node: peer.node })
    }
    peer.why = why
    if (ended.phase === 'up' && now - peer.upSince >= this.config.dialMaxMs) peer.attempts = 0
    if (peer.wanted === undefined) return this.#forget(peer)
    this.#dials.set(peer.node, now + this.#pause(peer, now))
  }

  /**
   * At once after a link that held: only a dial tells a broken connection from a dead process. One that is just ending
   * may still take a dial, and so is asked a few times more.
   */
  #pause(peer: Peer, now: Millis): Millis {
    const pauseMs = backoffDelay(peer.attempts++, this.#backoff, this.random)
    const hasStood = now - peer.upSince >= STOOD_PAUSES * this.config.dialFirstMs
    if (
      peer.lostBoot === undefined ||
      peer.redials >= REDIALS_MAX ||
      !(hasStood || peer.attempts === 1 || peer.redials > 0)
    ) {
      return pauseMs
    }
    const redials = peer.redials++
    return redials === 0 ? 0 : Math.min(pauseMs, REDIAL_MAX_MS, REDIAL_FIRST_MS * 2 ** (redials - 1))
  }

  /** Ends whatever link there is, by our own decision; the peer stays known. */
  #cut(peer: Peer, code: CloseCode, why: string): void {
    const { link } = peer
    if (link.phase === 'down') return
    this.#set(peer, { phase: 'down' })
    this.#effects.push({ type: 'close', link: link.link, code })
    if (link.phase === 'up') this.#effects.push({ type: 'down', node: peer.node, why, byUs: true })
  }

  #set(peer: Peer, link: PeerLink): void {
    if (peer.link.phase !== 'down') this.#byLink.delete(peer.link.link)
    peer.link = link
    if (link.phase !== 'down') this.#byLink.set(link.link, peer)
  }

  #meet(node: NodeId): Peer | undefined {
    if (this.#peers.size >= this.config.linksMax) return undefined
    const peer: Peer = {
      node,
      wanted: undefined,
      link: { phase: 'down' },
      bootKnown: 0,
      attempts: 0,
      upSince: 0,
      why: undefined,
      lostBoot: undefined,
      redials: 0,
      reachedBoot: undefined,
      failedLooks: 0,
      directBoot: undefined,
    }
    this.#peers.set(node, peer)
    return peer
  }

  #forget(peer: Peer): void {
    this.#dials.stop(peer.node)
    this.#looks.stop(peer.node)
    this.#peers.delete(peer.node)
  }
}

function sameTarget(a: WantedPeer, b: WantedPeer): boolean {
  return a.boot === b.boot && a.control.address === b.control.address && a.control.port === b.control.port
}
