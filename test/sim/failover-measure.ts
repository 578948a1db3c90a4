/** How long a service is without a director, simulated: one director ended after another. */
import { QuietCluster, type QuietOptions } from './quiet-cluster.js'

export interface FailoverOptions extends QuietOptions {
  /** `crash`: the process ends, which its host shows; `power-off`: nothing but silence. */
  readonly end: 'crash' | 'power-off'
  readonly times: number
}

/** Milliseconds from each end to the moment at which another holds the lease, in the order of the ends. */
export function measureFailover({ end, times, ...options }: FailoverOptions): number[] {
  const gaps: number[] = []
  let endedAt = Number.NaN
  const onAcquired = () => {
    if (!Number.isNaN(endedAt)) gaps.push(cluster.now - endedAt)
    endedAt = Number.NaN
  }
  const cluster = new QuietCluster({ ...options, onAcquired })
  cluster.addServices(['web'])
  cluster.run(3_000)
  for (let i = 0; i < times; i++) {
    const director = cluster.hosts.find((host) => host.acts('web'))
    if (director === undefined) throw new Error(`nobody directs before the ${i + 1}th end`)
    endedAt = cluster.now
    cluster.end(director, end === 'power-off')
    cluster.run(4_000)
    cluster.start(director)
    cluster.run(4_000 + cluster.random.between(0, 1_000))
  }
  return gaps
}

/** `p` from 0 to 1. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN
}
