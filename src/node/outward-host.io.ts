/** What the host says that connections of programs depend on: addresses of names, and how many source ports there are. */
import { lookup } from 'node:dns'
import { readFileSync } from 'node:fs'
import { canonicalIp } from '../base/address.js'

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range'
/** Linux's own. */
const RANGE_USUAL = 28_232
const ADDRESSES_MAX = 16

/** As this host resolves names, its own files among what it asks; none: there is no such name. */
export function addressesOf(host: string, then: (addresses: readonly string[]) => void): void {
  lookup(host, { all: true }, (error, found) => {
    const addresses = error === null ? found.flatMap(({ address }) => canonicalIp(address) ?? []) : []
    then(addresses.slice(0, ADDRESSES_MAX))
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
