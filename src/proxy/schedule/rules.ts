import type { Millis } from '../../base/time.js'

/**
 * When the director's own host serves: only if nobody else does, like every other, before every other. Strict: with `last`,
 * the own host gets connections only while no other node of its tier listens and has room, or once all others refused that
 * connection; it would lose both halves of a splice in a crash.
 */
export type LocalPreference = 'last' | 'equal' | 'first'

/** What weights mean: so many connections in a row, or the same share spread evenly. */
export type Weighting = 'turns' | 'smooth'

export interface WeightRules {
  /** A node that has come takes its full share after so long; 0: at once. */
  readonly slowStartMs: Millis
  /** Whether a busy host counts for less. */
  readonly load: 'off' | 'on'
}

/** The part of a service that says who serves. */
export interface ChoosingRules extends WeightRules {
  /** One that only a newer release knows acts as round robin. */
  readonly scheduler: string
  readonly weighting: Weighting
  readonly local: LocalPreference
  /** Connections of the service that one node takes at a time; 0: no limit. */
  readonly nodeConnections: number
}
