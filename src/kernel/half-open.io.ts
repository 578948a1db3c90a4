/** How many handshakes to an address of this host have begun and are not over (sock_diag(7)). */

import { isIpv6 } from '../base/address.js'
import { AF_INET, AF_INET6, SOCK_NONBLOCK_CLOEXEC, SOCK_RAW } from './constants.js'
import { type ControlCalls, errorName, type Lacking, loadControlCalls } from './control-calls.io.js'
import { countHalfOpen, encodeHalfOpenQuery } from './sock-diag.js'

const AF_NETLINK = 16
const NETLINK_SOCK_DIAG = 4
const DATAGRAM_BYTES_MAX = 32 * 1024
/** A flood of SYNs is not counted to its end. */
const DATAGRAMS_MAX = 64

export class HalfOpen {
  readonly #datagram = new Uint8Array(DATAGRAM_BYTES_MAX)
  #sequence = 0

  private constructor(
    private readonly fd: number,
    private readonly calls: ControlCalls,
  ) {}

  static open(): HalfOpen | Lacking {
    const calls = loadControlCalls()
    if ('why' in calls) return calls
    const fd = calls.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK_CLOEXEC, NETLINK_SOCK_DIAG)
    return fd < 0 ? { why: `no netlink socket: ${errorName(fd)}` } : new HalfOpen(fd, calls)
  }

  /** As many as were found; 0 also where the kernel does not say. */
  count(address: string): number {
    const sequence = ++this.#sequence
    const family = isIpv6(address) ? AF_INET6 : AF_INET
    if (this.calls.send(this.fd, encodeHalfOpenQuery(family, sequence)) < 0) return 0
    let found = 0
    for (let datagrams = 0; datagrams < DATAGRAMS_MAX; datagrams++) {
      const length = this.calls.receive(this.fd, this.#datagram)
      if (length < 0) break
      const part = countHalfOpen(this.#datagram.subarray(0, length), sequence, address)
      found += part.count
      if (part.done) break
    }
    return found
  }

  close(): void {
    this.calls.close(this.fd)
  }
}
