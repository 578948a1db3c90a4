/**
 * Watches the connections of one service that were rebuilt until each is known to be whole, or is reset: by what its client is
 * seen to send (a tap on the address), and by what its socket has taken.
 */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import { formatSpliceId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { ClientNumbers } from '../handoff/client-word.js'
import type { Unfit } from '../handoff/ports.js'
import { readSegment } from '../handoff/segment.js'
import { type Verdict, VerdictWatch } from '../handoff/verdict.js'
import type { ClientHalf } from '../proxy/client-half.js'
import { contained } from './faults.js'
import type { FrozenSocket, Rebuilder } from './frozen-socket.js'
import { type LaneContext, logFrom } from './lane-context.js'

/** Beyond this the tap is closed: whoever has not been heard of by then is seen by what its socket takes, or lacks. */
const TAPPED_MS_MAX: Millis = 30_000
/** Such a one may sleep for days: between two looks. */
const LATE_LOOK_MS: Millis = 1_000
/** No more than a client's own timer waits. */
const DARK_MS_MAX: Millis = 30_000

interface Watched {
  readonly client: ClientHalf
  readonly socket: Standing
  readonly watch: VerdictWatch
  /** Bytes of the client that had been passed on when it was rebuilt. */
  readonly taken: number
  /** Bytes to the client before `sendSeq`, and the FIN. */
  readonly acknowledged: number
  /** What it is counted as. */
  counted: Verdict
}

type Standing = Pick<FrozenSocket, 'inbound' | 'probe'>

export type VerdictCounts = Record<Verdict, number>

export class Verdicts {
  /** Of those that are decided. */
  readonly counts: VerdictCounts = { proven: 0, filled: 0, reset: 0, gone: 0, unverified: 0 }
  readonly #watched = new Map<string, Watched>()
  #open = 0
  #tap: { close(): void } | undefined
  #tapUntil: Millis = 0
  #lookAt: Millis = 0
  #isReported = true

  constructor(
    private readonly service: string,
    private readonly address: string,
    private readonly context: LaneContext,
    private readonly rebuilder: Rebuilder,
  ) {}

  /** Not decided yet. */
  get open(): number {
    return this.#open
  }

  isOpen({ client, destination }: ClientHalf): boolean {
    return this.#watched.has(keyOf(client, destination.port))
  }

  get hasTap(): boolean {
    return this.#tap !== undefined
  }

  /** Before the address is here. */
  begin(): void {
    this.#tapUntil = this.context.clock.now() + TAPPED_MS_MAX
    if (this.#tap !== undefined) return
    const tap = this.rebuilder.tap(this.address, (from, header, length) => this.#hear(from, header, length))
    if ('why' in tap) logFrom(this.context, 'warn', 'no-tap', { service: this.service, why: tap.why })
    else this.#tap = tap
  }

  /** `acknowledged`: the offset, its FIN counted, of what `sendSeq` is the number of. */
  add(
    client: ClientHalf,
    socket: Standing,
    numbers: ClientNumbers,
    acknowledged: number,
    darkMs: Millis,
  ): VerdictWatch {
    const { receiveSeq, sendSeq, aheadMax } = numbers
    const expected = { receiveSeq, sendSeq, aheadMax, darkMs: Math.min(darkMs, DARK_MS_MAX) }
    const watch = new VerdictWatch(expected, this.context.clock.now())
    const key = keyOf(client.client, client.destination.port)
    if (this.#watched.get(key)?.counted !== 'unverified') this.#open++
    this.#watched.set(key, { client, socket, watch, taken: client.half.sent, acknowledged, counted: 'unverified' })
    this.#isReported = false
    return watch
  }

  /** It is known without a watch. */
  refuse(client: ClientHalf, { verdict, why }: Unfit): void {
    this.#isReported = false
    this.#count(verdict)
    if (verdict === 'reset') this.#end(client, why)
    else client.half.abort('peer-reset', why)
  }

  /** Every 100 ms or so. `moreCome`: sockets that are not let go yet, whose clients may speak before they are added. */
  sweep(now: Millis, moreCome: boolean): void {
    if (this.#tap === undefined && now < this.#lookAt) return
    this.#lookAt = now + LATE_LOOK_MS
    for (const [key, watched] of this.#watched) contained(this.context, () => this.#look(key, watched, now))
    if (moreCome) return
    if (this.#tap !== undefined && (this.#watched.size === 0 || now >= this.#tapUntil)) {
      this.close()
      // Who sleeps for days keeps nobody from hearing of the others.
      if (this.#open > 0) this.#report()
    }
    if (this.#isReported || this.#open > 0) return
    this.#isReported = true
    this.#report()
  }

  close(): void {
    this.#tap?.close()
    this.#tap = undefined
  }

  #report(): void {
    const { service, counts, context } = this
    const fields = { service, lane: context.setup.lane, ...counts, unverified: this.#open }
    logFrom(context, 'info', 'verdicts', fields)
  }

  #hear(from: string, header: Uint8Array, length: number): void {
    const segment = readSegment(header, length)
    if (segment === undefined) return
    const key = keyOf({ address: from, port: segment.sourcePort }, segment.destinationPort)
    const watched = this.#watched.get(key)
    if (watched === undefined) return
    const { watch, taken, acknowledged } = watched
    const { half } = watched.client
    watch.hear(segment, this.context.clock.now(), half.sent - taken, half.received + 1 - acknowledged)
  }

  #count(verdict: Verdict): void {
    this.counts[verdict]++
    if (verdict !== 'unverified') this.context.counters[COUNTERS[verdict]]++
  }

  #look(key: string, watched: Watched, now: Millis): void {
    const { client, watch } = watched
    if (watch.isOpen) this.#lookForWord(watched, now)
    else this.#lookForGap(watched, now)
    if (client.half.isClosed || watch.isOver(now)) this.#watched.delete(key)
    // Its client, or its program, has ended it: there is nothing to prove any more.
    this.#recount(watched, client.half.isClosed && watch.isOpen ? 'gone' : watch.verdict)
    if (watch.verdict !== 'reset') return
    const bytes = watch.missing === undefined ? 'bytes' : `${watch.missing} bytes`
    this.#end(client, `the director that died had acknowledged ${bytes} of the client that it had not passed on`)
  }

  /** Most are decided once; a loss may be found out later. */
  #recount(watched: Watched, verdict: Verdict): void {
    if (watched.counted === verdict) return
    if (watched.counted === 'unverified') this.#open--
    else {
      this.counts[watched.counted]--
      this.#isReported = false
    }
    watched.counted = verdict
    this.#count(verdict)
  }

  #lookForWord({ client: { half }, socket, watch, taken }: Watched, now: Millis): void {
    const inbound = half.isClosed ? 'nothing' : socket.inbound()
    // With a tap it is heard of, and told from what is only out of order.
    if (inbound === 'gap' && this.#tap === undefined) watch.noticeGap(now)
    watch.tick(now, half.sent > taken || inbound === 'taken')
    if (!half.isClosed && watch.takeProbe(now)) socket.probe()
  }

  /** After the client's end, which comes in order as all its bytes do, there is none. */
  #lookForGap({ client: { half }, watch, taken }: Watched, now: Millis): void {
    const isAllHere = half.isClosed || half.progress.finSent
    const isWaiting = () => half.isHolding || this.rebuilder.unread(half.socket) !== 0
    watch.tickWhole(now, isAllHere ? Infinity : half.sent - taken, isWaiting)
  }

  #end(client: ClientHalf, detail: string): void {
    logFrom(this.context, 'warn', 'splice-reset', {
      splice: formatSpliceId(client.id),
      service: this.service,
      client: formatEndpoint(client.client),
      why: detail,
    })
    client.half.abort('input-lost', detail)
  }
}

const COUNTERS = { proven: 'proven', filled: 'filled', reset: 'inputLost', gone: 'clientGone' } as const

function keyOf({ address, port }: Endpoint, destination: number): string {
  return `${address} ${port} ${destination}`
}
