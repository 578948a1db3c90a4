/**
 * One data link: a TCP connection between two lanes whose sealed records carry frames of many splices. It binds handles
 * to halves; a splice hears one link at a time, and frames for a handle that is not bound are dropped. When the link
 * breaks, splices whose both halves stand go on over the next one (RESUME, by offsets).
 */
import type { Millis } from '../base/time.js'
import type { Attempt, ClientHalf, OpenRequest } from '../proxy/client-half.js'
import { LAST_BYTES_MAX } from '../proxy/credit.js'
import type { CloseCause, Socket, SocketHandler } from '../proxy/endpoint.js'
import type { NodeName } from '../proxy/lane-protocol.js'
import { isForsaken, type Reason } from '../proxy/reasons.js'
import { type FrameVisitor, frameBytes, visitFrames } from '../proxy/splice-codec.js'
import { LINK_HANDLE, type OpenFrame, type SpliceFrame } from '../proxy/splice-frame.js'
import type { LinkSeal } from '../trunk/ports.js'
import { RecordReader } from '../trunk/record.js'
import { Authority } from './authority.js'
import { type BoundBackend, type BoundClient, faultyOf, listenerOf, openFrame, outlives } from './bound.js'
import { Channel, type ChannelLink } from './channel.js'
import { type Carried, Crossing } from './crossing.js'
import { containFault } from './faults.js'
import { Handles } from './handles.js'
import type { LaneContext } from './lane-context.js'
import { isLedgerNews, type LinkHost } from './link-host.js'
import { LinkPulse } from './link-pulse.js'
import { FEATURE, FEATURES, SPLICE_VERSIONS, versionProblem } from './link-version.js'
import { LinkWriter } from './link-writer.js'
import { Resumption } from './resumption.js'
import { Waiters } from './waiters.js'

/**
 * Of frames that wait for the kernel; far beyond what credit and the window of one record can leave there. The last bytes of splices
 * that leave go beyond it: they were all in this host's kernel already, and nobody has them when the link is cut.
 */
const QUEUED_BYTES_MAX = 16 * 1024 * 1024

export class DataLink implements SocketHandler, FrameVisitor, ChannelLink {
  readonly #handles: Handles
  readonly #waiting: Waiters
  readonly #reader: RecordReader
  readonly #out: LinkWriter
  readonly #pulse: LinkPulse
  readonly #authority: Authority
  readonly #resumption: Resumption
  readonly #crossing: Crossing
  readonly #onRecord = (sealed: Uint8Array) => this.#takeRecord(sealed)
  #state: 'greeting' | 'up' | 'down' = 'greeting'
  #peerLane = 0
  /** The peer understands DIAL. */
  dials = false
  /** And UNSERVED. */
  takesUnserved = false
  /** How much of what waits may be last bytes; until all has left. */
  #lastBytes = 0

  /** `seal` is ready for both directions: the preambles have been exchanged. `pair`: which of the links to that node. */
  constructor(
    readonly peer: NodeName,
    readonly pair: number,
    private readonly socket: Socket,
    private readonly seal: LinkSeal,
    dialled: boolean,
    private readonly context: LaneContext,
    private readonly host: LinkHost<DataLink>,
  ) {
    this.#handles = new Handles(dialled)
    this.#waiting = new Waiters(this.#handles, context)
    this.#authority = new Authority(peer, context)
    this.#resumption = new Resumption(this, this.#handles, this.#authority, context, (frame) => host.findBackend(frame))
    this.#pulse = new LinkPulse(context.clock.now(), {
      ping: (token) => this.say({ kind: 'ping', handle: LINK_HANDLE, token }),
      rekey: () => seal.sealer.rekey(),
      onSilence: (why) => this.fail(why),
    })
    this.#reader = new RecordReader(context.buffers)
    this.#out = new LinkWriter(socket, seal.sealer, context.buffers, {
      inbox: context.sockets.inbox,
      defer: context.defer,
      onFault: (error) => this.#onFault(error),
    })
    this.#crossing = new Crossing(socket, this.#out, context)
    this.say({ kind: 'hello', handle: LINK_HANDLE, ...SPLICE_VERSIONS, features: FEATURES, lane: context.setup.lane })
  }

  get fd(): number {
    return this.socket.fd
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  get congested(): boolean {
    return this.#out.congested
  }

  /** Of the peer, at the other end. */
  get peerLane(): number {
    return this.#peerLane
  }

  /** When something came last. */
  get heardAt(): Millis {
    return this.#pulse.heardAt
  }

  get rttMs(): Millis {
    return this.#pulse.rttMs
  }

  /** Whose client halves are here, and their backend halves at the other end. */
  clients(): BoundClient[] {
    return this.#handles.clients()
  }

  // --- for the halves ---

  /** Asks the peer for a backend connection. */
  open(client: ClientHalf, request: OpenRequest, proxyHeader: Uint8Array): Attempt {
    const handle = this.#handles.next()
    const channel = new Channel(this, handle)
    if (request.attempt > 1) this.#endAbandoned(client)
    this.#handles.bind(handle, { role: 'client', client, channel, isResuming: false, isAbandoned: false })
    this.say(openFrame(handle, request, proxyHeader))
    const cancel = (reason: Reason) => {
      channel.reset(reason)
      channel.confirm()
    }
    return { counterpart: channel, cancel }
  }

  /** Asks the peer to go on with a splice whose link broke. */
  resume(bound: BoundClient): void {
    this.#resumption.ask(bound)
  }

  /** The same for a client half that was another director's before. */
  revive(client: ClientHalf, server: Pick<Socket, 'local' | 'remote'>): void {
    this.#resumption.revive(client, server)
  }

  /** Closes in order: what was said before still arrives. */
  close(reason: Reason): void {
    if (this.#state === 'down') return
    this.say({ kind: 'goodbye', handle: LINK_HANDLE, reason })
    this.#out.flush()
    this.socket.end()
    this.host.onEnding(this)
    this.#goDown(reason, reason !== 'node-stopping')
  }

  /** Another process goes on with its splices: as `close`, and nothing else is done here. */
  leave(): void {
    if (this.#state === 'down') return
    this.say({ kind: 'goodbye', handle: LINK_HANDLE, reason: 'other' })
    this.#out.flush()
    this.socket.end()
    this.#state = 'down'
  }

  /** After `close`. */
  cut(): void {
    this.socket.reset()
  }

  sweep(now: Millis): void {
    this.#pulse.sweep(now)
  }

  isCongested(handle: number): boolean {
    if (this.#out.congested) this.#waiting.add(handle)
    return this.#out.congested
  }

  data(handle: number, offset: number, chunk: Uint8Array): void {
    this.#out.data(handle, offset, chunk)
  }

  ack(handle: number, written: number, acknowledged: number, window: number): void {
    this.#out.ack(handle, written, acknowledged, window)
  }

  fin(handle: number, offset: number): void {
    this.say({ kind: 'fin', handle, offset })
  }

  carries(carried: Carried, offset: number): void {
    if (this.#state !== 'down') this.#crossing.carries(carried, offset)
  }

  freeze(handle: number, clock: number | undefined): void {
    this.#lastBytes += LAST_BYTES_MAX
    this.say({ kind: 'freeze', handle, clock })
  }

  reset(handle: number, reason: Reason): void {
    this.say({ kind: 'reset', handle, reason })
  }

  confirm(handle: number): void {
    this.say({ kind: 'confirm', handle })
    this.#handles.free(handle)
  }

  release(handle: number): void {
    this.#handles.free(handle)
    this.#waiting.delete(handle)
  }

  // --- from the socket ---

  onOpen(): void {}

  onData(chunk: Uint8Array): void {
    if (this.#hears()) this.fail(this.#reader.push(chunk, this.#onRecord))
  }

  room(): Uint8Array | undefined {
    return this.#state === 'down' ? undefined : this.#reader.room()
  }

  onFilled(length: number): void {
    if (this.#hears()) this.fail(this.#reader.filled(length, this.#onRecord))
  }

  #hears(): boolean {
    // DATA stops at a full socket, answers to what the peer asks do not: one that asks on and never reads.
    if (this.socket.queued() > QUEUED_BYTES_MAX + this.#lastBytes) this.fail('the peer does not read')
    this.#pulse.heard(this.context.clock.now())
    // Before an answer is passed on, whose segment says what has come.
    this.#crossing.look()
    return this.#state !== 'down'
  }

  onEnd(): void {
    this.fail('closed by the peer')
  }

  onDrain(): void {
    this.#lastBytes = 0
    this.#out.drained()
    this.#waiting.release(this.#out)
  }

  onClose(cause: CloseCause, detail: string): void {
    this.#goDown(detail === '' ? cause : detail, true)
  }

  // --- frames ---

  onDataFrame(handle: number, offset: number, chunk: Uint8Array): void {
    const bound = this.#handles.get(handle)
    try {
      listenerOf(bound)?.receiveData(offset, chunk)
    } catch (error) {
      containFault(this.context, error, faultyOf(bound))
    }
  }

  onAckFrame(handle: number, written: number, acknowledged: number, window: number): void {
    const bound = this.#handles.get(handle)
    try {
      listenerOf(bound)?.receiveAck(written, acknowledged, window)
    } catch (error) {
      containFault(this.context, error, faultyOf(bound))
    }
  }

  onFrame(frame: SpliceFrame): void {
    try {
      this.#take(frame)
    } catch (error) {
      containFault(this.context, error, faultyOf(this.#handles.get(frame.handle)))
    }
  }

  #take(frame: SpliceFrame): void {
    // What stands behind a GOODBYE or a fault in the same record: an OPEN would make a half that no link ever ends.
    if (this.#state === 'down') return
    if (frame.handle === LINK_HANDLE) return this.#onLinkFrame(frame)
    if (frame.kind === 'open') return this.#onOpenFrame(frame)
    if (frame.kind === 'resume') return this.#resumption.onResume(frame)
    const bound = this.#handles.get(frame.handle)
    if (bound?.role === 'client' && bound.isResuming) return this.#resumption.onAnswer(bound, frame)
    const half = listenerOf(bound)
    if (bound === undefined || half === undefined) return
    if (frame.kind === 'fin') return half.receiveFin(frame.offset)
    if (frame.kind === 'freeze') return half.receiveFreeze(frame.clock)
    if (frame.kind === 'reset') {
      if (bound.role === 'backend' && isForsaken(frame.reason)) return this.host.onForsaken(bound)
      return half.receiveReset(frame.reason)
    }
    if (bound.role === 'backend') {
      if (frame.kind === 'confirm') bound.backend.confirm()
      return
    }
    if (frame.kind === 'opened') bound.client.onOpened(frame.window, frame, bound.channel)
    if (frame.kind === 'refused') bound.client.onRefused(frame.reason, frame.detail)
  }

  #onOpenFrame(frame: OpenFrame): void {
    const { handle } = frame
    if (!this.#handles.isFreeForPeer(handle)) return this.fail(`OPEN with handle ${handle}, which is not free`)
    const problem = this.#authority.problem(frame)
    if (problem !== undefined) return this.say({ kind: 'refused', handle, reason: 'protocol-error', detail: problem })
    const channel = new Channel(this, handle)
    const backend = this.host.openBackend(frame, {
      counterpart: channel,
      opened: (window: number, { local, remote }: Pick<Socket, 'local' | 'remote'>) => {
        this.say({ kind: 'opened', handle: channel.handle, local, remote, window })
      },
      refused: (reason: Reason, detail: string) =>
        this.say({ kind: 'refused', handle: channel.handle, reason, detail }),
      // By whatever link it goes then.
      gone: () => channel.link?.release(channel.handle),
    })
    if (backend === undefined) return
    const bound: BoundBackend = { role: 'backend', backend, channel }
    this.#handles.bind(handle, bound)
    this.host.onBackend(bound)
  }

  #onLinkFrame(frame: SpliceFrame): void {
    if (frame.kind === 'ping') return this.say({ kind: 'pong', handle: LINK_HANDLE, token: frame.token })
    if (frame.kind === 'pong') return this.#pulse.pong(frame.token, this.context.clock.now())
    if (frame.kind === 'goodbye') {
      return this.fail(`closed by the peer: ${frame.reason}`, frame.reason !== 'node-stopping')
    }
    if (frame.kind === 'barrier') return this.say({ kind: 'passed', handle: LINK_HANDLE, token: frame.token })
    if (frame.kind === 'ask') return this.#authority.holds(frame) ? this.host.onAsk(this, frame) : undefined
    if (frame.kind === 'mortal') return this.host.onMortal(this, frame)
    if (frame.kind === 'dial' || frame.kind === 'undialled') return this.host.onDial(this, frame)
    if (isLedgerNews(frame)) return this.host.onLedger(this, frame)
    if (frame.kind !== 'hello' || this.#state !== 'greeting') return
    const problem = versionProblem(frame, this.peer.name)
    if (problem !== undefined) return this.fail(problem)
    this.#state = 'up'
    this.#peerLane = frame.lane
    this.dials = (frame.features & FEATURE.dial) !== 0
    this.takesUnserved = (frame.features & FEATURE.unserved) !== 0
    this.host.onLinkUp(this)
  }

  #takeRecord(sealed: Uint8Array): string | undefined {
    if (this.#state === 'down') return 'the link is closed'
    const opened = this.context.buffers.take()
    const length = this.seal.opener.open(sealed, opened)
    if (length !== undefined) this.#pulse.opened()
    const problem =
      length === undefined ? 'a record that was not sealed by the peer' : visitFrames(opened.subarray(0, length), this)
    this.context.buffers.give(opened)
    return problem
  }

  /** Of the link itself, or of a splice; after the end it is dropped. */
  say(frame: SpliceFrame): void {
    if (frame.kind === 'unread') this.#lastBytes += frame.bytes.byteLength
    if (this.#state !== 'down') this.#out.frame(frameBytes(frame))
  }

  /** Of the link itself: its splices are well, and go on over the next. */
  #onFault(error: unknown): void {
    containFault(this.context, error, undefined)
    this.fail('a fault of this node')
  }

  /** Ends it at once, where something is wrong; its splices go on over the next link, if there can be one. */
  fail(why: string | undefined, mayResume = true): void {
    if (why === undefined || this.#state === 'down') return
    this.socket.reset()
    this.#goDown(why, mayResume)
  }

  #goDown(why: string, mayResume: boolean): void {
    if (this.#state === 'down') return
    this.#state = 'down'
    this.#out.close()
    this.#crossing.close()
    // Not here: a record may just be open.
    this.context.defer(() => {
      for (const part of [this.#reader, this.seal.sealer, this.seal.opener]) part.close()
    })
    const bound = this.#handles.take()
    this.#waiting.clear()
    for (const { channel } of bound) channel.unbind()
    const halves = bound.filter((one) => outlives(this.context, one, why, mayResume))
    this.host.onLinkDown(this, why, halves)
  }

  /**
   * Before OPEN is asked once more, and perhaps refused: the backend half of an earlier one ends by the handle that its
   * RESUME, on its way by this link, gives it. What answers that RESUME means nothing any more.
   */
  #endAbandoned(client: ClientHalf): void {
    for (const handle of this.#handles.abandonedBy(client)) {
      this.reset(handle, 'link-lost')
      this.confirm(handle)
    }
  }
}
