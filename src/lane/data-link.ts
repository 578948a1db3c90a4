/**
 * One data link: a TCP connection between two lanes whose sealed records carry frames of many splices. It binds handles
 * to halves; a splice hears one link at a time, and frames for a handle that is not bound are dropped.
 */
import type { Endpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import type { BackendHalf, BackendReply } from '../proxy/backend-half.js'
import type { Attempt, ClientHalf, OpenRequest } from '../proxy/client-half.js'
import type { Counterpart } from '../proxy/counterpart.js'
import type { CloseCause, Socket, SocketHandler } from '../proxy/endpoint.js'
import type { Half } from '../proxy/half.js'
import type { NodeName } from '../proxy/lane-protocol.js'
import type { Reason } from '../proxy/reasons.js'
import { encodeFrame, type FrameVisitor, visitFrames } from '../proxy/splice-codec.js'
import { LINK_HANDLE, type OpenFrame, type SpliceFrame } from '../proxy/splice-frame.js'
import type { LinkSeal } from '../trunk/ports.js'
import { RECORD_PLAINTEXT_BYTES_MAX, RecordReader } from '../trunk/record.js'
import type { LaneContext } from './lane-context.js'
import { LinkWriter } from './link-writer.js'

const VERSION = { versionMin: 1, versionMax: 1 } as const
const PING_EVERY_MS = 1_000
const SILENCE_MS_MAX = 5_000

type Bound =
  | { readonly role: 'client'; readonly client: ClientHalf }
  | { readonly role: 'backend'; readonly backend: BackendHalf }

export interface LinkHost {
  /** `undefined`: refused, the reply has been given. */
  openBackend(frame: OpenFrame, reply: BackendReply): BackendHalf | undefined
  onLinkUp(link: DataLink): void
  onLinkDown(link: DataLink, why: string): void
}

export class DataLink implements SocketHandler, FrameVisitor {
  readonly #bound = new Map<number, Bound>()
  /** Halves that found the link full, the longest waiting first: in any other order one of them would take it all. */
  readonly #waiting = new Set<number>()
  readonly #reader = new RecordReader()
  readonly #opened = new Uint8Array(RECORD_PLAINTEXT_BYTES_MAX)
  readonly #out: LinkWriter
  readonly #onRecord = (sealed: Uint8Array) => this.#takeRecord(sealed)
  #nextHandle: number
  #state: 'greeting' | 'up' | 'down' = 'greeting'
  #heardAt: Millis
  #pingAt: Millis = 0

  /** `seal` is ready for both directions: the preambles have been exchanged. */
  constructor(
    readonly peer: NodeName,
    private readonly socket: Socket,
    private readonly seal: LinkSeal,
    private readonly dialled: boolean,
    private readonly context: LaneContext,
    private readonly host: LinkHost,
  ) {
    this.#nextHandle = dialled ? 2 : 1
    this.#heardAt = context.clock.now()
    this.#out = new LinkWriter(socket, seal.sealer, context.defer)
    this.#send({ kind: 'hello', handle: LINK_HANDLE, ...VERSION, features: 0, lane: context.setup.lane })
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  get congested(): boolean {
    return this.#out.congested
  }

  // --- for the halves ---

  /** Asks the peer for a backend connection. */
  open(client: ClientHalf, request: OpenRequest, proxyHeader: Uint8Array): Attempt {
    const handle = this.#freeHandle()
    const { id, term, service, port, destination, window } = request
    const { connectMs, keepaliveMs } = service
    const rest = { connectMs, keepaliveMs, window, proxyHeader, snapshot: new Uint8Array(0) }
    this.#bound.set(handle, { role: 'client', client })
    this.#send({
      kind: 'open',
      handle,
      id,
      term,
      service: service.name,
      port,
      client: request.client,
      destination,
      ...rest,
    })
    const counterpart = this.#counterpart(handle)
    const cancel = (reason: Reason) => {
      counterpart.reset(reason)
      counterpart.confirm()
    }
    return { counterpart, cancel }
  }

  /** Closes in order: what was said before still arrives. */
  close(reason: Reason): void {
    if (this.#state === 'down') return
    this.#send({ kind: 'goodbye', handle: LINK_HANDLE, reason })
    this.#out.flush()
    this.socket.end()
    this.#goDown(reason)
  }

  sweep(now: Millis): void {
    if (now - this.#heardAt > SILENCE_MS_MAX) return this.#fail(`nothing heard for ${SILENCE_MS_MAX} ms`)
    if (now - this.#pingAt < PING_EVERY_MS) return
    this.#pingAt = now
    this.#send({ kind: 'ping', handle: LINK_HANDLE, token: Math.floor(now) % 2 ** 32 })
  }

  // --- from the socket ---

  onOpen(): void {}

  onData(chunk: Uint8Array): void {
    this.#heardAt = this.context.clock.now()
    const problem = this.#reader.push(chunk, this.#onRecord)
    if (problem !== undefined) this.#fail(problem)
  }

  onEnd(): void {
    this.#fail('closed by the peer')
  }

  onDrain(): void {
    this.#out.drained()
    for (const handle of this.#waiting) {
      if (this.#out.congested) return
      this.#waiting.delete(handle)
      const bound = this.#bound.get(handle)
      if (bound !== undefined) halfOf(bound).release()
    }
  }

  onClose(cause: CloseCause, detail: string): void {
    this.#goDown(detail === '' ? cause : detail)
  }

  // --- frames ---

  onDataFrame(handle: number, offset: number, chunk: Uint8Array): void {
    const bound = this.#bound.get(handle)
    if (bound !== undefined) halfOf(bound).receiveData(offset, chunk)
  }

  onFrame(frame: SpliceFrame): void {
    // What stands behind a GOODBYE or a fault in the same record: an OPEN would make a half that no link ever ends.
    if (this.#state === 'down') return
    if (frame.handle === LINK_HANDLE) return this.#onLinkFrame(frame)
    if (frame.kind === 'open') return this.#onOpenFrame(frame)
    // This release rebuilds nothing yet, and says so instead of leaving the question open.
    if (frame.kind === 'resume' || frame.kind === 'freeze' || frame.kind === 'thaw') {
      const detail = `${frame.kind} is not implemented`
      return this.#send({ kind: 'refused', handle: frame.handle, reason: 'not-yet', detail })
    }
    const bound = this.#bound.get(frame.handle)
    if (bound === undefined) return
    if (frame.kind === 'ack') return halfOf(bound).receiveAck(frame.written, frame.acknowledged, frame.window)
    if (frame.kind === 'fin') return halfOf(bound).receiveFin(frame.offset)
    if (frame.kind === 'reset') return halfOf(bound).receiveReset(frame.reason)
    if (bound.role === 'backend') {
      if (frame.kind === 'confirm') bound.backend.confirm()
      return
    }
    const counterpart = this.#counterpart(frame.handle)
    if (frame.kind === 'opened') bound.client.onOpened(frame.window, frame.local, frame.remote, counterpart)
    if (frame.kind === 'refused') bound.client.onRefused(frame.reason, frame.detail)
  }

  #onOpenFrame(frame: OpenFrame): void {
    const ours = (frame.handle % 2 === 0) === this.dialled
    if (ours || this.#bound.has(frame.handle)) return this.#fail(`OPEN with handle ${frame.handle}, which is not free`)
    const { handle } = frame
    const backend = this.host.openBackend(frame, {
      counterpart: this.#counterpart(handle),
      opened: (window: number, local: Endpoint, remote: Endpoint) =>
        this.#send({ kind: 'opened', handle, local, remote, window }),
      refused: (reason: Reason, detail: string) => this.#send({ kind: 'refused', handle, reason, detail }),
      gone: () => this.#bound.delete(handle),
    })
    if (backend !== undefined) this.#bound.set(handle, { role: 'backend', backend })
  }

  #onLinkFrame(frame: SpliceFrame): void {
    if (frame.kind === 'ping') return this.#send({ kind: 'pong', handle: LINK_HANDLE, token: frame.token })
    if (frame.kind === 'goodbye') return this.#fail(`closed by the peer: ${frame.reason}`)
    if (frame.kind !== 'hello' || this.#state !== 'greeting') return
    if (frame.versionMin > VERSION.versionMax || frame.versionMax < VERSION.versionMin) {
      const theirs = `${frame.versionMin} to ${frame.versionMax}`
      return this.#fail(
        `splice protocol ${theirs} at ${this.peer.name}, ${VERSION.versionMin} to ${VERSION.versionMax} here`,
      )
    }
    this.#state = 'up'
    this.host.onLinkUp(this)
  }

  #takeRecord(sealed: Uint8Array): string | undefined {
    const length = this.seal.opener.open(sealed, this.#opened)
    if (length === undefined) return 'a record that was not sealed by the peer'
    return visitFrames(this.#opened.subarray(0, length), this)
  }

  #counterpart(handle: number): Counterpart {
    const link = this
    return {
      get congested() {
        if (link.#out.congested) link.#waiting.add(handle)
        return link.#out.congested
      },
      data: (offset, chunk) => link.#out.data(handle, offset, chunk),
      ack: (written, acknowledged, window) => link.#send({ kind: 'ack', handle, written, acknowledged, window }),
      fin: (offset) => link.#send({ kind: 'fin', handle, offset }),
      reset: (reason) => link.#send({ kind: 'reset', handle, reason }),
      confirm: () => {
        link.#send({ kind: 'confirm', handle })
        link.#bound.delete(handle)
      },
    }
  }

  /** Handles are given in turn and come round only after 2³¹ splices; one that still lives is passed over. */
  #freeHandle(): number {
    let handle = this.#nextHandle
    while (this.#bound.has(handle) || handle === LINK_HANDLE) handle = (handle + 2) % 2 ** 32
    this.#nextHandle = (handle + 2) % 2 ** 32
    return handle
  }

  #send(frame: SpliceFrame): void {
    if (this.#state !== 'down') this.#out.frame(encodeFrame(frame))
  }

  #fail(why: string): void {
    if (this.#state === 'down') return
    this.socket.reset()
    this.#goDown(why)
  }

  #goDown(why: string): void {
    if (this.#state === 'down') return
    this.#state = 'down'
    this.#out.close()
    const bound = [...this.#bound.values()]
    this.#bound.clear()
    this.#waiting.clear()
    for (const one of bound) {
      if (one.role === 'backend') one.backend.orphan('link-lost')
      else if (one.client.isDialing) one.client.onRefused('link-lost', why)
      else one.client.half.drop('link-lost', why)
    }
    this.host.onLinkDown(this, why)
  }
}

function halfOf(bound: Bound): Half {
  return bound.role === 'client' ? bound.client.half : bound.backend.half
}
