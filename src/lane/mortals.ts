/**
 * What directors have told this lane of splices that end with them (docs/handoff.md): kept for whoever follows such a director. A
 * link that breaks takes nothing away, since the death of the director is what this is for; but what is not asked for some time
 * after that, or after it was told on, is forgotten.
 */
import { formatSpliceId, type NodeId, type SpliceId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { Parting } from '../handoff/farewell.js'
import type { AskFrame, MortalFrame } from '../proxy/ledger-frames.js'
import { LINK_HANDLE } from '../proxy/splice-frame.js'

/** Of all directors and services; what is more is not kept, and those clients hear of the end when they speak. */
export const MORTALS_MAX = 16_384
/** Long enough for two directors that die one after the other. */
const KEPT_MS: Millis = 120_000

interface Told extends Parting {
  readonly id: SpliceId
  readonly host: NodeId
}

/** What came by one link for one service. */
interface Group {
  readonly splices: Map<string, Told>
  /** When it is forgotten; `undefined`: its director still tells. */
  until: Millis | undefined
}

export class Mortals {
  /** By link, then by service. */
  readonly #groups = new Map<object, Map<string, Group>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  take(link: object, { service, id, client, destination, host, isOver }: MortalFrame): void {
    const groups = this.#groups.get(link) ?? new Map<string, Group>()
    const group = groups.get(service) ?? { splices: new Map<string, Told>(), until: undefined }
    const key = formatSpliceId(id)
    if (isOver) {
      if (group.splices.delete(key)) this.#size--
      return
    }
    if (this.#size >= MORTALS_MAX || group.splices.has(key)) return
    this.#groups.set(link, groups.set(service, group))
    group.splices.set(key, { id, client, destination, host })
    // Its director lives, whoever asked meanwhile.
    group.until = undefined
    this.#size++
  }

  /** For a new director: the frames that answer its question. */
  tell({ service, term }: AskFrame, now: Millis): MortalFrame[] {
    return [...this.#groups.values()].flatMap((groups) => {
      const group = groups.get(service)
      if (group === undefined) return []
      group.until ??= now + KEPT_MS
      return [...group.splices.values()].map((told): MortalFrame => {
        return { kind: 'mortal', handle: LINK_HANDLE, service, term, ...told, isOver: false }
      })
    })
  }

  onLinkDown(link: object, now: Millis): void {
    for (const group of this.#groups.get(link)?.values() ?? []) group.until ??= now + KEPT_MS
  }

  sweep(now: Millis): void {
    for (const [link, groups] of this.#groups) {
      for (const [service, { until, splices }] of groups) {
        if (splices.size > 0 && (until === undefined || now < until)) continue
        this.#size -= splices.size
        groups.delete(service)
      }
      if (groups.size === 0) this.#groups.delete(link)
    }
  }
}
