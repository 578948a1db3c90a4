/**
 * All data links of this lane. Listens for them, dials them, finds one to a node, and lets splices go on over the next
 * when one breaks.
 */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import { toHex } from '../base/bytes.js'
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { BackendHalf, BackendReply } from '../proxy/backend-half.js'
import type { DialFrame, UndialledFrame } from '../proxy/dial-frames.js'
import type { LinkKeys, NodeName } from '../proxy/lane-protocol.js'
import type { AskFrame, MortalFrame } from '../proxy/ledger-frames.js'
import type { Listener, ListenHandler, Socket, SocketHandler } from '../proxy/ports.js'
import type { Reason } from '../proxy/reasons.js'
import type { OpenFrame, ResumeFrame } from '../proxy/splice-frame.js'
import { LogThrottle } from '../trunk/log-throttle.js'
import type { LinkSeal, SealFactory } from '../trunk/ports.js'
import type { Backends } from './backends.js'
import { type Bound, type BoundBackend, type BoundClient, faultyOf } from './bound.js'
import type { Place } from './carried.js'
import { DataLink } from './data-link.js'
import { contained } from './faults.js'
import { type LaneContext, logFrom } from './lane-context.js'
import { Ledgers } from './ledgers.js'
import { type Agreed, GREETING_MS_MAX, type GreetingHost, LinkGreeting } from './link-greeting.js'
import type { LedgerNews, LinkHost } from './link-host.js'
import { Mortals } from './mortals.js'
import type { Outward } from './outward.js'
import type { Recoveries } from './recovery.js'
import { Suspended } from './suspended.js'
import { Transit } from './transit.js'

/** Connections that have not said which link they are; beyond these the one that is silent the longest makes room. */
const STRANGERS_MAX = 64
/** Agreed on, but nobody came: the offer is made again. */
const EXPECTED_MS_MAX: Millis = 10_000
const EXPECTED_MAX = 4_096
const KEEPALIVE_MS: Millis = 10_000
/** At most one line in so long about strangers, however many come. */
const REFUSAL_EVERY_MS: Millis = 1_000
/** A link closed in order has so long until its peer has read the last of it. */
const ENDING_MS_MAX: Millis = 3_000

export class Links implements GreetingHost, LinkHost<DataLink> {
  readonly seals: SealFactory
  /** To each node, by the number of the pair of lanes: one, or several where the peer has more lanes than this node. */
  readonly #links = new Map<NodeId, Map<number, DataLink>>()
  readonly #expected = new Map<string, Agreed & { readonly deadline: Millis }>()
  readonly #greetings = new Set<LinkGreeting>()
  /** Closed in order, and until when their sockets may take. */
  readonly #ending = new Map<DataLink, Millis>()
  readonly #refusals = new LogThrottle(REFUSAL_EVERY_MS)
  readonly #suspended: Suspended
  /** Nodes whose process has ended, until there is another. */
  readonly #ended = new Set<NodeId>()
  readonly #mortals = new Mortals()
  /** What directions of this lane have given away. */
  readonly transit = new Transit()
  readonly ledgers: Ledgers
  /** Of links that are gone: when something came from the node. */
  readonly #heardAt = new Map<NodeId, Millis>()
  #listener: Listener | undefined
  #turn = 0

  constructor(
    private readonly context: LaneContext,
    private readonly backends: Backends,
    private readonly recoveries: Recoveries,
    private readonly outward: Pick<Outward, 'onFrame'>,
  ) {
    this.seals = context.seals
    this.#suspended = new Suspended(context)
    this.ledgers = new Ledgers(context, backends, this.#mortals, this.transit, (node) => this.silentMs(node))
  }

  /** A link to a node, if one stands; of several each in turn, those with room first. */
  to(node: NodeId): DataLink | undefined {
    const up = this.all(node).filter((link) => link.isUp)
    const free = up.filter((link) => !link.congested)
    const choice = free.length > 0 ? free : up
    return choice[this.#turn++ % choice.length]
  }

  /** All links to a node that have not ended. */
  all(node: NodeId): DataLink[] {
    return [...(this.#links.get(node)?.values() ?? [])]
  }

  everyLink(): DataLink[] {
    return this.#all().filter((link) => link.isUp)
  }

  /** Client halves whose backend half is on another node, or may be, and by which of its lanes. */
  *clients(): Generator<{ readonly bound: BoundClient; readonly place: Place }, void, undefined> {
    for (const link of this.#all()) {
      const place = { node: link.peer, lane: link.peerLane }
      for (const bound of link.clients()) yield { bound, place }
    }
    for (const { bound, node, lane } of this.#suspended.all())
      yield { bound, place: { node: { node, name: '' }, lane } }
  }

  /** Goes on by the next link to that place. */
  suspend(bound: BoundClient, { node, lane }: Place): void {
    const now = this.context.clock.now()
    this.#suspended.add(bound, node.node, lane, now, now)
  }

  /** Where data links are accepted. */
  get listener(): Listener | undefined {
    return this.#listener
  }

  /** `fd`: a listening socket that another process had. */
  listen(port: number, fd?: number): void {
    const at: Endpoint = { address: this.context.setup.address, port }
    const options = { backlog: 128, keepaliveMs: KEEPALIVE_MS }
    const handler: ListenHandler = {
      onListening: (actual) => this.context.post({ type: 'data-listening', at: actual }),
      onAccept: (socket) => this.#accept(socket),
      onProblem: (code, fatal) => {
        if (fatal) this.context.post({ type: 'data-failed', at, code })
        else logFrom(this.context, 'error', 'accept-failed', { address: formatEndpoint(at), code })
      },
    }
    const { sockets } = this.context
    this.#listener = fd === undefined ? sockets.listen(at, options, handler) : sockets.adoptListener?.(fd, at, handler)
  }

  expect(peer: NodeName, pair: number, keys: LinkKeys): void {
    this.#onBack(peer.node)
    if (this.#expected.size >= EXPECTED_MAX) return
    this.#expected.set(toHex(keys.linkId), { peer, pair, keys, deadline: this.context.clock.now() + EXPECTED_MS_MAX })
  }

  dial(peer: NodeName, pair: number, keys: LinkKeys, to: Endpoint): void {
    this.#onBack(peer.node)
    const { address } = this.context.setup
    const options = { from: address, connectMs: GREETING_MS_MAX, keepaliveMs: KEEPALIVE_MS }
    const socket = this.context.sockets.dial(to, options)
    this.#greetings.add(new LinkGreeting(socket, { peer, pair, keys }, this.#greetingDeadline(), this))
  }

  /** How long nothing has come from the node; of one that was never linked it is not known, and much is assumed. */
  silentMs(node: NodeId): Millis {
    return this.context.clock.now() - this.#heardOf(node)
  }

  hasEnded(node: NodeId): boolean {
    return this.#ended.has(node)
  }

  /** It is thought to be dead, and all halves in it with it: nobody waits for them. */
  onPeerGone(node: NodeId, hasEnded: boolean): void {
    if (hasEnded) this.#ended.add(node)
    this.#suspended.onGone(node, hasEnded ? Number.POSITIVE_INFINITY : this.context.clock.now())
    this.backends.onGone(node)
    this.recoveries.onGone(node)
  }

  sweep(now: Millis): void {
    for (const [id, { deadline }] of this.#expected) if (deadline <= now) this.#expected.delete(id)
    for (const greeting of this.#greetings) if (greeting.deadline <= now) greeting.fail('no preamble in time')
    for (const link of this.#all()) link.sweep(now)
    for (const [link, deadline] of this.#ending) {
      if (deadline > now) continue
      link.cut()
      this.#ending.delete(link)
    }
    this.#suspended.sweep(now)
    this.#mortals.sweep(now)
    this.transit.sweep(now)
  }

  close(): void {
    this.#listener?.close()
    for (const greeting of this.#greetings) greeting.fail('the node is stopping')
    for (const link of this.#all()) link.close('node-stopping')
  }

  /** Another process goes on with what they carry: what was said before still arrives. */
  leave(): void {
    for (const link of this.#all()) link.leave()
  }

  // --- greetings ---

  claim(linkId: string): Agreed | undefined {
    const agreed = this.#expected.get(linkId)
    this.#expected.delete(linkId)
    return agreed
  }

  onGreeted(greeting: LinkGreeting, { peer, pair }: Agreed, seal: LinkSeal): SocketHandler {
    this.#greetings.delete(greeting)
    const links = this.#links.get(peer.node) ?? new Map<number, DataLink>()
    this.#links.set(peer.node, links)
    const before = links.get(pair)
    const dialled = greeting.agreed !== undefined
    const link = new DataLink(peer, pair, greeting.socket, seal, dialled, this.context, this)
    links.set(pair, link)
    // The peer has keys for a new link only if it knows the old one to be gone.
    before?.close('other')
    return link
  }

  onFailed(greeting: LinkGreeting, why: string): void {
    this.#greetings.delete(greeting)
    if (greeting.agreed !== undefined) {
      const { peer, pair } = greeting.agreed
      if (this.#links.get(peer.node)?.has(pair) !== true) this.#postDown(peer.node, pair, why)
      return
    }
    this.#logRefusal(greeting.socket, why)
  }

  // --- links ---

  openBackend(frame: OpenFrame, reply: BackendReply): BackendHalf | undefined {
    return this.backends.open(frame, reply)
  }

  findBackend(frame: ResumeFrame): BoundBackend | Reason {
    return this.backends.find(frame)
  }

  onBackend(bound: BoundBackend): void {
    this.backends.remember(bound)
  }

  onForsaken(bound: BoundBackend): void {
    this.backends.forsake(bound)
  }

  onAsk(link: DataLink, frame: AskFrame): void {
    this.ledgers.onAsk(link, frame)
  }

  onLedger(link: DataLink, frame: LedgerNews): void {
    this.recoveries.onLedger(link, frame)
  }

  /** In whose term it is, says what it is; of a term that nobody has, nothing is kept. */
  onMortal(link: DataLink, frame: MortalFrame): void {
    const { holder } = frame.term
    if (holder === this.context.setup.node) this.recoveries.onMortal(frame)
    else if (holder === link.peer.node && this.backends.isObeyed(frame.service, frame.term))
      this.#mortals.take(link, frame)
  }

  onDial(link: DataLink, frame: DialFrame | UndialledFrame): void {
    this.outward.onFrame(link, frame)
  }

  onLinkUp(link: DataLink): void {
    this.context.post({ type: 'link-up', peer: link.peer.node, pair: link.pair })
    const waiting = this.#suspended.take(link.peer.node, link.peerLane)
    for (const bound of waiting) {
      contained(
        this.context,
        () => link.resume(bound),
        () => faultyOf(bound),
      )
    }
    this.context.counters.resumed += waiting.length
    this.recoveries.onLinkUp(link)
    if (waiting.length > 0) {
      logFrom(this.context, 'info', 'splices-resumed', {
        peer: link.peer.name,
        pair: link.pair,
        splices: waiting.length,
      })
    }
  }

  onEnding(link: DataLink): void {
    this.#ending.set(link, this.context.clock.now() + ENDING_MS_MAX)
  }

  onLinkDown(link: DataLink, why: string, halves: readonly Bound[]): void {
    const { node } = link.peer
    const now = this.context.clock.now()
    for (const bound of halves) {
      if (bound.role === 'client') this.#suspended.add(bound, node, link.peerLane, link.heardAt, now)
      else this.backends.suspend(bound)
    }
    this.recoveries.onLinkDown(link)
    this.#mortals.onLinkDown(link, now)
    this.#heardAt.set(node, Math.max(link.heardAt, this.#heardAt.get(node) ?? 0))
    const links = this.#links.get(node)
    if (links?.get(link.pair) !== link) return
    links.delete(link.pair)
    if (links.size === 0) this.#links.delete(node)
    this.#postDown(node, link.pair, why)
  }

  /** The socket of a link, of which nothing can be relied on any more: its splices go on over the next. */
  onFault(fd: number): void {
    for (const link of this.#all()) if (link.fd === fd) link.fail('a fault of this node')
  }

  #heardOf(node: NodeId): Millis {
    const before = this.#heardAt.get(node) ?? 0
    return this.all(node).reduce((latest, { heardAt }) => Math.max(latest, heardAt), before)
  }

  #onBack(node: NodeId): void {
    this.#ended.delete(node)
    this.#suspended.onBack(node)
  }

  #all(): DataLink[] {
    return [...this.#links.values()].flatMap((links) => [...links.values()])
  }

  #postDown(peer: NodeId, pair: number, why: string): void {
    this.context.post({ type: 'link-down', peer, pair, why })
  }

  #logRefusal(socket: Socket, why: string): void {
    const heldBack = this.#refusals.pass(this.context.clock.now())
    if (heldBack === undefined) return
    const fields = { from: formatEndpoint(socket.remote), why, ...(heldBack > 0 && { heldBack }) }
    logFrom(this.context, 'warn', 'link-refused', fields)
  }

  #accept(socket: Socket): void {
    const strangers = [...this.#greetings].filter(({ agreed }) => agreed === undefined)
    if (strangers.length >= STRANGERS_MAX) strangers[0]?.fail(`said nothing, and ${STRANGERS_MAX} others came`)
    this.#greetings.add(new LinkGreeting(socket, undefined, this.#greetingDeadline(), this))
  }

  #greetingDeadline(): Millis {
    return this.context.clock.now() + GREETING_MS_MAX
  }
}
