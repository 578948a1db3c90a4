/**
 * How splices come to go by a data link that they were not opened on: those whose own link broke, and those of a director
 * that is no more. The client half's side sends RESUME with its offsets, the backend half's side answers with its own, and each
 * sends again what the other lacks.
 */
import { formatSpliceId } from '../base/ids.js'
import type { ClientHalf } from '../proxy/client-half.js'
import type { NodeName } from '../proxy/lane-protocol.js'
import type { Socket } from '../proxy/ports.js'
import type { Reason } from '../proxy/reasons.js'
import type { ResumeFrame, SpliceFrame } from '../proxy/splice-frame.js'
import type { Authority } from './authority.js'
import { type BoundBackend, type BoundClient, goOn, resumedFrame, resumeFrame } from './bound.js'
import { Channel, type ChannelLink } from './channel.js'
import type { Handles } from './handles.js'
import type { LaneContext } from './lane-context.js'

export interface ResumingLink extends ChannelLink {
  readonly peer: NodeName
  say(frame: SpliceFrame): void
  /** The peer broke the protocol. */
  fail(why: string): void
}

export class Resumption {
  constructor(
    private readonly link: ResumingLink,
    private readonly handles: Handles,
    private readonly authority: Authority,
    private readonly context: Pick<LaneContext, 'clock'>,
    private readonly findBackend: (frame: ResumeFrame) => BoundBackend | Reason,
  ) {}

  /** Asks the peer to go on with a splice. */
  ask(bound: BoundClient): void {
    const handle = this.handles.next()
    bound.isResuming = true
    this.handles.bind(handle, bound)
    this.link.say(resumeFrame(bound, handle, this.context.clock.now()))
  }

  /** The same for a client half that is new here; its backend half has the ends `server`. */
  revive(client: ClientHalf, server: Pick<Socket, 'local' | 'remote'>): void {
    const channel = new Channel(this.link, this.handles.next())
    const bound: BoundClient = { role: 'client', client, channel, isResuming: true, isAbandoned: false }
    this.handles.bind(channel.handle, bound)
    this.link.say(resumeFrame(bound, channel.handle, this.context.clock.now()))
    client.goOn(this.link.peer, server, channel)
  }

  onResume(frame: ResumeFrame): void {
    const { handle } = frame
    if (!this.handles.isFreeForPeer(handle)) return this.link.fail(`RESUME with handle ${handle}, which is not free`)
    const problem = this.authority.problem(frame)
    if (problem !== undefined) return this.#refuse(handle, 'protocol-error', problem)
    const found = this.findBackend(frame)
    if (typeof found === 'string') {
      return this.#refuse(handle, found, `no splice ${formatSpliceId(frame.id)} to go on with`)
    }
    const { backend, channel } = found
    // Its former link may not have been noticed to be broken yet.
    channel.release()
    this.handles.bind(handle, found)
    this.link.say(resumedFrame(found, handle))
    goOn(backend.half, channel, this.link, { handle, received: frame.down, fin: frame.finDown })
  }

  onAnswer(bound: BoundClient, frame: SpliceFrame): void {
    const { client, channel, isAbandoned } = bound
    if (frame.kind === 'refused') {
      this.handles.free(frame.handle)
      if (!isAbandoned) client.half.orphan('link-lost', frame.detail)
    } else if (frame.kind === 'resumed') {
      bound.isResuming = false
      goOn(isAbandoned ? undefined : client.half, channel, this.link, {
        handle: frame.handle,
        received: frame.up,
        fin: frame.finUp,
      })
    }
  }

  #refuse(handle: number, reason: Reason, detail: string): void {
    this.link.say({ kind: 'refused', handle, reason, detail })
  }
}
