/**
 * Clients that are told that their bytes have arrived only when these are safe on another node, so that the death of this one takes
 * none of them along: the client sends them again. For services that say `uploads: survive`.
 *
 *   client ──► kernel ──► this lane ──► data link ──► the other node's kernel
 *     ◄── the kernel's ACK, held back ◄──────────────── has it
 */

import type { NodeId } from '../base/ids.js'
import type { AckHolder, HeldAck, HeldState } from '../handoff/ports.js'
import { advance } from '../handoff/sequence.js'
import { decodeSnapshot } from '../handoff/snapshot-codec.js'
import type { ClientHalf } from '../proxy/client-half.js'
import type { Counterpart } from '../proxy/counterpart.js'
import type { LaneCounters } from '../proxy/lane-report.js'
import type { HeldShare } from '../proxy/ports.js'
import { UNHELD } from '../proxy/reasons.js'
import { Channel } from './channel.js'
import type { Carried } from './crossing.js'
import { type Holds, type LaneContext, logFrom } from './lane-context.js'

/** A client that has more to send hears of it by the kernel's next word, which comes with its next bytes. */
const SAY_AFTER_MS = 1

export interface UploadHoldsHost {
  readonly setup: { readonly node: NodeId }
  readonly counters: Pick<LaneCounters, 'holdsRefused' | 'holdsLate'>
  defer(task: () => void): void
  soon(afterMs: number, task: () => void): void
}

/** From now on; a lane is given one share. */
export function beginHolding(context: LaneContext, share: HeldShare): void {
  const holder = context.holds === undefined ? context.openHolder?.(share) : undefined
  if (holder === undefined) return
  if ('why' in holder) logFrom(context, 'warn', 'no-ack-hold', { why: holder.why })
  else context.holds = new UploadHolds(holder, context)
}

export class UploadHolds implements Holds {
  readonly #uploads = new Map<ClientHalf, Upload>()
  /** Why they are not among them. */
  readonly #unheld = new Map<ClientHalf, string>()
  /** Something was released, and the client may have to be told. */
  readonly #touched = new Set<Upload>()
  #late: Set<Upload> = new Set()

  constructor(
    private readonly holder: AckHolder,
    private readonly host: UploadHoldsHost,
  ) {}

  get size(): number {
    return this.#uploads.size
  }

  /**
   * Before its bytes are read, or later: what it was told then it was told. Of one whose program is on this very host nothing would be
   * safe, and it is acknowledged as ever.
   */
  begin(client: ClientHalf, way: Counterpart, from?: HeldState): void {
    // Its ends may be another connection's by now.
    if (this.#uploads.has(client) || client.half.isSocketGone) return
    const why = this.#begin(client, way, from)
    if (why === undefined) this.#unheld.delete(client)
    else {
      if (why === UNHELD.full && this.#unheld.get(client) !== why) this.host.counters.holdsRefused++
      this.#unheld.set(client, why)
    }
  }

  #begin(client: ClientHalf, way: Counterpart, from: HeldState | undefined): string | undefined {
    if (client.node?.node === this.host.setup.node || !(way instanceof Channel)) return UNHELD.beside
    if (client.snapshot.bytes.byteLength === 0) return UNHELD.mortal
    if (this.holder.room === 0) return UNHELD.full
    const snapshot = decodeSnapshot(client.snapshot.bytes)
    if (snapshot === undefined) return UNHELD.mortal
    const first = snapshot.firstReceived
    const scale = snapshot.windowScale?.receive ?? 0
    const told = advance(first, passedOn(client))
    const held = this.holder.hold(client.client, client.destination, from ?? { released: told, told }, scale)
    if (held === undefined) return UNHELD.refused
    const upload = new Upload(client, way, held, first, (one) => this.#touch(one))
    this.#uploads.set(client, upload)
    way.carried = upload
    return undefined
  }

  unheld(client: ClientHalf): string {
    const upload = this.#uploads.get(client)
    if (client.half.isSocketGone) return ''
    if (upload === undefined) return this.#unheld.get(client) ?? UNHELD.beginning
    return upload.way.isBound ? '' : UNHELD.broken
  }

  carried(client: ClientHalf): HeldState | undefined {
    return this.#uploads.get(client)?.held.state
  }

  end(client: ClientHalf): void {
    this.#unheld.delete(client)
    const upload = this.#uploads.get(client)
    if (upload === undefined) return
    this.#uploads.delete(client)
    this.#touched.delete(upload)
    this.#late.delete(upload)
    upload.held.end()
  }

  /** Another process holds them from now on. */
  leave(): void {
    for (const client of [...this.#uploads.keys()]) this.end(client)
    this.#unheld.clear()
  }

  /**
   * Every 100 ms: of whom nothing was released since the last time, all is. Its program does not read, or its link is gone; a client
   * that hears nothing for longer than its timer sends again and again, and at last gives up.
   */
  sweep(): void {
    for (const [client, upload] of this.#uploads) {
      // The half may wait for its last words to be taken; its ends may be another connection's by then.
      if (client.half.isSocketGone) this.end(client)
      else if (upload.held.held > 0 && upload.isStuck) {
        upload.held.releaseAll()
        upload.held.say()
        this.host.counters.holdsLate++
      } else if (upload.held.owed > 0) upload.held.say()
      upload.isStuck = upload.held.held > 0
    }
  }

  #touch(upload: Upload): void {
    if (this.#touched.size === 0) this.host.defer(() => this.#tell())
    this.#touched.add(upload)
  }

  /** At the end of a turn; what was written to clients in it has said much of it already. */
  #tell(): void {
    for (const upload of this.#touched) {
      // Its ends may be another connection's by now, which it has nothing to say to.
      if (upload.client.half.isSocketGone) this.end(upload.client)
      if (upload.client.half.isSocketGone || upload.held.owed === 0) continue
      if (upload.held.held === 0) upload.held.say()
      else {
        if (this.#late.size === 0) this.host.soon(SAY_AFTER_MS, () => this.#tellLate())
        this.#late.add(upload)
      }
    }
    this.#touched.clear()
  }

  #tellLate(): void {
    const late = this.#late
    this.#late = new Set()
    for (const upload of late) if (!upload.client.half.isSocketGone && upload.held.owed > 0) upload.held.say()
  }
}

/** What has left for the other node, in bytes; FIN is one more. */
function passedOn({ half }: ClientHalf): number {
  const { sent, finSent } = half.progress
  return sent + (finSent ? 1 : 0)
}

class Upload implements Carried {
  /** At the last look something was held, and nothing was released since. */
  isStuck = false

  constructor(
    readonly client: ClientHalf,
    readonly way: Channel,
    readonly held: HeldAck,
    /** The number of its first byte. */
    private readonly first: number,
    private readonly onReleased: (upload: Upload) => void,
  ) {}

  crossed(offset: number): void {
    this.held.release(advance(this.first, offset))
    this.isStuck = false
    this.onReleased(this)
  }
}
