/**
 * Tells the next in line of the clients of this director, of where their programs are, and when they have ended. Whoever is in no ledger
 * when this director is gone is lost, because both halves were on its host, or because the other one's died as well, and is told so.
 * Once a second, and only of those that are older than that: whoever comes and goes costs nothing.
 */
import type { NodeId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { ClientHalf } from '../proxy/client-half.js'
import type { MortalFrame } from '../proxy/ledger-frames.js'
import { LINK_HANDLE } from '../proxy/splice-frame.js'
import { MORTALS_MAX } from './mortals.js'
import type { LedgerLink } from './recovery.js'

const TELL_EVERY_MS: Millis = 1_000
/** Should the first die with the director. */
const STANDBYS_TOLD = 2

type Splice = Pick<ClientHalf, 'id' | 'served' | 'node' | 'startedAt' | 'client' | 'destination'> & {
  readonly parkedUntil?: Millis | undefined
  readonly half: { readonly isClosed: boolean }
}

export class MortalNews {
  readonly #told = new Map<LedgerLink, Set<Splice>>()
  #tellAt: Millis = 0

  constructor(
    private readonly service: string,
    private readonly term: Term,
  ) {}

  sweep(now: Millis, clients: Iterable<Splice>, links: readonly LedgerLink[]): void {
    for (const link of this.#told.keys()) if (!links.includes(link)) this.#told.delete(link)
    if (now < this.#tellAt || links.length === 0) return
    this.#tellAt = now + TELL_EVERY_MS
    const mortal = new Set<Splice>()
    for (const client of clients) {
      if (mortal.size >= MORTALS_MAX) break
      // One that is parked is in no ledger at all.
      const stands = client.parkedUntil !== undefined || (client.served && client.node !== undefined)
      if (stands && !client.half.isClosed && now - client.startedAt >= TELL_EVERY_MS) mortal.add(client)
    }
    for (const link of links) this.#tell(link, mortal)
  }

  #tell(link: LedgerLink, mortal: ReadonlySet<Splice>): void {
    const told = this.#told.get(link) ?? new Set<Splice>()
    this.#told.set(link, told)
    for (const client of told) {
      if (mortal.has(client)) continue
      told.delete(client)
      link.say(this.#frame(client, true))
    }
    for (const client of mortal) {
      if (told.has(client)) continue
      told.add(client)
      link.say(this.#frame(client, false))
    }
  }

  #frame({ id, client, destination, node }: Splice, isOver: boolean): MortalFrame {
    const { service, term } = this
    // One that is over is named by its id alone.
    const host = node?.node ?? term.holder
    return { kind: 'mortal', handle: LINK_HANDLE, service, term, id, client, destination, host, isOver }
  }
}

/** A link to each of the first few that can be reached. */
export function linksToTell(
  standbys: readonly NodeId[],
  linksTo: (node: NodeId) => readonly LedgerLink[],
): LedgerLink[] {
  const links: LedgerLink[] = []
  for (const node of standbys) {
    if (links.length === STANDBYS_TOLD) break
    const link = linksTo(node).find(({ isUp }) => isUp)
    if (link !== undefined) links.push(link)
  }
  return links
}
