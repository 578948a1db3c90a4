/**
 * The knobs of membership. `lan` is the base; the other profiles are deltas of it.
 *
 * How long a crash takes to be known everywhere, after the SWIM and Lifeguard papers, with n members:
 *
 *   first probe   each of the n − 1 others probes one member per interval, in shuffled rounds, so the dead one is
 *                 probed once per interval on average: after n − 1 intervals for certain, after 5 but for e⁻⁵ < 1 %
 *   + probe       probeDeadlineMs
 *   + suspicion   suspicionMinMs(n), once `confirmationsWanted` others agree (they come one per interval, meanwhile)
 *   + spread      a suspicion starts the same clock everywhere, so only the accusation has to travel
 *
 *   lan,  n = 64:  5 · 100 + 300 + 400 + 4 · 50 = 1,400 ms        lan,  n = 3:  2 · 100 + 300 + 300 + 2 · 50 = 900 ms
 *   fast, n = 64:  5 ·  30 + 100 + 120 + 4 · 15 =   430 ms        fast, n = 3:  2 ·  30 + 100 +  90 + 2 · 15 = 280 ms
 *
 * What it costs: 1000 / probeIntervalMs probes per second and node, each a ping and an ack of about 90 bytes sealed, and
 * as many answers to others, whatever n is. Simulated at 1 % loss, 8 and 64 nodes alike: 23 datagrams and 2 kB sent per
 * second and node on `lan`, 76 and 7 kB on `fast`. docs/membership.md has each knob with its relations, and tables.
 */
import type { Millis } from '../base/time.js'

export type GossipProfile = 'lan' | 'fast' | 'wan' | 'test'

export interface GossipConfig {
  /** A new probe starts this often (times local health + 1). Shorter finds deaths sooner and costs datagrams. */
  readonly probeIntervalMs: Millis
  /**
   * After this long without an ack, helpers are asked; they give up after the same time and say so. Above the worst
   * usual round trip, scheduling included.
   */
  readonly probeTimeoutMs: Millis
  /** A probe without any answer by then has failed. At least 3 × probeTimeoutMs: direct, helper's wait, way back. */
  readonly probeDeadlineMs: Millis
  /** Helpers asked to probe in our place (k of the SWIM paper). At 1 % loss three fail together once in 10⁴. */
  readonly indirectProbes: number
  /** Part of the shortest suspicion that does not depend on n: two probe intervals in which the suspect is told. */
  readonly suspicionBaseMs: Millis
  /** Suspicion without confirmations lasts this many times the shortest: who hears nobody is likelier the sick one. */
  readonly suspicionMaxFactor: number
  /** Accusers besides the first that bring a suspicion to its shortest; in small clusters at most n − 2. */
  readonly confirmationsWanted: number
  /** Local health is 0 (well) … this; own intervals and timeouts are multiplied by health + 1. */
  readonly awarenessMax: number
  /** Fresh claims are sent this often, beside those that ride on probes. Nothing is sent when there is no news. */
  readonly gossipIntervalMs: Millis
  /** To how many random members each time. */
  readonly gossipFanout: number
  /** λ: a claim is sent λ · ⌈log10(n + 1)⌉ times by each who has it. */
  readonly retransmitFactor: number
  /** Digests are compared over one random control link this often, and full state where they differ. */
  readonly pushPullIntervalMs: Millis
  /** One member that is down, or address of an earlier boot, is asked again this often, for ever: so any cut heals. */
  readonly reconnectIntervalMs: Millis
  /** A candidate address is pinged this often … */
  readonly candidateIntervalMs: Millis
  /** … for this long; discovery may name it again. */
  readonly candidateExpiryMs: Millis
  /** A timer late by more than this is a stall of our own. Below probeTimeoutMs, or an unread ack counts as missing. */
  readonly stallMs: Millis
  /** Members remembered, dead ones included. When full, the one longest dead is forgotten; a living one never is. */
  readonly membersMax: number
}

const LAN: GossipConfig = {
  probeIntervalMs: 100,
  probeTimeoutMs: 100,
  probeDeadlineMs: 300,
  indirectProbes: 3,
  suspicionBaseMs: 200,
  suspicionMaxFactor: 3,
  confirmationsWanted: 2,
  awarenessMax: 8,
  gossipIntervalMs: 50,
  gossipFanout: 3,
  retransmitFactor: 4,
  pushPullIntervalMs: 15_000,
  reconnectIntervalMs: 2_000,
  candidateIntervalMs: 500,
  candidateExpiryMs: 30_000,
  stallMs: 50,
  membersMax: 4_096,
}

const DELTAS: Record<GossipProfile, Partial<GossipConfig>> = {
  lan: {},
  /** For hosts with processor to spare on one switch: a stall of 100 ms that is not noticed can cost a suspicion. */
  fast: {
    probeIntervalMs: 30,
    probeTimeoutMs: 33,
    probeDeadlineMs: 100,
    suspicionBaseMs: 60,
    gossipIntervalMs: 15,
    pushPullIntervalMs: 10_000,
    reconnectIntervalMs: 1_000,
    candidateIntervalMs: 250,
    stallMs: 25,
  },
  /** Round trips up to 500 ms with loss; a death is known after some 15 s. */
  wan: {
    probeIntervalMs: 1_000,
    probeTimeoutMs: 1_000,
    probeDeadlineMs: 3_000,
    suspicionBaseMs: 4_000,
    suspicionMaxFactor: 4,
    gossipIntervalMs: 300,
    pushPullIntervalMs: 60_000,
    reconnectIntervalMs: 15_000,
    candidateIntervalMs: 2_000,
    candidateExpiryMs: 120_000,
    stallMs: 500,
  },
  /**
   * For tests with real processes on a shared machine. Meeting and spreading are five times faster than `fast`;
   * detection is not: several processes on one core stall for tens of milliseconds, and that must stay no evidence.
   */
  test: {
    probeIntervalMs: 30,
    probeTimeoutMs: 50,
    probeDeadlineMs: 150,
    suspicionBaseMs: 100,
    gossipIntervalMs: 5,
    pushPullIntervalMs: 2_000,
    reconnectIntervalMs: 200,
    candidateIntervalMs: 50,
    stallMs: 25,
  },
}

/** The merged configuration of a profile; check it with `checkGossipConfig` before use. */
export function gossipConfig(profile: GossipProfile = 'lan', overrides: Partial<GossipConfig> = {}): GossipConfig {
  return Object.freeze({ ...LAN, ...DELTAS[profile], ...overrides })
}

/** Rounds of gossip after which all but unlucky members have a claim: each round multiplies the knowing by fanout + 1. */
export function spreadRounds(members: number, fanout: number): number {
  return Math.ceil(Math.log(Math.max(2, members)) / Math.log(fanout + 1)) + 1
}

/** The shortest suspicion: time to tell the suspect, and for its refutation to reach everybody. */
export function suspicionMinMs(config: GossipConfig, members: number): Millis {
  return config.suspicionBaseMs + config.gossipIntervalMs * spreadRounds(members, config.gossipFanout)
}

/** The sum at the head of this file. */
export function detectionMs(config: GossipConfig, members: number): Millis {
  return (
    Math.min(members - 1, 5) * config.probeIntervalMs +
    config.probeDeadlineMs +
    suspicionMinMs(config, members) +
    spreadRounds(members, config.gossipFanout) * config.gossipIntervalMs
  )
}

/** How long to stay after `leave`, so that others hear it from us and not from a failed probe. */
export function leaveLingerMs(config: GossipConfig, members: number): Millis {
  return config.gossipIntervalMs * spreadRounds(members, config.gossipFanout)
}

/** All problems of a merged configuration, in words; empty when it can be used. */
export function checkGossipConfig(config: GossipConfig): string[] {
  const problems: string[] = []
  for (const [knob, value] of Object.entries(config)) {
    if (!Number.isFinite(value) || value <= 0) problems.push(`${knob} (${value}) must be a number above 0`)
  }
  for (const knob of ['indirectProbes', 'confirmationsWanted', 'awarenessMax', 'gossipFanout', 'membersMax'] as const) {
    if (!Number.isInteger(config[knob])) problems.push(`${knob} (${config[knob]}) must be a whole number`)
  }
  const demand = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem)
  }
  /** `knob` must be at least `factor` times `other`. What is no number has been named already. */
  const atLeast = (knob: keyof GossipConfig, factor: number, other: keyof GossipConfig, why: string) => {
    const times = factor === 1 ? '' : `${factor} × `
    const relation = `${knob} (${config[knob]}) must be at least ${times}${other} (${config[other]})`
    demand(!(config[knob] < factor * config[other]), `${relation}, or ${why}`)
  }
  const { probeTimeoutMs, stallMs, membersMax } = config
  atLeast('probeDeadlineMs', 3, 'probeTimeoutMs', 'helpers answer too late')
  atLeast('suspicionBaseMs', 2, 'probeIntervalMs', 'a suspect is not told in time')
  atLeast('suspicionBaseMs', 1, 'probeTimeoutMs', 'a refutation is not back in time')
  atLeast('probeIntervalMs', 1, 'gossipIntervalMs', 'news travels slower than probes')
  atLeast('retransmitFactor', 1, 'gossipFanout', 'a claim does not fill one round of gossip')
  atLeast('reconnectIntervalMs', 1, 'probeIntervalMs', 'members that are down cost more than those that live')
  atLeast('pushPullIntervalMs', 1, 'reconnectIntervalMs', 'whole views are exchanged before gossip has had its time')
  atLeast('candidateIntervalMs', 1, 'probeTimeoutMs', 'a candidate is asked again before it can answer')
  atLeast('candidateExpiryMs', 3, 'candidateIntervalMs', 'two lost datagrams lose a candidate')
  demand(stallMs < probeTimeoutMs, `stallMs (${stallMs}) must be below probeTimeoutMs (${probeTimeoutMs})`)
  demand(config.suspicionMaxFactor >= 1, `suspicionMaxFactor (${config.suspicionMaxFactor}) must be at least 1`)
  const spreadMs = spreadRounds(membersMax, config.gossipFanout) * config.gossipIntervalMs
  demand(
    !(config.pushPullIntervalMs < spreadMs),
    `pushPullIntervalMs (${config.pushPullIntervalMs}) must be at least the ${spreadMs} ms in which gossip reaches membersMax (${membersMax})`,
  )
  return problems
}
