import type { Endpoint } from '../base/address.js'
import type { BufferPool } from '../base/buffer-pool.js'
import type { Clock } from '../base/clock.js'
import { LOG_LEVELS, type LogFields, type LogLevel } from '../base/log.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import type { AckHolder, HeldState } from '../handoff/ports.js'
import type { ClientHalf } from '../proxy/client-half.js'
import type { Counterpart } from '../proxy/counterpart.js'
import type { FromLane, LaneSetup } from '../proxy/lane-protocol.js'
import type { LaneCounters } from '../proxy/lane-report.js'
import type { LeaseSlots } from '../proxy/lease-slots.js'
import type { PortAccount } from '../proxy/port-account.js'
import type { HeldShare, Sockets } from '../proxy/ports.js'
import type { RetentionPool } from '../proxy/retention-pool.js'
import type { UsageCells } from '../proxy/usage.js'
import type { SealFactory } from '../trunk/ports.js'
import type { Rebuilder } from './frozen-socket.js'
import type { SpliceRecords } from './splice-records.js'

/** See upload-holds. */
export interface Holds {
  /** Of one that is held nothing happens; of one that could not be it may be tried again. `from`: as another process has held it. */
  begin(client: ClientHalf, way: Counterpart, from?: HeldState): void
  /** Why it is acknowledged at once; empty: it is held. */
  unheld(client: ClientHalf): string
  /** For another process; `undefined`: it is not held. */
  carried(client: ClientHalf): HeldState | undefined
  end(client: ClientHalf): void
  sweep(): void
  leave(): void
}

/** What every part of a lane works with. */
export interface LaneContext {
  readonly setup: LaneSetup
  readonly clock: Clock
  readonly random: Prng
  readonly sockets: Sockets
  readonly seals: SealFactory
  readonly leases: LeaseSlots
  readonly counters: LaneCounters
  /** Not given: this lane is the only one. */
  readonly usage?: UsageCells | undefined
  /** Of connections that this node makes under services' addresses; not given: not counted. */
  readonly ports?: PortAccount | undefined
  /** Where this process may not, or the engine cannot: none. */
  readonly rebuilder?: Rebuilder | undefined
  /** Where acknowledgements can be held back; not before `ack-hold` was said. */
  holds?: Holds | undefined
  /** Of splices that are over; not given: nobody wants to know. */
  readonly records?: SpliceRecords | undefined
  /** The share of held acknowledgements that a lane is given. */
  openHolder?(share: HeldShare): AckHolder | { readonly why: string }
  /** Where a connection was to go that was led here from that port of the loopback address, by a map of the kernel's; once. */
  originOf?(map: number, port: number): Endpoint | undefined
  /** Whether a program of this host listens there now; `undefined`: that cannot be asked. */
  listensAt?(at: Endpoint): boolean | undefined
  /** What halves keep of what they have sent. */
  readonly pool: RetentionPool
  /** For records of data links (trunk/record). */
  readonly buffers: BufferPool
  post(message: FromLane): void
  /** Runs `task` once, so much later. */
  soon(afterMs: Millis, task: () => void): void
  /** Runs `task` once, at the end of this turn of the event loop: what many splices wrote leaves in one call. */
  defer(task: () => void): void
}

export function logFrom(context: LaneContext, level: LogLevel, event: string, fields: LogFields): void {
  if (isLogged(context, level)) context.post({ type: 'log', level, event, fields })
}

/** For lines whose fields cost something to make. */
export function isLogged({ setup }: LaneContext, level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(setup.logLevel)
}
