/** Who plays in the simulation of membership, and in what weather. */
import type { NodeId } from '../../src/base/ids.js'
import type { Prng } from '../../src/base/prng.js'
import type { Millis } from '../../src/base/time.js'
import type { MemberState } from '../../src/gossip/messages.js'
import type { Swim } from '../../src/gossip/swim.js'

export interface Weather {
  readonly loss: number
  readonly duplication: number
  readonly delayMinMs: Millis
  readonly delayMaxMs: Millis
  /** Share of datagrams that are late by up to `tailMs` more. */
  readonly tail: number
  readonly tailMs: Millis
}

export const CALM: Weather = { loss: 0, duplication: 0, delayMinMs: 0.1, delayMaxMs: 1, tail: 0, tailMs: 0 }
export const LOSSY: Weather = { ...CALM, loss: 0.01, duplication: 0.001, tail: 0.01, tailMs: 60 }
export const ROUGH: Weather = { loss: 0.1, duplication: 0.1, delayMinMs: 0.1, delayMaxMs: 10, tail: 0.05, tailMs: 60 }

/** What the simulation needs of a machine, so that a test may put a broken one in its place. */
export type SwimLike = Pick<Swim, 'handle' | 'tick' | 'poll' | 'nextDeadline' | 'members' | 'localHealth'>

export interface Observation {
  readonly at: Millis
  readonly by: number
  readonly about: NodeId
  readonly boot: number
  readonly state: MemberState
  readonly before: MemberState | undefined
  readonly why: string
}

export interface SimNode {
  readonly index: number
  readonly address: string
  readonly random: Prng
  /** Its clock shows `offset + rate · true time`. */
  readonly rate: number
  offset: number
  id: NodeId
  boot: number
  swim: SwimLike
  up: boolean
  /** Counts starts and crashes: what was planned for an earlier one is void. */
  life: number
  pausedUntil: Millis
  /** While its clock stands still too, and what arrives is lost. */
  suspended: boolean
  wakeAt: Millis
  /** Addresses on its disk. */
  disk: Set<string>
}
