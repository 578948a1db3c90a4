/** Measured in the simulation: how soon a crash is known, what membership costs, and how often it errs. */
import type { Millis } from '../../src/base/time.js'
import { type GossipProfile, gossipConfig } from '../../src/gossip/config.js'
import { MembershipCluster } from './membership.js'
import { LOSSY } from './membership-cast.js'
import { falseVerdicts } from './membership-laws.js'

export interface Measured {
  readonly size: number
  readonly profile: GossipProfile
  readonly seed?: number
}

export interface Detection {
  readonly crashes: number
  readonly medianMs: Millis
  readonly p99Ms: Millis
  readonly maxMs: Millis
}

export interface Quiet {
  readonly nodeSeconds: number
  readonly datagramsPerSecond: number
  /** Sealed datagrams and control links, without the headers of IP, UDP and TCP. */
  readonly bytesPerSecond: number
  readonly suspicions: number
  readonly falsePositives: number
}

/** Silent crashes at random moments, one after another: from each until all others hold the member down. */
export function measureDetection({ size, profile, seed = 1 }: Measured, crashes: number): Detection {
  const config = gossipConfig(profile)
  const cluster = MembershipCluster.acquainted({ size, seed, config, weather: LOSSY, drift: 500e-6 })
  const times: Millis[] = []
  for (let i = 0; i < crashes; i++) {
    cluster.run(cluster.random.between(1_000, 2_000))
    const victim = cluster.random.below(size)
    cluster.crash(victim)
    times.push(cluster.untilKnownDown(victim, 60_000) ?? Number.POSITIVE_INFINITY)
    cluster.restart(victim)
    cluster.runUntil(() => cluster.converged(), 30_000)
    cluster.seen.length = 0
  }
  times.sort((a, b) => a - b)
  const quantile = (share: number) => times[Math.min(crashes - 1, Math.ceil(share * crashes) - 1)] ?? Number.NaN
  return { crashes, medianMs: quantile(0.5), p99Ms: quantile(0.99), maxMs: quantile(1) }
}

/** Nothing happens but weather. */
export function measureQuiet({ size, profile, seed = 2 }: Measured, nodeSeconds: number): Quiet {
  const config = gossipConfig(profile)
  const cluster = MembershipCluster.acquainted({ size, seed, config, weather: LOSSY, drift: 500e-6 })
  const before = { ...cluster.sent }
  cluster.run((nodeSeconds / size) * 1_000)
  const { datagrams, datagramBytes, streamBytes } = cluster.sent
  return {
    nodeSeconds,
    datagramsPerSecond: (datagrams - before.datagrams) / nodeSeconds,
    bytesPerSecond: (datagramBytes - before.datagramBytes + streamBytes - before.streamBytes) / nodeSeconds,
    suspicions: cluster.seen.filter(({ state }) => state === 'suspect').length,
    falsePositives: falseVerdicts(cluster).length,
  }
}
