/** How a node's program for a service is, as whoever looks after it says: an input of the choice, and nothing more. */

/**
 * `starting` gets connections only where no healthy node can serve; `draining` and `unhealthy` get no new ones. What becomes of
 * connections that an unhealthy one has is the service's to say (`onUnhealthy`).
 */
export type HealthState = 'healthy' | 'starting' | 'draining' | 'unhealthy'

export interface Health {
  readonly state: HealthState
  /** For people: which check, and what it found. */
  readonly reason: string
}
