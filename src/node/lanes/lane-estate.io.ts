/** What becomes of a lane that died: whether another may take its place, and what is done with its descriptors. */
import { type Endpoint, formatEndpoint } from '../../base/address.js'
import type { Millis } from '../../base/time.js'
import { type Remains, RemainsSorter } from '../../kernel/lane-remains.io.js'
import { DescriptorTable } from '../../proxy/descriptor-table.js'
import type { Bequest } from '../../proxy/lane-protocol.js'

/** One that dies again and again takes its splices' time with it: then a standby serves better. */
const DEATHS_MAX = 3
const DEATHS_WITHIN_MS: Millis = 60_000
/** What was given to a link is on its way for so long. */
const LINGER_MS: Millis = 1_000

export interface Estate {
  readonly bequests: readonly Bequest[]
  /** Programs of this host that were served by it, and have been reset. */
  readonly programs: number
}

export interface Ways {
  readonly fateOf: (destination: Endpoint) => 'keep' | 'silence' | undefined
  /** Where it listened for data links, and where it has dialled them. */
  readonly dataAt: Endpoint | undefined
  readonly dialled: ReadonlySet<string>
}

export class LaneEstates {
  readonly memory = DescriptorTable.bytes()
  readonly #table = new DescriptorTable(this.memory)
  #deaths: Millis[] = []

  /** A descriptor that was made elsewhere, for that lane. */
  gave(fd: number, lane: number): void {
    if (fd >= 0) this.#table.took(fd, lane)
  }

  /** `undefined`: another may take its place. */
  tooMany(now: Millis): string | undefined {
    this.#deaths = [...this.#deaths, now].filter((at) => now - at < DEATHS_WITHIN_MS)
    return this.#deaths.length <= DEATHS_MAX ? undefined : `${this.#deaths.length} lanes have died within a minute`
  }

  /** Its thread has ended. */
  settle(lane: number, { fateOf, dataAt, dialled }: Ways): Estate | { readonly why: string } {
    const sorter = RemainsSorter.open()
    if ('why' in sorter) return sorter
    const fds = this.#table.of(lane)
    const isAccepted = new Set(fds.filter((fd) => this.#table.isAccepted(fd)))
    for (const fd of fds) this.#table.letGo(fd)
    const listensAt = dataAt === undefined ? '' : formatEndpoint(dataAt)
    const remains: Remains = sorter.sort(fds, {
      clientAt: fateOf,
      isLink: (local, remote) => formatEndpoint(local) === listensAt || dialled.has(formatEndpoint(remote)),
    })
    for (const { fd } of remains.clients) this.#table.took(fd, lane, isAccepted.has(fd))
    setTimeout(() => sorter.close(remains.links), LINGER_MS).unref()
    const bequests = remains.clients.map((client) => ({ ...client, isAccepted: isAccepted.has(client.fd) }))
    return { bequests, programs: remains.programs }
  }

  /** The process is about to end: connections at these addresses say no more word. */
  silence(addresses: ReadonlySet<string>): void {
    const sorter = RemainsSorter.open()
    if (!('why' in sorter)) sorter.silenceAt(addresses, this.#table.of())
  }
}
