/** Measured in the simulation: how soon a crash is known, what membership costs, and how often it errs. */
import type { Millis } from '../../src/base/time.js'
import { type GossipProfile, gossipConfig } from '../../src/gossip/config.js'
import { MembershipCluster } from './membership.js'
import { LOSSY } from './membership-cast.js'
import { falseVerdicts } from './membership-laws.js'

export interface Measured {
  readonly medianMs: Millis
  readonly p99Ms: Millis
  readonly maxMs: Millis
  readonly datagramsPerSecond: number
  /** Sealed datagrams and control links, without the headers of IP, UDP and TCP. */
  readonly bytesPerSecond: number
  readonly suspicions: number
  readonly falsePositives: number
}

export interface Measurement {
  readonly size: number
  readonly profile: GossipProfile
  /** First a time in which nothing happens but weather … */
  readonly nodeSeconds: number
  /** … then silent crashes at random moments, one after another: from each until all others hold the member down. */
  readonly crashes: number
  /** With control links, as nodes have them; without, the second way to a member that does not answer is missing. */
  readonly links?: boolean
}

export function measure({ size, profile, nodeSeconds, crashes, links = true }: Measurement): Measured {
  const config = gossipConfig(profile)
  const cluster = MembershipCluster.acquainted({ size, seed: 1, config, weather: LOSSY, drift: 500e-6, links })
  const before = { ...cluster.sent }
  cluster.run((nodeSeconds / size) * 1_000)
  const { datagrams, datagramBytes, streamBytes } = cluster.sent
  const quiet = {
    datagramsPerSecond: (datagrams - before.datagrams) / nodeSeconds,
    bytesPerSecond: (datagramBytes - before.datagramBytes + streamBytes - before.streamBytes) / nodeSeconds,
    suspicions: cluster.seen.filter(({ state }) => state === 'suspect').length,
    falsePositives: falseVerdicts(cluster).length,
  }
  const times = Array.from({ length: crashes }, () => crashOne(cluster)).sort((a, b) => a - b)
  const quantile = (share: number) => times[Math.ceil(share * crashes) - 1] ?? Number.NaN
  return { medianMs: quantile(0.5), p99Ms: quantile(0.99), maxMs: quantile(1), ...quiet }
}

function crashOne(cluster: MembershipCluster): Millis {
  cluster.run(cluster.random.between(1_000, 2_000))
  cluster.seen.length = 0
  const victim = cluster.random.below(cluster.nodes.length)
  cluster.crash(victim)
  const ms = cluster.untilKnownDown(victim, 60_000) ?? Number.POSITIVE_INFINITY
  cluster.restart(victim)
  cluster.runUntil(() => cluster.converged(), 30_000)
  return ms
}
