import { type Endpoint, formatEndpoint } from '../../base/address.js'
import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import type { RefusalReason } from '../../gossip/seal.js'

const MEANINGS: Readonly<Record<RefusalReason, string>> = {
  key: 'another cluster key is used there; a node that missed a rotation is given the new one by `baton up --token`, and `baton keys token` on another prints it',
  format: 'it is no datagram of Baton, or of a release that this one does not know',
  replay: 'they were heard before: the network doubles them, or somebody replays them',
  banned: 'they are of a node that is banned: `baton keys list` shows it, and whether it may still know a key',
  'old-boot': 'they are of an earlier life of that node: was its state folder restored from a copy?',
}

/** A warning stands for this long after the last datagram. */
const REMEMBERED_MS: Millis = 60_000
/** A doubled datagram is weather; an operator hears of what stays. */
const WORTH_WARNING = 3

/** Datagrams that were not opened: counted, logged ever more seldom, told to the operator while they come. */
export class Strangers {
  readonly #counts = new Map<RefusalReason, { count: number; from: Endpoint; at: Millis }>()

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  refused(from: Endpoint, why: RefusalReason): void {
    const count = (this.#counts.get(why)?.count ?? 0) + 1
    this.#counts.set(why, { count, from, at: this.clock.now() })
    if (!Number.isInteger(Math.log2(count))) return
    this.logger.log('warn', 'datagram-refused', { from: formatEndpoint(from), why, count, meaning: MEANINGS[why] })
  }

  warnings(): string[] {
    const now = this.clock.now()
    return [...this.#counts]
      .filter(([why, { count, at }]) => why !== 'replay' && count >= WORTH_WARNING && now - at < REMEMBERED_MS)
      .map(
        ([why, { count, from }]) =>
          `${count} datagrams were refused, the last from ${formatEndpoint(from)}: ${MEANINGS[why]}`,
      )
  }
}
