/** What a handle of a data link stands for, and how a splice goes on over another link when its own breaks. */
import type { BackendHalf } from '../proxy/backend-half.js'
import type { ClientHalf } from '../proxy/client-half.js'
import { WINDOW_BYTES } from '../proxy/credit.js'
import type { Half } from '../proxy/half.js'
import type { Progress } from '../proxy/half-tools.js'
import type { FinState, ResumedFrame, ResumeFrame } from '../proxy/splice-frame.js'
import type { Channel, ChannelLink } from './channel.js'
import { type Faulty, faultyBackend, faultyClient } from './faults.js'

export interface BoundClient {
  readonly role: 'client'
  readonly client: ClientHalf
  readonly channel: Channel
  /** RESUME was sent, and its answer has not come. */
  isResuming: boolean
  /** The link broke before the answer to OPEN, and the client is served by another node: a backend half is to end. */
  isAbandoned: boolean
}

export interface BoundBackend {
  readonly role: 'backend'
  readonly backend: BackendHalf
  readonly channel: Channel
}

export type Bound = BoundClient | BoundBackend

const NO_PROGRESS: Progress = { sent: 0, received: 0, finSent: false, finReceived: false }

export function faultyOf(bound: Bound): Faulty {
  return bound.role === 'client' ? faultyClient(bound.client) : faultyBackend(bound.backend)
}

export function halfOf(bound: Bound): Half {
  return bound.role === 'client' ? bound.client.half : bound.backend.half
}

export function resumeFrame({ client, isAbandoned }: BoundClient, handle: number): ResumeFrame {
  const { sent, received, finSent, finReceived } = isAbandoned ? NO_PROGRESS : client.half.progress
  const { id, term, service } = client
  const fin = { finUp: finState(finSent), finDown: finState(finReceived) }
  return {
    kind: 'resume',
    handle,
    id,
    term,
    service: service.name,
    up: sent,
    down: received,
    ...fin,
    window: WINDOW_BYTES,
  }
}

export function resumedFrame({ backend }: BoundBackend, handle: number): ResumedFrame {
  const { sent, received, finSent, finReceived } = backend.half.progress
  const fin = { finUp: finState(finReceived), finDown: finState(finSent) }
  return { kind: 'resumed', handle, up: received, down: sent, ...fin, window: WINDOW_BYTES }
}

/** Over a new link, of which the other half has got `received` bytes: first what it lacks, then what is owed to it. */
export function goOn(
  half: Half | undefined,
  channel: Channel,
  link: ChannelLink,
  { handle, received, fin }: { readonly handle: number; readonly received: number; readonly fin: FinState },
): void {
  channel.bind(link, handle)
  if (half?.rejoin(received, fin !== 'none') === false) half.abort('link-lost', 'bytes were not kept')
  channel.payDebts()
}

function finState(passed: boolean): FinState {
  return passed ? 'sent' : 'none'
}
