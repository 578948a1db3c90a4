/**
 * What operators do to a simulated cluster at the worst of times: they hand services over to anybody, back and forth, and
 * end either side right after; make nodes leave, some of which come back; give nodes up on both sides of a cut, also by
 * force. They follow the rules that the commands follow, and nothing else.
 */

import type { NodeId, Term } from '../../src/base/ids.js'
import type { Prng } from '../../src/base/prng.js'
import { encodeElection } from '../../src/election/codec.js'
import { quorumOf } from '../../src/election/durable-state.js'
import { contestOf } from '../../src/proxy/service.js'
import { CHANNEL } from '../../src/trunk/channels.js'
import type { Host } from './host.js'
import { nameOf } from './laws.js'
import { CANNOT_RESTORE } from './sim-lane.js'

/** As `baton leave` waits and looks, and how long a node that has left lingers to say so. */
const [LEAVE_MS_MAX, LOOK_EVERY_MS, LINGER_MS] = [10_000, 50, 600]

/** A move takes as long here, from the question to the endorsement: a fault may come at any step. */
const MOVE_MS = 30

export interface Scene {
  readonly hosts: readonly Host[]
  readonly random: Prng
  readonly services: readonly string[]
  later(ms: number, run: () => void): void
  start(host: Host): void
  end(host: Host, silently: boolean): void
  pause(host: Host, ms: number): void
  cut(from: Host, to: Host, ms: number): void
  /** The process of a host has ended in order. */
  stopped(host: Host): void
  /** A message of one host to another, over their link. */
  send(from: Host, to: Host, channel: number, bytes: Uint8Array): void
  note(fault: string, what: string): void
}

export class Operators {
  /** Hosts that have left and are not to come back. */
  readonly left = new Set<number>()
  /** The electorate may be under change until all are calm. */
  hasChangedVoters = false
  readonly #leaving = new Set<number>()

  constructor(
    private readonly scene: Scene,
    /** Directors that endorse before they stop acting, or go on after they have endorsed. */
    private readonly broken?: string,
  ) {}

  // --- hand-overs ---

  /** One service or all, once or to and fro, and often with a fault on either side just behind it. */
  handOver(): void {
    const { hosts, random } = this.scene
    const directed = this.scene.services.filter((service) => hosts.some((host) => host.acts(service)))
    const services = directed.length > 0 ? directed : this.scene.services
    const several = random.chance(0.3) ? services : [this.#oneOf(services)]
    for (const service of several) {
      const source = this.#directorOf(service)
      const target = this.#oneOf(this.scene.hosts)
      this.#move(service, source, target)
      if (random.chance(0.3)) this.scene.later(random.between(0, 10), () => this.#move(service, target, source))
      this.#disturb(source, target)
    }
  }

  #move(service: string, source: Host, target: Host): void {
    if (!source.isUp) return
    const state = this.#stateOf(target)
    this.scene.note(`hand-over to ${state}`, `${nameOf(source)} hands ${service} over to ${nameOf(target)}, ${state}`)
    if (this.broken === 'rash-endorser') return this.#endorseTooSoon(service, source, target)
    const { term } = source.elections?.holding(service) ?? {}
    source.turn(() => {
      source.node?.handoffs.moves.move(service, target.id, (outcome, why) => {
        this.scene.note(`hand-over ${outcome}`, `${nameOf(source)} says ${outcome} of ${service}: ${why}`)
        if (why.includes(CANNOT_RESTORE)) this.scene.note('restore refused', `by ${nameOf(target)}`)
        if (this.broken === 'thawing-director' && outcome === 'handed-over') this.#thaw(service, source, term)
      })
    })
  }

  #thaw(contest: string, source: Host, term: Term | undefined): void {
    const services = source.node?.knowledge.services.active.filter((service) => contestOf(service) === contest) ?? []
    if (term !== undefined) source.node?.directing.acquired(contest, term, source.clock() + 1_000, services)
  }

  #stateOf(target: Host): string {
    if (this.left.has(target.index) || this.#leaving.has(target.index)) return 'one that leaves'
    if (!target.isUp) return 'one that is down'
    if (target.isPaused) return 'one that stands still'
    return target.options.witness === true ? 'a witness' : 'one that is up'
  }

  #disturb(source: Host, target: Host): void {
    const { random } = this.scene
    const soon = (run: () => void) => this.scene.later(random.between(0, MOVE_MS), run)
    switch (random.below(8)) {
      case 0:
        return soon(() => this.scene.end(source, random.chance(0.5)))
      case 1:
        return soon(() => this.scene.end(target, random.chance(0.5)))
      case 2:
        return soon(() => this.scene.pause(source, random.between(50, 2_000)))
      case 3:
        return soon(() => this.scene.pause(target, random.between(50, 2_000)))
      case 4:
        return soon(() => this.scene.cut(source, this.#oneOf(this.scene.hosts), random.between(100, 2_000)))
      case 5:
        return soon(() => this.scene.cut(this.#oneOf(this.scene.hosts), target, random.between(100, 2_000)))
    }
  }

  #endorseTooSoon(service: string, source: Host, target: Host): void {
    const { number } = source.elections?.holding(service)?.term ?? {}
    if (number === undefined) return
    const bytes = encodeElection({ kind: 'endorse', service, number, successor: target.id })
    for (const peer of this.scene.hosts) if (peer !== source) this.scene.send(source, peer, CHANNEL.election, bytes)
  }

  // --- departures ---

  leave(host: Host): void {
    const isThere = (one: Host) => !this.left.has(one.index) && !this.#leaving.has(one.index)
    // Somebody is to stay who can direct.
    const isMissed = !this.scene.hosts.some((other) => other !== host && isThere(other) && !other.options.witness)
    if (!host.isUp || !isThere(host) || isMissed || !this.#mayLeave(host)) return
    const { boot } = host
    const voters = host.elections?.electorate().voters.length ?? 0
    this.scene.note(`leave of one of ${voters} voters`, `${nameOf(host)} leaves`)
    this.hasChangedVoters = true
    this.#leaving.add(host.index)
    host.turn(() => host.node?.prepareToLeave(true))
    let looks = LEAVE_MS_MAX / LOOK_EVERY_MS
    const look = () => {
      if (host.boot !== boot || !host.isUp) return void this.#leaving.delete(host.index)
      if (host.isPaused) return this.scene.later(LOOK_EVERY_MS, look)
      if (host.elections?.electorate().voters.includes(host.id) === false) return this.#go(host)
      if (--looks > 0) return this.scene.later(LOOK_EVERY_MS, look)
      this.scene.note('leave given up', `${nameOf(host)} could not leave`)
      this.#leaving.delete(host.index)
      host.turn(() => host.node?.prepareToLeave(false))
    }
    this.scene.later(LOOK_EVERY_MS, look)
  }

  /** What `baton leave` asks of the links before it begins. */
  #mayLeave({ id, elections }: Host): boolean {
    const { voters = [] } = elections?.electorate() ?? {}
    const reached = new Set(elections?.explain('', 0).reachable)
    const rest = voters.filter((voter) => voter !== id)
    const isMajority = (some: readonly string[]) =>
      some.filter((voter) => reached.has(voter)).length >= quorumOf({ voters: some })
    return isMajority(voters) && rest.length > 0 && isMajority(rest)
  }

  #go(host: Host): void {
    const { random } = this.scene
    const { boot } = host
    this.left.add(host.index)
    this.#leaving.delete(host.index)
    this.scene.note('left', `${nameOf(host)} votes no more and stops`)
    host.turn(() => host.node?.resign())
    this.scene.later(LINGER_MS, () => {
      if (host.boot === boot && host.isUp) this.scene.stopped(host)
      if (random.chance(0.3)) return
      this.scene.later(random.between(100, 5_000), () => {
        this.scene.note('come back after leaving', `${nameOf(host)} is to join again`)
        this.left.delete(host.index)
        this.scene.start(host)
      })
    })
  }

  // --- giving up ---

  /** Whoever is down as far as a host knows; on another host at the same time, which may be on the other side. */
  forget(hosts: readonly Host[]): void {
    for (const host of hosts) {
      const gone = host.node?.knowledge.members.find(({ state }) => state === 'down')
      if (gone === undefined || !this.#mayForget(host, gone.profile.node)) continue
      this.hasChangedVoters = true
      const lives = this.scene.hosts.some(({ id, isUp }) => id === gone.profile.node && isUp)
      const what = `${nameOf(host)} is told to forget ${gone.profile.name}`
      this.scene.note(lives ? 'forget of one that lives' : 'forget of one that is down', what)
      host.turn(() => host.node?.forget([gone.profile.node], false))
    }
  }

  /** As `baton forget` without force: a voter is given up by a majority. */
  #mayForget({ elections }: Host, gone: NodeId): boolean {
    const { voters = [] } = elections?.electorate() ?? {}
    const reached = elections?.explain('', 0).reachable ?? []
    return !voters.includes(gone) || reached.length >= quorumOf({ voters })
  }

  /**
   * One that left before it heard that it had been made a voter leaves a seat behind, and who starts anew meanwhile does not
   * know that it left: an operator who sees that in `baton status` gives it up by its id, by force where no majority is left.
   */
  forgetSeatsOfLeavers(): void {
    const [host] = this.scene.hosts.filter(({ id, elections }) => elections?.electorate().voters.includes(id) === true)
    const { voters = [] } = host?.elections?.electorate() ?? {}
    for (const id of voters) {
      const owner = this.scene.hosts.find((one) => one.id === id)
      if (owner === undefined || !this.left.has(owner.index)) continue
      const isForced = (host?.elections?.explain('', 0).unreachable.length ?? 0) * 2 >= voters.length
      this.scene.note(
        `forget of a seat left behind${isForced ? ', by force' : ''}`,
        `${nameOf(owner)} still has a seat`,
      )
      host?.turn(() => host.node?.forget([id], isForced))
    }
  }

  /** A voter decides alone that those it cannot reach are gone. */
  force(host: Host, before: () => void): void {
    const { elections } = host
    if (!host.isUp || host.isPaused || elections === undefined || elections.isAmnesiac) return
    const { voters } = elections.electorate()
    const unreached = elections.explain('', 0).unreachable
    if (!voters.includes(host.id) || unreached.length === 0) return
    this.hasChangedVoters = true
    before()
    this.scene.note(
      'forget by force',
      `${nameOf(host)} is told by force to forget ${unreached.length} of ${voters.length}`,
    )
    host.turn(() => host.node?.forget(unreached, true))
  }

  #directorOf(service: string): Host {
    return this.scene.hosts.find((host) => host.acts(service)) ?? this.#oneOf(this.scene.hosts)
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[this.scene.random.below(list.length)] as T
  }
}
