import type { ElectionsOptions } from '../../src/election/elections.js'
import type { BrokenKeys } from './sim-keys.js'
import type { BrokenGuard } from './sim-programs.js'

export interface ClusterOptions {
  readonly seed: number
  readonly rules?: NonNullable<ElectionsOptions['rules']>
  /** A class of its own: operators also use force, after which two may direct until the sides have met. */
  readonly forced?: boolean
  /** There is a service of mode `single` as well, which operators relocate. */
  readonly hosts?: boolean
  readonly brokenGuard?: BrokenGuard
  /** Datagrams are sealed, and operators rotate the keys all the time; `rash` ones look at nothing before. */
  readonly keys?: 'rotated' | 'rashly'
  readonly brokenKeys?: BrokenKeys
  /**
   * To see the laws broken: disks that give back what was saved first, votes that fall out, a cut that never heals,
   * directors that endorse before they stop, or go on after they have endorsed, witnesses that stand, force that the laws are not told of.
   */
  readonly broken?:
    | 'old-registry'
    | 'lost-votes'
    | 'no-healing'
    | 'rash-endorser'
    | 'thawing-director'
    | 'eager-witness'
    | 'secret-force'
  readonly trace?: (line: string) => void
}
