/**
 * Operators who rotate the keys of a simulated cluster, each step on any host, by the rules that the commands follow: only
 * with a majority, `use` only when all that live hold the key, `remove` only when nobody uses it or may need it.
 */
import { BatonError } from '../../src/base/errors.js'
import type { Prng } from '../../src/base/prng.js'
import { quorumOf } from '../../src/election/durable-state.js'
import { Names } from '../../src/node/control/status.js'
import { KeyStanding } from '../../src/node/keys/key-standing.js'
import type { Host } from './host.js'

const KEYS_WANTED_MAX = 4

export class Rotators {
  /** Keys that were removed after another had taken their place: whole rotations. */
  rotations = 0
  readonly refusals = new Map<string, number>()

  constructor(
    private readonly hosts: readonly Host[],
    private readonly random: Prng,
    /** Steps are not looked at, as with `--force` by somebody who knows no better. */
    private readonly isRash = false,
  ) {}

  /** One step, on any host. */
  step(): void {
    const host = this.hosts[this.random.below(this.hosts.length)] as Host
    const { sharing, ring } = host.options.keys ?? {}
    if (!host.isUp || host.isPaused || sharing === undefined || ring === undefined || !hasMajority(host)) return
    const { members = [] } = host.node?.knowledge ?? {}
    const standing = new KeyStanding({
      ring,
      members,
      voters: host.elections?.electorate().voters ?? [],
      names: new Names(members),
      heldBy: (node) => sharing.heldBy(node),
    })
    const wall = 1.7e12 + host.clock()
    const [current, newest] = [ring.keys[0], ring.keys[1]]
    // The newest is used; what is older than the current one goes.
    if (newest === undefined || (this.random.chance(0.1) && ring.keys.length < KEYS_WANTED_MAX)) {
      return host.turn(() => sharing.write(ring.added(this.random.bytes(32), wall, 'sim')))
    }
    const isNewer = current !== undefined && newest.addedAtMs > current.addedAtMs
    try {
      if (isNewer) {
        if (!this.isRash) standing.refuseUse(newest)
        return host.turn(() => sharing.write(ring.used(newest.id)))
      }
      // As `baton keys rotate`: the oldest that nobody needs.
      const going = (this.isRash ? undefined : standing.spare(false)[0]) ?? newest
      standing.refuseRemoval(going, this.isRash)
      this.rotations++
      host.turn(() => sharing.write(ring.removed(going.id)))
    } catch (error) {
      if (!(error instanceof BatonError)) throw error
      this.refusals.set(error.code, (this.refusals.get(error.code) ?? 0) + 1)
    }
  }
}

function hasMajority({ elections }: Host): boolean {
  const { voters = [] } = elections?.electorate() ?? {}
  const reached = elections?.explain('', 0).reachable ?? []
  return reached.length >= quorumOf({ voters })
}
