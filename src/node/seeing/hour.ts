/** The last hour in samples, for whoever looks: a ring of figures, no more than that. */
import type { Millis } from '../../base/time.js'
import type { LaneReport } from '../../proxy/lane-report.js'

export const SAMPLE_MS: Millis = 5_000
/** An hour of them. */
export const SAMPLES_MAX = 720
/** Services whose own line is kept. */
const SERVICES_MAX = 16

interface Sample {
  readonly at: Millis
  readonly splices: number
  readonly accepted: number
  readonly up: number
  readonly down: number
  readonly perService: ReadonlyMap<string, number>
}

export interface HourView {
  readonly splices: readonly number[]
  /** A second. */
  readonly accepted: readonly number[]
  readonly up: readonly number[]
  readonly down: readonly number[]
}

export class Hour {
  readonly #samples: Sample[] = []

  /** When the next is due. */
  get dueAt(): Millis {
    const last = this.#samples.at(-1)
    return last === undefined ? 0 : last.at + SAMPLE_MS
  }

  add(report: LaneReport, now: Millis): void {
    const { active, counters } = report
    const perService = new Map<string, number>()
    for (const { service, splices } of report.perBackend) {
      if (perService.size < SERVICES_MAX || perService.has(service)) {
        perService.set(service, (perService.get(service) ?? 0) + splices)
      }
    }
    const { accepted, bytesUp: up, bytesDown: down } = counters
    this.#samples.push({ at: now, splices: active, accepted, up, down, perService })
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift()
  }

  /** As many of each as there are samples but the first, since a rate takes two. */
  get view(): HourView {
    const rest = this.#samples.slice(1)
    return {
      splices: rest.map(({ splices }) => splices),
      accepted: this.#rates('accepted'),
      up: this.#rates('up'),
      down: this.#rates('down'),
    }
  }

  trend(service: string): number[] {
    return this.#samples.slice(1).map(({ perService }) => perService.get(service) ?? 0)
  }

  /** Never below 0: what another director goes on with is counted there. */
  #rates(field: 'accepted' | 'up' | 'down'): number[] {
    return this.#samples.slice(1).map((sample, i) => {
      const before = this.#samples[i] as Sample
      const seconds = Math.max(1, sample.at - before.at) / 1_000
      return Math.max(0, sample[field] - before[field]) / seconds
    })
  }
}
