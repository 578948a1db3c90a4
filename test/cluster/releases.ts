/** Nodes of this release and of the one before it, in one cluster. */
import { BATON } from '../../src/lab/cluster-programs.io.js'
import { EARLIER, earlierProgram } from '../harness/earlier-release.js'
import type { Scope } from '../harness/suite.js'
import { ADDRESS, SurvivalSite } from './survival.js'

export const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'git', 'tar'], root: true, earlier: true }

/** Which node runs what when it is started next. */
export class Releases {
  readonly #earlier: Set<string>

  constructor(earlier: Iterable<string>) {
    this.#earlier = new Set(earlier)
    earlierProgram()
  }

  readonly programOf = (name: string): string => (this.#earlier.has(name) ? earlierProgram() : BATON)

  upgrade(name: string): void {
    this.#earlier.delete(name)
  }

  downgrade(name: string): void {
    this.#earlier.add(name)
  }

  of(name: string): string {
    return this.#earlier.has(name) ? EARLIER.version : 'this release'
  }
}

/** Echo programs on all, and clients on a host of their own. With `wan` leases are long enough for a host that has little time for its nodes. */
export async function mixedSite(
  scope: Scope,
  names: readonly string[],
  releases: Releases,
  profile: 'lan' | 'wan',
  ...more: string[]
): Promise<SurvivalSite> {
  const { programOf } = releases
  // What many nodes would measure at once takes its time.
  const cipher = names.length > 4 ? ['--cipher', 'secretstream'] : []
  const up = ['--profile', profile, ...cipher]
  const built = await SurvivalSite.buildMortal(scope, ADDRESS, more, up, names, [], programOf)
  return built.site
}
