/**
 * Hybrid logical clock (Kulkarni, Demirbas, Madappa, Avva, Leone 2014): a stamp follows the wall clock where that is
 * right and counts where it is not, so that whoever writes after having seen a stamp gets a later one. Pure: the wall
 * clock is an argument.
 *
 * A wrong clock cannot poison the map for ever:
 *  1. All nodes order stamps alike, however odd they look: a node that judged by its own clock would hold another map.
 *  2. The own clock does not follow a stamp that is more than `AHEAD_MS_MAX` ahead of the wall clock. What one node
 *     wrote in 2099 does not push every later write of all nodes to 2099.
 *  3. A write is stamped later than all that its node has seen *of that entry*. So the odd value gives way to
 *     the first write of anybody who sees it, whatever the year.
 *  4. No clock starts a stamp beyond `CLOCK_MS_MAX`, and stamps up to twice that are accepted: there is always a later one.
 */
import { assert } from '../base/assert.js'
import { isNodeId, type NodeId } from '../base/ids.js'
import { MINUTE_MS, type Millis } from '../base/time.js'

export interface Stamp {
  /** Milliseconds since 1970, an integer up to `STAMP_MS_MAX`. */
  readonly wallMs: Millis
  /** Orders stamps of one millisecond, 0 … 65535. */
  readonly counter: number
  /** Whose stamp: the last tie-break. */
  readonly node: NodeId
}

export const AHEAD_MS_MAX: Millis = MINUTE_MS
/** Year 4199. */
export const CLOCK_MS_MAX: Millis = 2 ** 46
export const STAMP_MS_MAX: Millis = 2 ** 47
const COUNTER_MAX = 0xffff

/** Below 0 if `a` is earlier, above 0 if it is later, 0 only for equal stamps. */
export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.wallMs !== b.wallMs) return a.wallMs - b.wallMs
  if (a.counter !== b.counter) return a.counter - b.counter
  return a.node === b.node ? 0 : a.node < b.node ? -1 : 1
}

/** `undefined` is earlier than every stamp. */
export function laterStamp<S extends Stamp | undefined>(a: S, b: S): S {
  if (a === undefined) return b
  if (b === undefined) return a
  return compareStamps(a, b) < 0 ? b : a
}

export function isStamp({ wallMs, counter, node }: Stamp): boolean {
  return isWhole(wallMs, STAMP_MS_MAX) && isWhole(counter, COUNTER_MAX) && isNodeId(node)
}

/** `false` only if somebody with the cluster key forged it: rule 4 leaves 2⁴⁶ milliseconds, each 65536 writes long. */
export function hasSuccessor(stamp: Stamp): boolean {
  return stamp.wallMs < STAMP_MS_MAX
}

/** `1790000000000.3@0123…`: for files and logs. */
export function formatStamp({ wallMs, counter, node }: Stamp): string {
  return `${wallMs}.${counter}@${node}`
}

export function parseStamp(text: string): Stamp | undefined {
  const match = /^(\d{1,15})\.(\d{1,5})@([0-9a-f]{32})$/.exec(text)
  if (match === null) return undefined
  const stamp: Stamp = { wallMs: Number(match[1]), counter: Number(match[2]), node: match[3] ?? '' }
  return isStamp(stamp) ? stamp : undefined
}

/** One node's clock. Its stamps are unique as long as it lives; after a restart rule 3 keeps each entry's order. */
export class HybridClock {
  #wallMs: Millis = 0
  #counter = 0

  constructor(private readonly node: NodeId) {}

  /** A stamp of somebody else was seen. */
  observe(stamp: Stamp, wall: Millis): void {
    if (stamp.wallMs > Math.min(wall, CLOCK_MS_MAX) + AHEAD_MS_MAX || !this.#isBefore(stamp)) return
    this.#wallMs = stamp.wallMs
    this.#counter = stamp.counter
  }

  /** A stamp for a write now, later than each that this clock gave or followed, and than `seen` (`hasSuccessor`). */
  next(wall: Millis, seen: Stamp | undefined): Stamp {
    const reading = Math.min(Math.max(0, Math.floor(wall)), CLOCK_MS_MAX)
    if (reading > this.#wallMs) {
      this.#wallMs = reading
      this.#counter = 0
    } else this.#advance()
    const stamp = { wallMs: this.#wallMs, counter: this.#counter, node: this.node }
    if (seen === undefined || compareStamps(seen, stamp) < 0) return stamp
    return successor(seen, this.node)
  }

  #isBefore({ wallMs, counter }: Stamp): boolean {
    return this.#wallMs < wallMs || (this.#wallMs === wallMs && this.#counter < counter)
  }

  #advance(): void {
    const { wallMs, counter } = successor({ wallMs: this.#wallMs, counter: this.#counter, node: this.node }, this.node)
    this.#wallMs = wallMs
    this.#counter = counter
  }
}

function successor({ wallMs, counter }: Stamp, node: NodeId): Stamp {
  assert(wallMs < STAMP_MS_MAX, 'the stamp that is to be followed has a successor')
  return counter < COUNTER_MAX ? { wallMs, counter: counter + 1, node } : { wallMs: wallMs + 1, counter: 0, node }
}

function isWhole(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max
}
