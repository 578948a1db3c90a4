/** All data links of this lane: one to each peer. Listens for them, dials them, and finds the one to a node. */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import { toHex } from '../base/bytes.js'
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { BackendHalf, BackendReply } from '../proxy/backend-half.js'
import type { LinkKeys, NodeName } from '../proxy/lane-protocol.js'
import type { Listener, Socket, SocketHandler } from '../proxy/ports.js'
import type { OpenFrame } from '../proxy/splice-frame.js'
import type { LinkSeal, SealFactory } from '../trunk/ports.js'
import { DataLink, type LinkHost } from './data-link.js'
import { type LaneContext, logFrom } from './lane-context.js'
import { type Agreed, GREETING_MS_MAX, type GreetingHost, LinkGreeting } from './link-greeting.js'

/** Connections that have not said which link they are; more are refused, and whoever is serious dials again. */
const GREETINGS_MAX = 64
/** Agreed on, but nobody came: the offer is made again. */
const EXPECTED_MS_MAX: Millis = 10_000
const EXPECTED_MAX = 4_096
const KEEPALIVE_MS: Millis = 10_000

export class Links implements GreetingHost, LinkHost {
  readonly seals: SealFactory
  readonly #links = new Map<NodeId, DataLink>()
  readonly #expected = new Map<string, Agreed & { readonly deadline: Millis }>()
  readonly #greetings = new Set<LinkGreeting>()
  #listener: Listener | undefined

  constructor(
    private readonly context: LaneContext,
    readonly openBackend: (frame: OpenFrame, reply: BackendReply) => BackendHalf | undefined,
  ) {
    this.seals = context.seals
  }

  /** The link to a node, if it stands. */
  to(node: NodeId): DataLink | undefined {
    const link = this.#links.get(node)
    return link?.isUp === true ? link : undefined
  }

  listen(port: number): void {
    const at: Endpoint = { address: this.context.setup.address, port }
    const options = { backlog: 128, keepaliveMs: KEEPALIVE_MS }
    this.#listener = this.context.sockets.listen(at, options, {
      onListening: (actual) => this.context.post({ type: 'data-listening', at: actual }),
      onAccept: (socket) => this.#accept(socket),
      onProblem: (code, fatal) => {
        if (fatal) this.context.post({ type: 'data-failed', at, code })
        else logFrom(this.context, 'error', 'accept-failed', { address: formatEndpoint(at), code })
      },
    })
  }

  expect(peer: NodeName, keys: LinkKeys): void {
    if (this.#expected.size >= EXPECTED_MAX) return
    this.#expected.set(toHex(keys.linkId), { peer, keys, deadline: this.context.clock.now() + EXPECTED_MS_MAX })
  }

  dial(peer: NodeName, keys: LinkKeys, to: Endpoint): void {
    const { address } = this.context.setup
    const socket = this.context.sockets.dial(to, {
      from: address,
      connectMs: GREETING_MS_MAX,
      keepaliveMs: KEEPALIVE_MS,
    })
    this.#greetings.add(new LinkGreeting(socket, { peer, keys }, this.#greetingDeadline(), this))
  }

  drop(peer: NodeId): void {
    this.#links.get(peer)?.close('other')
  }

  sweep(now: Millis): void {
    for (const [id, { deadline }] of this.#expected) if (deadline <= now) this.#expected.delete(id)
    for (const greeting of this.#greetings) if (greeting.deadline <= now) greeting.fail('no preamble in time')
    for (const link of this.#links.values()) link.sweep(now)
  }

  close(): void {
    this.#listener?.close()
    for (const greeting of this.#greetings) greeting.fail('the node is stopping')
    for (const link of [...this.#links.values()]) link.close('node-stopping')
  }

  // --- greetings ---

  claim(linkId: string): Agreed | undefined {
    const agreed = this.#expected.get(linkId)
    this.#expected.delete(linkId)
    return agreed
  }

  onGreeted(greeting: LinkGreeting, { peer }: Agreed, seal: LinkSeal): SocketHandler {
    this.#greetings.delete(greeting)
    const before = this.#links.get(peer.node)
    const dialled = greeting.agreed !== undefined
    const link = new DataLink(peer, greeting.socket, seal, dialled, this.context, this)
    this.#links.set(peer.node, link)
    // The peer has keys for a new link only if it knows the old one to be gone.
    before?.close('other')
    return link
  }

  onFailed(greeting: LinkGreeting, why: string): void {
    this.#greetings.delete(greeting)
    if (greeting.agreed !== undefined) {
      const { node } = greeting.agreed.peer
      if (!this.#links.has(node)) this.context.post({ type: 'link-down', peer: node, why })
      return
    }
    logFrom(this.context, 'warn', 'link-refused', { from: formatEndpoint(greeting.socket.remote), why })
  }

  // --- links ---

  onLinkUp(link: DataLink): void {
    this.context.post({ type: 'link-up', peer: link.peer.node })
  }

  onLinkDown(link: DataLink, why: string): void {
    if (this.#links.get(link.peer.node) !== link) return
    this.#links.delete(link.peer.node)
    this.context.post({ type: 'link-down', peer: link.peer.node, why })
  }

  #accept(socket: Socket): void {
    if (this.#greetings.size >= GREETINGS_MAX) return socket.reset()
    this.#greetings.add(new LinkGreeting(socket, undefined, this.#greetingDeadline(), this))
  }

  #greetingDeadline(): Millis {
    return this.context.clock.now() + GREETING_MS_MAX
  }
}
