/** One thing that `baton doctor` has found. */

export type Area =
  | 'native parts'
  | 'splicing'
  | 'own addresses'
  | 'lease in the kernel'
  | 'any port'
  | 'listeners'
  | 'survival'
  | 'outward'
  | 'network'

export interface Finding {
  readonly id: string
  readonly area: Area
  /** `missing`: services with addresses of their own cannot be directed here. */
  readonly level: 'ok' | 'note' | 'degraded' | 'missing'
  readonly found: string
  /** What works all the same, or does not. */
  readonly without?: string
  readonly cure?: string
}
