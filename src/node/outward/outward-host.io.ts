/** What the host says that connections of programs depend on: addresses of names, and how many source ports there are. */
import { lookup } from 'node:dns'
import { readFileSync } from 'node:fs'
import { canonicalIp } from '../../base/address.js'

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range'
/** Linux's own. */
const RANGE_USUAL = 28_232
const ADDRESSES_MAX = 16

/** getaddrinfo(3) keeps a thread of Node's four, for seconds where nobody answers: the others are for the rest of the node. */
const LOOKUPS_AT_ONCE = 2
const WAITING_MAX = 1_024

type Lookup = (host: string, then: (addresses: readonly string[]) => void) => void

/** Names as this host resolves them, its own files among what it asks. */
export class Names {
  readonly #waiting: (() => void)[] = []
  #asked = 0

  constructor(private readonly lookup: Lookup = systemLookup) {}

  /** None: there is no such name, or too many are asked for. */
  addressesOf(host: string, then: (addresses: readonly string[]) => void): void {
    if (this.#waiting.length >= WAITING_MAX) return then([])
    this.#waiting.push(() => {
      this.lookup(host, (addresses) => {
        this.#asked--
        then(addresses.slice(0, ADDRESSES_MAX))
        this.#next()
      })
    })
    this.#next()
  }

  #next(): void {
    const ask = this.#asked < LOOKUPS_AT_ONCE ? this.#waiting.shift() : undefined
    if (ask === undefined) return
    this.#asked++
    ask()
  }
}

function systemLookup(host: string, then: (addresses: readonly string[]) => void): void {
  lookup(host, { all: true }, (error, found) => {
    then(error === null ? found.flatMap(({ address }) => canonicalIp(address) ?? []) : [])
  })
}

/** How many ports the kernel may give to outgoing connections. */
export function localPortRange(file = RANGE): number {
  try {
    const [first = Number.NaN, last = Number.NaN] = readFileSync(file, 'utf8').trim().split(/\s+/).map(Number)
    return last >= first ? last - first + 1 : RANGE_USUAL
  } catch {
    return RANGE_USUAL
  }
}
