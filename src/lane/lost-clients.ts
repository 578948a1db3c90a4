/**
 * Clients that are lost with their director: those of the one before are told so, and those that would be lost with this one are named to
 * whoever would be next.
 */
import type { NodeId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { Parting } from '../handoff/farewell.js'
import type { ClientHalf } from '../proxy/client-half.js'
import type { MortalFrame } from '../proxy/ledger-frames.js'
import { HEIRLESS_MS } from './backends.js'
import type { LaneContext } from './lane-context.js'
import { linksToTell, MortalNews } from './mortal-news.js'
import { Partings } from './partings.js'
import type { LedgerLink, Recovery } from './recovery.js'

/**
 * A socket is closed and made once more when its client has said what it has. Most have within milliseconds; for those that sleep the
 * others are not kept waiting, whose connections are lost and who are to be told so.
 */
const SETTLED_MS_MAX: Millis = 1_000
/**
 * A node that is thought to be dead may be a host that stands still, as one that is moved to other hardware does: what it has of lost
 * clients is waited for. Those of a host without power hear so much later that it is over.
 */
const WAKES_MS_MAX: Millis = 3_000

export interface LostClientsHost {
  readonly service: { readonly name: string; readonly address: string }
  readonly term: Term
  readonly begunAt: Millis
  readonly recovery: Pick<Recovery, 'awaits' | 'mayWake' | 'isOpen'> | undefined
  /** No rebuilt socket waits for its client's word. */
  readonly isSettled: boolean
}

export class LostClients {
  readonly #partings: Partings | undefined
  readonly #news: MortalNews
  #letGoAt: Millis | undefined
  /** No splice of an earlier director is expected any more, and that has been told. */
  #isKnown = false

  constructor(
    private readonly host: LostClientsHost,
    private readonly context: LaneContext,
    private standbys: readonly NodeId[],
    private readonly linksTo: (node: NodeId) => readonly LedgerLink[],
  ) {
    const { name, address } = host.service
    const { rebuilder } = context
    this.#news = new MortalNews(name, host.term)
    this.#partings = rebuilder && new Partings(name, address, context, rebuilder)
  }

  get isKnown(): boolean {
    return this.#isKnown
  }

  followStandbys(standbys: readonly NodeId[]): void {
    this.standbys = standbys
  }

  letGo(now: Millis): void {
    this.#letGoAt ??= now
  }

  /** Of an earlier director: lost, unless its program's node tells of it. */
  onMortal({ client, destination, host }: MortalFrame): void {
    this.#partings?.expect(host, { client, destination })
  }

  /** It is told of. `isLost`: and cannot be rebuilt. */
  onTold(parting: Parting, isLost: boolean): void {
    if (isLost) this.#partings?.lose(parting)
    else this.#partings?.forget(parting)
  }

  /** It is reset. */
  add(parting: Parting): void {
    this.#partings?.add(parting)
  }

  sweep(now: Millis, clients: Iterable<ClientHalf>): void {
    this.#news.sweep(now, clients, linksToTell(this.standbys, this.linksTo))
    if (this.#letGoAt !== undefined) this.#look(now, this.#letGoAt)
  }

  close(): void {
    this.#partings?.close()
  }

  #look(now: Millis, letGoAt: Millis): void {
    const { begunAt, recovery, isSettled, service, term } = this.host
    // What has not been told of by then has been given up where it was.
    const isLate = now >= begunAt + HEIRLESS_MS
    const mayWake = now < begunAt + WAKES_MS_MAX
    this.#partings?.sweep(now, (host) => {
      return !isLate && recovery !== undefined && (recovery.awaits(host) || (mayWake && recovery.mayWake(host)))
    })
    // Whoever is not named yet is known to its node alone.
    const isOpen = (mayWake && recovery?.isOpen === true) || this.#partings?.isExpecting === true
    const mayEnd = !isOpen && (now >= letGoAt + SETTLED_MS_MAX || isSettled)
    if (this.#isKnown || (!isLate && (!mayEnd || recovery?.awaits() === true))) return
    this.#isKnown = true
    this.context.post({ type: 'known', service: service.name, term })
  }
}
