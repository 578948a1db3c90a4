/** What checks need from outside, and what they say. */
import type { Endpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import type { Service } from '../proxy/service.js'
import type { Thresholds } from './rise-fall.js'

export type Health = 'starting' | 'healthy' | 'unhealthy'

/** Something that is checked again and again. */
export interface Target extends Thresholds {
  /** The same one at the next `targets`. */
  readonly key: string
  readonly everyMs: Millis
  readonly timeoutMs: Millis
  /** What it is taken for until the first check. */
  readonly initial: Health
}

/** Of one check. */
export interface CheckResult {
  readonly isGood: boolean
  /** For people, in one line: what was seen, or what is wrong. */
  readonly words: string
}

export type CheckEvent<T extends Target> =
  /** The whole truth each time. */
  | { readonly type: 'targets'; readonly targets: readonly T[] }
  /** Of the run that was asked for under that number. */
  | ({ readonly type: 'result'; readonly run: number } & CheckResult)

export type CheckEffect<T extends Target> =
  /** Answered with `result` within the target's `timeoutMs`. */
  | { readonly type: 'run'; readonly run: number; readonly target: T }
  /** A state, or the words of one that is unhealthy, are others now. */
  | { readonly type: 'changed' }

export interface Checked<T extends Target> {
  readonly target: T
  readonly state: Health
  /** Of the check that made it so, or of the last bad one; empty before the first. */
  readonly words: string
}

/** A program of this host that is to be checked. */
export interface ProgramCheck {
  readonly service: Service
  /** 0: of the service as a whole. */
  readonly port: number
  readonly at: Endpoint
}
