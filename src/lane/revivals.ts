/**
 * Client halves that another director had before, on rebuilt sockets: frozen until the service's address is here, then let go.
 * Nothing leaves a frozen socket, and nothing comes from it.
 */
import { formatEndpoint } from '../base/address.js'
import { formatSpliceId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import { distance } from '../handoff/sequence.js'
import type { VerdictWatch } from '../handoff/verdict.js'
import { ClientHalf, type ClientHost } from '../proxy/client-half.js'
import type { Bequest } from '../proxy/lane-protocol.js'
import type { RevivalReport } from '../proxy/lane-report.js'
import type { LedgerRow } from '../proxy/ledger-frames.js'
import { contained } from './faults.js'
import type { FrozenSocket, Rebuilder, Rebuilt } from './frozen-socket.js'
import { type LaneContext, logFrom } from './lane-context.js'
import type { LedgerLink } from './recovery.js'
import { Verdicts } from './verdicts.js'

/** When to look whether clients have answered: on a LAN they do within a millisecond, over a wide network in tenths of seconds. */
const SETTLE_AFTER_MS: readonly Millis[] = [2, 3, 5, 10, 20, 40, 80, 160, 320, 640]
/** Then each is asked once more at every look; after so many its connection goes on as it is, by the kernel's own timers. */
const SETTLE_ROUNDS_MAX = 30
const PROBE_AGAIN_ROUND = 6
/** Between looks whether what was kept for the clients has come; a full link carries it in several turns. */
const LOOK_EVERY_MS: Millis = 1
/** What has not come by then does not come: its connection cannot be told from one that is whole, and ends. */
const KEPT_MS_MAX: Millis = 5_000

interface Frozen extends Rebuilt {
  /** Nobody has answered its client from then on. */
  readonly darkSince: Millis
  /** So many bytes of its program the dead director may have sent to the client. */
  readonly due: number
  readonly deadline: Millis
  /** To the client, its FIN counted: as far as it is known to have acknowledged. */
  readonly acknowledged: number
}

interface Unsettled {
  readonly watch: VerdictWatch
  /** Of the first byte that was put in as sent. */
  readonly sendSeq: number
}

/** Let go together, and their clients have not answered. */
type Batch = Map<FrozenSocket, Unsettled>

export interface RevivalCounts {
  revived: number
  failed: number
}

/** So many reasons are told apart. */
const REASONS_MAX = 16

export const NONE_REVIVED: RevivalReport = {
  revived: 0,
  proven: 0,
  filled: 0,
  reset: 0,
  gone: 0,
  unverified: 0,
  failures: {},
}

export class Revivals {
  readonly counts: RevivalCounts = { revived: 0, failed: 0 }
  readonly #failures = new Map<string, number>()
  readonly #frozen = new Map<ClientHalf, Frozen>()
  readonly verdicts: Verdicts
  /** Whose clients have not said yet what they have. */
  readonly #batches = new Set<Batch>()
  #isFree = false
  #looks = false

  constructor(
    private readonly host: ClientHost & { readonly outward: ClientHost },
    private readonly context: LaneContext,
    private readonly rebuilder: Rebuilder,
  ) {
    this.verdicts = new Verdicts(host.service.name, host.service.address, context, rebuilder)
  }

  /** Clients are still asked what they have: their sockets are not yet what they will be. */
  get isSettling(): boolean {
    return this.#batches.size > 0 || this.#frozen.size > 0
  }

  /** `undefined`: it cannot be rebuilt. `darkMs`: how long nobody has answered its client by now. */
  revive(row: LedgerRow, link: LedgerLink, darkMs: Millis): ClientHalf | undefined {
    const built = this.rebuilder.rebuild(row, this.host.service.keepaliveMs)
    if ('why' in built) {
      this.counts.failed++
      this.#failed(built.why)
      logFrom(this.context, 'warn', 'not-rebuilt', {
        splice: formatSpliceId(row.id),
        client: formatEndpoint(row.client),
        why: built.why,
      })
      return undefined
    }
    this.counts.revived++
    this.context.counters.revived++
    const now = this.context.clock.now()
    // The director before has counted these.
    this.context.counters.bytesUp -= row.up
    this.context.counters.bytesDown -= row.acknowledged
    const client = new ClientHalf(row.id, built.socket, this.#hostOf(row), built.snapshot, {
      sent: row.up,
      endRead: row.finUp,
      received: row.acknowledged,
      finReceived: row.finAcknowledged,
      granted: row.limit,
      source: row.source,
      spokeLast: !row.isAnswered,
      replayedTo: row.down,
      startedAt: now - row.ageMs,
    })
    this.verdicts.begin()
    const acknowledged = row.acknowledged + (row.finAcknowledged ? 1 : 0)
    // A node that directed until it stood still counts from when it woke, which may be long after this term began.
    const darkSince = Math.min(now - darkMs, this.host.begunAt)
    const waiting = { darkSince, due: row.down, deadline: now + KEPT_MS_MAX, acknowledged }
    this.#frozen.set(client, { ...built, ...waiting })
    this.context.records?.revived(client, row)
    link.revive(client, { local: row.local, remote: row.remote })
    if (this.#isFree) this.letGo()
    return client
  }

  /** Whether its bytes are whole is not known yet. */
  isDoubtful(client: ClientHalf): boolean {
    return this.#frozen.has(client) || this.verdicts.isOpen(client)
  }

  /** No socket waits any more, to be let go or for its client's word. */
  get isSettled(): boolean {
    return this.#frozen.size === 0 && this.#batches.size === 0
  }

  /** Its socket has stood all the time: the lane that had it died. */
  adopt(row: LedgerRow, link: LedgerLink, bequest: Bequest): ClientHalf {
    const { socket, snapshot, numbers, offsets, standing } = this.rebuilder.adopt(row, bequest)
    const unfit = 'why' in offsets ? offsets : undefined
    const { received, finSent, acknowledged } =
      'why' in offsets ? { received: row.acknowledged, finSent: false, acknowledged: row.acknowledged } : offsets
    const client = new ClientHalf(row.id, socket, this.#hostOf(row), snapshot, {
      sent: row.up,
      endRead: row.finUp,
      received,
      finReceived: finSent,
      acknowledged,
      granted: row.limit,
      source: row.source,
      spokeLast: !row.isAnswered,
      replayedTo: row.down,
      startedAt: this.context.clock.now() - row.ageMs,
    })
    this.counts.revived++
    this.context.counters.revived++
    this.context.records?.revived(client, row)
    link.revive(client, { local: row.local, remote: row.remote })
    if (unfit !== undefined) this.verdicts.refuse(client, unfit)
    else {
      this.host.onUnsettled(client)
      this.verdicts.begin()
      // Also where it was rebuilt a moment ago, and that lane had no verdict yet.
      this.verdicts.add(client, standing, numbers, acknowledged, 0)
      standing.probe()
    }
    return client
  }

  /** `then`: all that was kept for the clients has come, or has taken too long. */
  onceWhole(then: () => void): void {
    const now = this.context.clock.now()
    if (![...this.#frozen].some(([client, frozen]) => isAwaited(client, frozen, now))) return then()
    this.context.soon(LOOK_EVERY_MS, () => this.onceWhole(then))
  }

  sweep(now: Millis): void {
    this.verdicts.sweep(now, this.#frozen.size > 0)
  }

  /** The address is here. Each is let go when its kept bytes are here as well: later ones would go out as if they were new. */
  letGo(): void {
    this.#isFree = true
    const now = this.context.clock.now()
    const batch: Batch = new Map()
    for (const [client, frozen] of this.#frozen) {
      if (isAwaited(client, frozen, now)) continue
      this.#frozen.delete(client)
      contained(this.context, () => this.#release(client, frozen, batch))
    }
    this.#settleLater(batch, 0)
    if (this.#frozen.size === 0 || this.#looks) return
    this.#looks = true
    this.context.soon(LOOK_EVERY_MS, () => {
      this.#looks = false
      this.letGo()
    })
  }

  report(): RevivalReport {
    const { unverified: _, ...decided } = this.verdicts.counts
    const waiting = this.#frozen.size + this.verdicts.open
    const failures = Object.fromEntries(this.#failures)
    return { revived: this.counts.revived, ...decided, unverified: waiting, failures }
  }

  #hostOf({ isOutward }: LedgerRow): ClientHost {
    return isOutward ? this.host.outward : this.host
  }

  #failed(why: string): void {
    const reason = this.#failures.has(why) || this.#failures.size < REASONS_MAX ? why : 'other reasons'
    this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1)
  }

  #release(client: ClientHalf, frozen: Frozen, batch: Batch): void {
    const { socket, numbers, darkSince, due, acknowledged } = frozen
    const { half } = client
    if (half.received < due) half.abort('link-lost', `${due - half.received} bytes for the client did not come`)
    if (half.isClosed) return socket.letGo()
    // Watched before it speaks, so that its client's answer is heard.
    const darkMs = this.context.clock.now() - darkSince
    const watch = this.verdicts.add(client, socket, numbers, acknowledged, darkMs)
    socket.letGo()
    if (!socket.isSettled) batch.set(socket, { watch, sendSeq: numbers.sendSeq })
  }

  #settleLater(batch: Batch, round: number): void {
    const afterMs = SETTLE_AFTER_MS[Math.min(round, SETTLE_AFTER_MS.length - 1)] as Millis
    if (batch.size === 0 || round === SETTLE_ROUNDS_MAX) return void this.#batches.delete(batch)
    this.#batches.add(batch)
    this.context.soon(afterMs, () => this.#settle(batch, round))
  }

  #settle(batch: Batch, round: number): void {
    for (const [socket, waiting] of batch) {
      contained(this.context, () => {
        if (socket.isSettled || (this.#isAnswered(socket, waiting) && socket.settle())) batch.delete(socket)
        else if (round >= PROBE_AGAIN_ROUND) socket.probe()
      })
    }
    this.#settleLater(batch, round + 1)
  }

  /**
   * Whether the client has said what it expects next, and our kernel has heard it too: what comes with a segment of which it has the
   * bytes already is not looked at there.
   */
  #isAnswered(socket: FrozenSocket, { watch, sendSeq }: Unsettled): boolean {
    const heard = socket.bytesAcknowledged()
    // Without a tap only who has acknowledged something is known to have answered.
    if (!this.verdicts.hasTap) return heard > 0
    return watch.ack !== undefined && distance(sendSeq, watch.ack) <= heard
  }
}

function isAwaited({ half }: ClientHalf, { due, deadline }: Frozen, now: Millis): boolean {
  return !half.isClosed && half.received < due && now < deadline
}
