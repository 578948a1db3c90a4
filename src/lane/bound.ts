/** What a handle of a data link stands for, and how a splice goes on over another link when its own breaks. */
import type { Millis } from '../base/time.js'
import type { BackendHalf } from '../proxy/backend-half.js'
import type { ClientHalf, OpenRequest } from '../proxy/client-half.js'
import { WINDOW_BYTES } from '../proxy/credit.js'
import type { Half } from '../proxy/half.js'
import type { Progress } from '../proxy/half-tools.js'
import { TLV, tlvText } from '../proxy/proxy-protocol/tlv.js'
import type { FinState, OpenFrame, ResumedFrame, ResumeFrame } from '../proxy/splice-frame.js'
import type { Channel, ChannelLink } from './channel.js'
import { contained, containFault, type Faulty, faultyBackend, faultyClient } from './faults.js'
import type { LaneContext } from './lane-context.js'

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

/** What a fault in the handling of its frames ends; of an abandoned one nothing, its client is well elsewhere. */
export function faultyOf(bound: Bound | undefined): Faulty | undefined {
  if (bound === undefined || (bound.role === 'client' && bound.isAbandoned)) return undefined
  return bound.role === 'client' ? faultyClient(bound.client) : faultyBackend(bound.backend)
}

/** Whom frames of the handle are for; nobody before RESUME has been answered, or when its client is served elsewhere. */
export function listenerOf(bound: Bound | undefined): Half | undefined {
  if (bound?.role !== 'client') return bound?.backend.half
  return bound.isResuming || bound.isAbandoned ? undefined : bound.client.half
}

/**
 * What is asked of a node, also of this one itself (then `handle` means nothing). Field by field: spread objects cost each
 * connection as much as all its other objects together.
 */
export function openFrame(handle: number, request: OpenRequest, proxyHeader: Uint8Array): OpenFrame {
  const { id, term, service, port, client, destination, source, introduction, window, snapshot, call = 0 } = request
  return {
    kind: 'open',
    handle,
    id,
    term,
    service: service.name,
    port,
    client,
    destination,
    source,
    connectMs: service.connectMs,
    keepaliveMs: service.keepaliveMs,
    window,
    proxyHeader,
    snapshot,
    call,
    uniqueId: introduction && tlvText(introduction.tlvs, TLV.uniqueId),
  }
}

export function resumeFrame({ client, isAbandoned }: BoundClient, handle: number, now: Millis): ResumeFrame {
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
    snapshot: client.snapshot.bytes,
    snapshotAgeMs: now - client.snapshot.at,
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
  // Whatever became of the link before: it has them.
  channel.carried?.crossed(received + (fin === 'none' ? 0 : 1))
  channel.payDebts()
}

/** Its link went down: whether it waits for another; if not, it has been told that its splice is lost, or tries elsewhere. */
export function outlives(context: LaneContext, bound: Bound, why: string, mayResume: boolean): boolean {
  try {
    return waits(bound, why, mayResume)
  } catch (error) {
    containFault(context, error, faultyOf(bound))
    return false
  }
}

/** No other link came. */
export function lose(context: LaneContext, bound: BoundClient, why: string): void {
  if (bound.isAbandoned) return
  contained(
    context,
    () => bound.client.half.orphan('link-lost', why),
    () => faultyOf(bound),
  )
}

function waits(bound: Bound, why: string, mayResume: boolean): boolean {
  if (bound.role === 'backend') {
    if (mayResume && bound.backend.isOpened) return true
    bound.backend.orphan('link-lost')
    return false
  }
  const { client, channel, isAbandoned } = bound
  // Asked to go on, its backend half would wait for nobody.
  if (client.hasVanished) return false
  if (client.isDialing && !isAbandoned) {
    bound.isAbandoned = true
    // The peer may have connected its program already: it is told when there is a link again.
    channel.reset('link-lost')
    client.onRefused('link-lost', why)
  } else if (!mayResume && !isAbandoned) client.half.orphan('link-lost', why)
  return mayResume
}

function finState(passed: boolean): FinState {
  return passed ? 'sent' : 'none'
}
