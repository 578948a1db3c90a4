/**
 * Clients that the director before had accepted, and no program served when it gave the service away: their sockets are rebuilt, and
 * when the address is here each is admitted as if it had just come, but for its age, the bytes that were read of it, and the time that
 * it has left to wait. Nothing is asked of them: what is told of one was read from a socket that heard nothing any more.
 *
 *   UNREAD … UNSERVED ──► rebuilt, frozen ──(address)──► let go ──► queue, parked, newcomer, or a node is asked
 */
import { formatEndpoint } from '../base/address.js'
import { joined } from '../base/bytes.js'
import { formatSpliceId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { ClientSnapshot, Revival } from '../proxy/client-half.js'
import { BEGINNING } from '../proxy/half-tools.js'
import type { Introduction } from '../proxy/introduction.js'
import type { PlacementReport } from '../proxy/lane-report.js'
import type { LedgerRow } from '../proxy/ledger-frames.js'
import type { Socket } from '../proxy/ports.js'
import { decodeProxyV2 } from '../proxy/proxy-protocol/v2.js'
import type { UnreadFrame, UnservedClient, UnservedFrame } from '../proxy/unserved-frames.js'
import { contained } from './faults.js'
import type { FrozenSocket, Rebuilder } from './frozen-socket.js'
import { type LaneContext, logFrom } from './lane-context.js'
import type { LostClients } from './lost-clients.js'
import { introductionOf, type NewcomerStart } from './newcomers.js'
import { TRANSIT_BYTES_MAX } from './transit.js'

const NOTHING = new Uint8Array(0)

export interface ReadmissionHost {
  readonly service: { readonly name: string; readonly keepaliveMs: Millis }
  /** A client half is made for it. */
  admit(socket: Socket, snapshot: ClientSnapshot, from: Revival): unknown
  /** Its PROXY header is still to come. */
  readonly newcomers: {
    resume(socket: Socket, start: NewcomerStart): { onData(bytes: Uint8Array): void; onEnd(): void }
  }
}

interface Rebuilt {
  readonly row: UnservedClient
  readonly socket: FrozenSocket
  readonly snapshot: ClientSnapshot
  readonly introduction: Introduction | undefined
  readonly unread: Uint8Array
  readonly startedAt: Millis
  readonly until: Millis
}

export class Readmission {
  /** Bytes of clients that are not told of yet, by way and id. */
  readonly #pieces = new Map<string, Uint8Array>()
  #bytes = 0
  #frozen: Rebuilt[] = []
  #isFree = false
  readonly #counts = { readmitted: 0, readmitLost: 0 }
  /** When the first was told of: from then ages are counted back, so that the order of those of one link stays as it was told. */
  #heardAt: Millis | undefined

  constructor(
    private readonly host: ReadmissionHost,
    private readonly lost: Pick<LostClients, 'onTold'>,
    private readonly context: LaneContext,
    private readonly rebuilder: Rebuilder,
  ) {}

  /** Some wait for the address. */
  get isSettling(): boolean {
    return this.#frozen.length > 0
  }

  get report(): Pick<PlacementReport, 'readmitted' | 'readmitLost'> {
    return this.#counts
  }

  hear(frame: UnreadFrame | UnservedFrame): void {
    if (frame.kind === 'unserved') return this.#rebuild(frame.row)
    if (this.#bytes + frame.bytes.byteLength > TRANSIT_BYTES_MAX) return
    this.#bytes += frame.bytes.byteLength
    const key = keyOf(frame.way, frame)
    this.#pieces.set(key, joined(this.#pieces.get(key) ?? NOTHING, frame.bytes))
  }

  /** The address is here. */
  letGo(): void {
    this.#isFree = true
    const frozen = this.#frozen
    this.#frozen = []
    // From several links, each in order.
    frozen.sort((a, b) => a.startedAt - b.startedAt)
    for (const one of frozen) one.socket.letGo()
    for (const one of frozen) contained(this.context, () => this.#admit(one))
    if (frozen.length > 0) this.#log(frozen.length)
  }

  /** Another director goes on with them, or nobody. */
  close(): void {
    this.#pieces.clear()
    for (const { socket } of this.#frozen.splice(0)) socket.vanish?.()
  }

  #rebuild(row: UnservedClient): void {
    const { service } = this.host
    const [unread, unsent] = [this.#take('up', row), this.#take('down', row)]
    const isWhole = unread.byteLength === row.unread && unsent.byteLength === row.unsent
    const introduction = introductionIn(row)
    const built = isWhole ? this.rebuilder.rebuild(asLedgerRow(row), service.keepaliveMs) : { why: 'bytes are missing' }
    if ('why' in built) return this.#lose(row, built.why)
    const { socket, snapshot } = built
    // Before it is let go: as bytes that may have come already.
    if (unsent.byteLength > 0) socket.write(unsent)
    const now = this.context.clock.now()
    this.#heardAt ??= now
    this.#frozen.push({
      row,
      socket,
      snapshot: unsent.byteLength > 0 ? this.rebuilder.past(snapshot, 0, unsent.byteLength) : snapshot,
      introduction,
      unread,
      startedAt: this.#heardAt - row.ageMs,
      until: now + row.waitMs,
    })
    this.#counts.readmitted++
    this.lost.onTold(row, false)
    if (this.#isFree) this.letGo()
  }

  #admit({ row, socket, snapshot, introduction, unread, startedAt, until }: Rebuilt): void {
    const { waitsFor, isEnded, source } = row
    if (waitsFor === 'introduction') {
      const newcomer = this.host.newcomers.resume(socket, { snapshot, startedAt, heard: NOTHING })
      if (unread.byteLength > 0) newcomer.onData(unread)
      if (isEnded) newcomer.onEnd()
      return
    }
    const wait = waitsFor === 'program' ? { parkedUntil: until } : waitsFor === 'room' ? { waitsUntil: until } : {}
    const stream = { ...BEGINNING, held: unread, isEndHeld: isEnded }
    this.host.admit(socket, snapshot, { ...stream, ...wait, startedAt, source, introduction })
  }

  #lose(row: UnservedClient, why: string): void {
    this.#counts.readmitLost++
    this.lost.onTold(row, true)
    const fields = { splice: formatSpliceId(row.id), client: formatEndpoint(row.client), why }
    logFrom(this.context, 'warn', 'not-rebuilt', fields)
  }

  #take(way: 'up' | 'down', row: UnservedClient): Uint8Array {
    const key = keyOf(way, row)
    const bytes = this.#pieces.get(key) ?? NOTHING
    this.#pieces.delete(key)
    this.#bytes -= bytes.byteLength
    return bytes
  }

  #log(clients: number): void {
    const { name: service } = this.host.service
    logFrom(this.context, 'info', 'readmitted', { service, clients, lost: this.#counts.readmitLost })
  }
}

function keyOf(way: 'up' | 'down', { id }: Pick<UnservedClient, 'id'>): string {
  return `${way} ${formatSpliceId(id)}`
}

/** Of a splice that has not begun, but for what was read of its client. */
function asLedgerRow(row: UnservedClient): LedgerRow {
  const { id, term, client, destination, source, snapshot, snapshotAgeMs, clock, ageMs, unread, isEnded } = row
  const up = { up: unread, finUp: isEnded }
  const down = { acknowledged: 0, finAcknowledged: false, down: 0, limit: 0, isWhole: true, isAnswered: true }
  const times = { snapshot, snapshotAgeMs, clock, darkMs: 0, ageMs }
  const ends = { client, destination, source, local: destination, remote: client }
  return { id, term, ...ends, ...times, ...up, ...down, isOutward: false }
}

function introductionIn({ introduction, client, destination }: UnservedClient): Introduction | undefined {
  const read = introduction.byteLength === 0 ? undefined : decodeProxyV2(introduction)
  if (read?.type !== 'header') return undefined
  const said = introductionOf(read.header, read.bytesUsed, { local: destination, remote: client })
  return typeof said === 'string' ? undefined : said
}
