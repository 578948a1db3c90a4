/** Reads client sockets out at accept and rebuilds them from ledger rows: handoff's plans on the epoll engine's sockets. */
import type { Endpoint } from '../base/address.js'
import type { Clock } from '../base/clock.js'
import type { Millis } from '../base/time.js'
import type { FormerEnds, OnSegment, SocketRepair } from '../handoff/ports.js'
import { planRestore, snapshotAfter } from '../handoff/restore-plan.js'
import { decodeSnapshot, encodeSnapshot } from '../handoff/snapshot-codec.js'
import type { LedgerRow } from '../proxy/ledger-frames.js'
import type { Socket } from '../proxy/ports.js'
import { DOOR_KEEPALIVE_MS } from '../proxy/service.js'
import type { FrozenSocket, Rebuilder, Rebuilt, Tap } from './frozen-socket.js'

const NOTHING = new Uint8Array(0)

/** The part of the epoll engine that takes rebuilt sockets. */
export interface FreezingSockets {
  adoptFrozen(fd: number, local: Endpoint, remote: Endpoint, keepaliveMs: Millis, ends: FormerEnds): FrozenSocket
  tap(address: string, onSegment: OnSegment): Tap | { readonly why: string }
}

export class SocketRebuilder implements Rebuilder {
  constructor(
    private readonly sockets: FreezingSockets,
    private readonly repair: SocketRepair,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  snapshot(socket: Socket): Uint8Array {
    const snapshot = this.repair.snapshot(socket.fd)
    return 'why' in snapshot ? NOTHING : encodeSnapshot(snapshot)
  }

  rebuild(row: LedgerRow): Rebuilt | { readonly why: string } {
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
    const socket = this.sockets.adoptFrozen(fd, local, remote, DOOR_KEEPALIVE_MS, ends)
    socket.isClockTrue = row.clock !== undefined
    const now = this.clock.now()
    return {
      socket,
      snapshot: { bytes: encodeSnapshot(snapshotAfter(snapshot, plan)), at: now },
      receiveSeq: plan.receiveSeq,
      sendSeq: plan.sendSeq,
    }
  }

  tap(address: string, onSegment: OnSegment): Tap | { readonly why: string } {
    return this.sockets.tap(address, onSegment)
  }

  isTaken(local: Endpoint, remote: Endpoint): boolean {
    return this.repair.isTaken(local, remote)
  }
}
