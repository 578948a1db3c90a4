import type { NodeId } from '../../base/ids.js'
import type { Candidate, Scheduler } from './scheduler.js'

/** When the director's own host serves: only if nobody else does, like every other, before every other. */
export type LocalPreference = 'last' | 'equal' | 'first'

/**
 * `last` or `first` around a scheduler for each side. Strict: with `last`, the own host gets connections only while no
 * other node listens, or once all others refused that connection; it would lose both halves of a splice in a crash.
 */
export class LocalPolicy implements Scheduler {
  #given: readonly Candidate[] = []
  #local: readonly Candidate[] = []
  #remote: readonly Candidate[] = []

  constructor(
    private readonly preference: 'last' | 'first',
    private readonly localScheduler: Scheduler,
    private readonly remoteScheduler: Scheduler,
  ) {}

  pick<C extends Candidate>(candidates: readonly C[], exclude?: ReadonlySet<NodeId>): C | undefined {
    if (candidates !== this.#given) this.#split(candidates)
    const local = this.#local as readonly C[]
    const remote = this.#remote as readonly C[]
    return this.preference === 'first'
      ? (this.localScheduler.pick(local, exclude) ?? this.remoteScheduler.pick(remote, exclude))
      : (this.remoteScheduler.pick(remote, exclude) ?? this.localScheduler.pick(local, exclude))
  }

  #split(candidates: readonly Candidate[]): void {
    this.#given = candidates
    this.#local = candidates.filter((candidate) => candidate.local)
    this.#remote = candidates.filter((candidate) => !candidate.local)
  }
}
