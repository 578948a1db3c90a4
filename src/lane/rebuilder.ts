/** Reads client sockets out at accept and rebuilds them from ledger rows: handoff's plans on the epoll engine's sockets. */
import type { Endpoint } from '../base/address.js'
import { joined } from '../base/bytes.js'
import type { Clock } from '../base/clock.js'
import type { Millis } from '../base/time.js'
import { judgeAdoption } from '../handoff/adoption.js'
import { aheadBytesMax, type ClientNumbers } from '../handoff/client-word.js'
import type { FormerEnds, OnSegment, Snapshot, SocketRepair } from '../handoff/ports.js'
import { departing } from '../handoff/rebase.js'
import { planRestore, snapshotAfter, snapshotPast } from '../handoff/restore-plan.js'
import { advance } from '../handoff/sequence.js'
import { decodeSnapshot, encodeSnapshot } from '../handoff/snapshot-codec.js'
import type { ClientSnapshot } from '../proxy/client-half.js'
import { WINDOW_BYTES_MAX } from '../proxy/credit.js'
import type { Bequest } from '../proxy/lane-protocol.js'
import type { LedgerRow } from '../proxy/ledger-frames.js'
import type { Socket } from '../proxy/ports.js'
import type { AdoptedSocket, CapturedClient, FrozenSocket, Rebuilder, Rebuilt, Tap } from './frozen-socket.js'

const NOTHING = new Uint8Array(0)
const UNKNOWN: ClientNumbers = { receiveSeq: 0, sendSeq: 0, aheadMax: 0 }
const OPEN_ENDS: FormerEnds = { read: false, sent: false }

/** The part of the epoll engine that takes rebuilt sockets. */
export interface FreezingSockets {
  adoptFrozen(fd: number, local: Endpoint, remote: Endpoint, keepaliveMs: Millis, ends: FormerEnds): FrozenSocket
  adoptStanding(fd: number, local: Endpoint, remote: Endpoint, ends: FormerEnds): Socket
  tap(address: string, onSegment: OnSegment): Tap | { readonly why: string }
}

export class SocketRebuilder implements Rebuilder {
  constructor(
    private readonly sockets: FreezingSockets,
    private readonly repair: SocketRepair,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  snapshot(socket: Socket): ClientSnapshot {
    const snapshot = this.repair.snapshot(socket.fd)
    const at = this.clock.now()
    return 'why' in snapshot ? { bytes: NOTHING, at, why: snapshot.why } : { bytes: encodeSnapshot(snapshot), at }
  }

  past(snapshot: ClientSnapshot, received: number, sent = 0): ClientSnapshot {
    const decoded = decodeSnapshot(snapshot.bytes)
    return decoded === undefined
      ? snapshot
      : { ...snapshot, bytes: encodeSnapshot(snapshotPast(decoded, received, sent)) }
  }

  capture(socket: Socket, snapshot: ClientSnapshot, held: Uint8Array): CapturedClient | { readonly why: string } {
    const ends = socket.carried?.()
    if (ends === undefined || ends.ending) return { why: 'it is just ending' }
    const capture = this.repair.capture(socket.fd)
    if ('why' in capture) return capture
    const { unread, unacknowledged, finReceived, timestamp } = capture
    return {
      snapshot: encodeSnapshot(departing(capture, held.byteLength, decodeSnapshot(snapshot.bytes))),
      clock: timestamp,
      unread: joined(held, unread),
      isEnded: finReceived,
      unsent: joined(unacknowledged, ends.unsent),
    }
  }

  rebuild(row: LedgerRow, keepaliveMs: Millis): Rebuilt | { readonly why: string } {
    const snapshot = decodeSnapshot(row.snapshot)
    if (snapshot === undefined) return { why: 'its snapshot cannot be read here' }
    if (!row.isWhole) return { why: 'bytes to the client were not kept' }
    const { client: remote, destination: local } = row
    const plan = planRestore(snapshot, {
      local,
      remote,
      received: row.up,
      finReceived: row.finUp,
      acknowledged: row.acknowledged,
      finAcknowledged: row.finAcknowledged,
      ageMs: row.snapshotAgeMs,
      clock: row.clock,
    })
    const fd = this.repair.restore(plan)
    if (typeof fd !== 'number') return fd
    const ends = { read: row.finUp, sent: row.finAcknowledged }
    const socket = this.sockets.adoptFrozen(fd, local, remote, keepaliveMs, ends)
    socket.isClockTrue = row.clock !== undefined
    const now = this.clock.now()
    return {
      socket,
      snapshot: { bytes: encodeSnapshot(snapshotAfter(snapshot, plan)), at: now },
      numbers: { receiveSeq: plan.receiveSeq, sendSeq: plan.sendSeq, aheadMax: aheadMaxOf(snapshot) },
    }
  }

  adopt(row: LedgerRow, { fd, client, destination }: Bequest): AdoptedSocket {
    const before = this.repair.bytesIn(fd)
    const { numbers, offsets } = this.#judge(row, fd)
    const ends = { read: row.finUp, sent: 'why' in offsets ? false : offsets.finSent }
    const socket = this.sockets.adoptStanding(fd, destination, client, ends)
    return {
      socket,
      snapshot: { bytes: row.snapshot, at: this.clock.now() - row.snapshotAgeMs },
      numbers,
      offsets,
      standing: {
        inbound: () => (this.repair.bytesIn(socket.fd) === before ? 'nothing' : 'taken'),
        probe: () => this.repair.probe(socket.fd),
      },
    }
  }

  adoptFresh({ fd, client, destination, isAccepted }: Bequest): Socket | undefined {
    const isUntouched = isAccepted && this.repair.isUntouched(fd)
    const socket = this.sockets.adoptStanding(fd, destination, client, OPEN_ENDS)
    if (isUntouched) return socket
    socket.reset()
    return undefined
  }

  tap(address: string, onSegment: OnSegment): Tap | { readonly why: string } {
    return this.sockets.tap(address, onSegment)
  }

  unread(socket: Socket): number {
    return this.repair.unread(socket.fd)
  }

  isTaken(local: Endpoint, remote: Endpoint): boolean {
    return this.repair.isTaken(local, remote)
  }

  #judge(row: LedgerRow, fd: number): Pick<AdoptedSocket, 'numbers' | 'offsets'> {
    const snapshot = decodeSnapshot(row.snapshot)
    if (snapshot === undefined) {
      return { numbers: UNKNOWN, offsets: { verdict: 'reset', why: 'its snapshot cannot be read here' } }
    }
    const position = this.repair.position(fd)
    if ('why' in position) return { numbers: UNKNOWN, offsets: { verdict: 'gone', why: position.why } }
    const { receiveSeq, writeSeq, finSent, unacknowledged } = position
    const sendSeq = advance(writeSeq, (finSent ? 1 : 0) - unacknowledged)
    const numbers = { receiveSeq, sendSeq, aheadMax: aheadMaxOf(snapshot) }
    return { numbers, offsets: judgeAdoption(snapshot, row, position) }
  }
}

/** A lane reads no further than its credit covers, which is no more than this. */
function aheadMaxOf({ windowScale }: Snapshot): number {
  return aheadBytesMax(windowScale?.receive, WINDOW_BYTES_MAX)
}
