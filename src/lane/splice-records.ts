/**
 * The access log's part in a lane: notes when each connection's node was chosen and answered, and makes a line when the splice is
 * over. Lines go to the control plane together, a few times a second; of those that find no room only the number is kept. Nothing of
 * this is done for a chunk.
 */
import type { Clock } from '../base/clock.js'
import type { Millis } from '../base/time.js'
import type { BackendHalf } from '../proxy/backend-half.js'
import type { ClientHalf } from '../proxy/client-half.js'
import { BY_OTHER_HALF } from '../proxy/half-tools.js'
import type { FromLane, LaneSetup } from '../proxy/lane-protocol.js'
import type { LaneCounters } from '../proxy/lane-report.js'
import type { LedgerRow } from '../proxy/ledger-frames.js'
import { TLV, tlvText } from '../proxy/proxy-protocol/tlv.js'
import type { Reason } from '../proxy/reasons.js'
import { NO_HISTORY, type SpliceHistory } from '../proxy/splice-history.js'
import { type ClosedBy, lineOf, type ServerLeg, type SpliceRecord } from '../proxy/splice-record.js'

/** That wait to be handed over; at some 700 bytes each. */
const WAITING_MAX = 8_192
/** So many are handed over at once, without waiting for the next sweep. */
const BATCH = 512
/** Batches that the control plane has not taken yet. */
const UNTAKEN_MAX = 4

/** Of a splice that goes on; carried to the next process of this node. */
export interface Trail {
  attempts: number
  chosenAt: Millis | undefined
  connectedAt: Millis | undefined
  node: string | undefined
  server: ServerLeg | undefined
  history: SpliceHistory
  /** As the ledger has it, where no proxy's word is at hand any more. */
  uniqueId: string | undefined
}

/** Of what every part of a lane works with. */
export interface RecordsContext {
  readonly setup: Pick<LaneSetup, 'name'>
  readonly clock: Clock
  readonly counters: Pick<LaneCounters, 'accessDropped'>
  post(message: FromLane): void
}

export class SpliceRecords {
  readonly #trails = new Map<ClientHalf, Trail>()
  #lines: string[] = []
  #untaken = 0

  constructor(private readonly context: RecordsContext) {}

  /** Connections that it has noted something of. */
  get size(): number {
    return this.#trails.size
  }

  /** A node is asked for it. */
  asked(client: ClientHalf): void {
    const trail = this.#trailOf(client)
    trail.attempts++
    trail.chosenAt = this.context.clock.now()
  }

  /** Its backend half stands, or stood already. */
  joined(client: ClientHalf): void {
    const { joined } = client
    if (joined === undefined) return
    const trail = this.#trailOf(client)
    const { local, remote } = joined.server
    trail.node = joined.node.name
    trail.server = { from: local, to: remote }
    // Of an earlier director's, or another process's, that was long ago.
    if (trail.chosenAt !== undefined) trail.connectedAt ??= this.context.clock.now()
  }

  /** Another director had it. */
  revived(client: ClientHalf, { history, uniqueId }: Pick<LedgerRow, 'history' | 'uniqueId'>): void {
    this.#trails.set(client, { ...newTrail(), attempts: 0, history: history ?? NO_HISTORY, uniqueId })
  }

  carried(client: ClientHalf): Trail | undefined {
    return this.#trails.get(client)
  }

  /** Another process had it. */
  inherit(client: ClientHalf, trail: Trail | undefined): void {
    if (trail !== undefined) this.#trails.set(client, trail)
  }

  /** Lines of another process, or of this one for the next. */
  get pending(): readonly string[] {
    return this.#lines
  }

  add(lines: readonly string[]): void {
    for (const line of lines) this.#push(line)
  }

  /** Another node admits it anew, and tells of it. */
  leave(client: ClientHalf): void {
    this.#trails.delete(client)
  }

  /** The last of it, unless another goes on with it. */
  ended(client: ClientHalf, reason: Reason | undefined, detail: string, parkedAs?: string): void {
    const trail = this.#trails.get(client)
    this.#trails.delete(client)
    if (client.hasVanished && !this.#isOver(client, trail)) return
    const { half, source, introduction } = client
    const { chosenAt, connectedAt, server, node, attempts, history, uniqueId } = trail ?? newTrail()
    this.#write({
      id: client.id,
      uniqueId: tlvText(introduction?.tlvs ?? [], TLV.uniqueId) ?? uniqueId,
      service: client.service.name,
      direction: client.isOutward ? 'out' : 'in',
      by: 'director',
      host: this.context.setup.name,
      term: client.term,
      client: source ?? client.client,
      via: source && client.client,
      destination: client.destination,
      node,
      server,
      attempts,
      startedAt: client.startedAt,
      chosenAt,
      connectedAt,
      endedAt: this.context.clock.now(),
      bytesUp: half.sent,
      bytesDown: half.received,
      outcome: parkedAs !== undefined ? 'parked' : reason === undefined ? 'ended' : client.served ? 'reset' : 'refused',
      reason,
      closedBy: closedBy(client, reason, detail),
      detail: parkedAs === undefined ? detail : `goes on as ${parkedAs}`,
      history,
    })
  }

  /** No director goes on with it: this node's half is the last that is left. */
  lost(backend: BackendHalf, reason: Reason): void {
    const { request, half, history } = backend
    const { local, remote } = half.socket
    const { name } = this.context.setup
    this.#write({
      id: request.id,
      uniqueId: request.uniqueId || undefined,
      service: request.service,
      direction: backend.isOutward ? 'out' : 'in',
      by: 'backend',
      host: name,
      term: backend.term,
      client: request.source ?? request.client,
      via: request.source && request.client,
      destination: request.destination,
      node: name,
      server: { from: local, to: remote },
      attempts: 1,
      startedAt: backend.startedAt,
      chosenAt: undefined,
      connectedAt: undefined,
      endedAt: this.context.clock.now(),
      bytesUp: half.received,
      bytesDown: half.sent,
      outcome: backend.isTombstone ? 'ended' : 'reset',
      reason: backend.isTombstone ? undefined : reason,
      closedBy: backend.isTombstone ? 'unknown' : 'baton',
      detail: 'its director is gone, and no other goes on with it',
      history,
    })
  }

  /** The control plane has written a batch, or thrown it away. */
  taken(): void {
    this.#untaken = Math.max(0, this.#untaken - 1)
    if (this.#lines.length >= BATCH) this.flush()
  }

  /** To be called about every 100 ms. */
  flush(): void {
    if (this.#lines.length === 0 || this.#untaken >= UNTAKEN_MAX) return
    const lines = this.#lines
    this.#lines = []
    this.#untaken++
    this.context.post({ type: 'access', lines: lines.length, text: `${lines.join('\n')}\n` })
  }

  /** It was given up, and nobody can go on: both halves were here, and its socket cannot be rebuilt elsewhere. */
  #isOver({ snapshot }: ClientHalf, trail: Trail | undefined): boolean {
    return snapshot.bytes.byteLength === 0 && trail?.node === this.context.setup.name
  }

  #write(record: SpliceRecord): void {
    this.#push(lineOf(record, this.context.clock.wall()))
  }

  #push(line: string): void {
    if (this.#lines.length >= WAITING_MAX) {
      this.context.counters.accessDropped++
      return
    }
    this.#lines.push(line)
    if (this.#lines.length >= BATCH) this.flush()
  }

  #trailOf(client: ClientHalf): Trail {
    const known = this.#trails.get(client)
    if (known !== undefined) return known
    const trail = newTrail()
    this.#trails.set(client, trail)
    return trail
  }
}

function newTrail(): Trail {
  const unknown = { chosenAt: undefined, connectedAt: undefined, node: undefined, server: undefined }
  return { attempts: 0, ...unknown, history: NO_HISTORY, uniqueId: undefined }
}

function closedBy({ half, served }: ClientHalf, reason: Reason | undefined, detail: string): ClosedBy {
  if (reason === undefined) {
    const { endedBy } = half.progress
    return endedBy === undefined ? 'unknown' : endedBy === 'socket' ? 'client' : 'backend'
  }
  if (reason === 'program-gone') return 'backend'
  const isOfSocket = reason === 'peer-reset' || (served && (reason === 'connect-timeout' || reason === 'unreachable'))
  if (!isOfSocket) return 'baton'
  return detail === BY_OTHER_HALF ? 'backend' : 'client'
}
