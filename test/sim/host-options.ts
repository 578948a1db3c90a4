/** What a simulated host is like. */
import type { ElectionsOptions } from '../../src/election/elections.js'
import type { SimKeys } from './sim-keys.js'
import type { BrokenGuard } from './sim-programs.js'

export interface HostOptions {
  readonly index: number
  readonly seed: number
  readonly founds: boolean
  readonly driftPpm: number
  /** How wrong its wall clock is. */
  readonly wallSkewMs: number
  readonly rules: NonNullable<ElectionsOptions['rules']>
  readonly witness?: boolean
  /** It says that it is a witness, and stands all the same. */
  readonly isEager?: boolean
  /** `lan` if not given. */
  readonly profile?: 'lan' | 'fast'
  /** It runs programs of services of mode `single`. */
  readonly hosts?: boolean
  readonly brokenGuard?: BrokenGuard | undefined
  /** Datagrams are sealed, and links need a shared key; without it nothing is. */
  readonly keys?: SimKeys
}
