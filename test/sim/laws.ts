/**
 * What must never happen, and what must have happened when the faults are over. The laws only look at what hosts do,
 * say and keep; they know no rule by which that comes about.
 */
import type { NodeId } from '../../src/base/ids.js'
import { type DurableRecord, type Electorate, memoryOf, quorumOf } from '../../src/election/durable-state.js'
import { compareStamps, type Stamp } from '../../src/gossip/hlc.js'
import type { Delta } from '../../src/gossip/registry.js'
import type { Host } from './host.js'

export class Laws {
  broken: string | undefined
  /** Instants at which somebody directed without a majority: a class of its own. */
  aloneSeen = 0
  /** Somebody used force, and the sides have not met yet: until then two may direct, each with voters of its own. */
  isForced = false
  readonly #holders = new Map<string, NodeId>()
  readonly #handedOver = new Set<string>()
  readonly #highest = new Map<string, number>()
  readonly #votes = new Map<string, { number: number; holder: NodeId }>()
  readonly #stamps = new Map<string, Stamp>()
  /** What each disk holds. */
  readonly #memories = new Map<number, number>()
  readonly #electorates = new Map<number, Electorate>()

  constructor(
    private readonly hosts: readonly Host[],
    private readonly services: () => readonly string[],
    /** Who may direct a service alone. */
    private readonly mayDirectAlone: (service: string) => string | undefined,
    private readonly now: () => number,
  ) {}

  break(law: string): void {
    this.broken ??= `${law} at ${this.now().toFixed(1)} ms`
  }

  /** At most one acting director with a majority for each service; one without only where the service names it. */
  checkActing(): void {
    for (const service of this.services()) {
      let quorate = 0
      for (const host of this.hosts) {
        if (!host.acts(service)) continue
        const { deadline = 0 } = host.elections?.holding(service) ?? {}
        if (deadline <= host.clock())
          this.break(`the lane of ${nameOf(host)} acts for ${service} on a lease that is over`)
        if (!host.isAlone(service)) quorate++
        else if (this.mayDirectAlone(service) !== `n${host.index + 1}`)
          this.break(`${nameOf(host)} acts alone for ${service}, unasked`)
        else this.aloneSeen++
      }
      const answering = this.hosts.filter((host) => host.answersFor(service) && !host.isAlone(service))
      if (answering.length > 1 && !this.isForced) {
        this.break(`two answer for ${service}: ${answering.map(nameOf).join(' and ')}`)
      }
      if (quorate > 1 && !this.isForced) {
        const names = this.hosts.filter((host) => host.acts(service)).map(nameOf)
        this.break(`two act for ${service}: ${names.join(' and ')}`)
      }
    }
  }

  /** The program of a service of mode `single` does something on one host at most. */
  checkHosting(service: string): void {
    const running = this.hosts.filter(({ programs }) => programs.isActive(service))
    if (running.length > 1 && !this.isForced) {
      this.break(`${service} runs on two: ${running.map(nameOf).join(' and ')}`)
    }
  }

  /** When all is calm it runs, and everybody says where. */
  checkHosted(service: string): string | undefined {
    const running = this.hosts.filter(({ programs }) => programs.isActive(service))
    const [one] = running
    if (one === undefined || running.length !== 1) return `${running.length} run ${service}`
    if (one.node?.programs.hosting.isActive(service) !== true)
      return `${nameOf(one)} does not know that it runs ${service}`
    const up = this.hosts.filter(({ isUp }) => isUp)
    const seen = new Set(up.map(({ node }) => node?.programs.tenures.present(service)?.node))
    return seen.size === 1 && seen.has(one.id) ? undefined : `hosts disagree on who runs ${service}`
  }

  /** It has endorsed another: whatever comes of that, it directs in this term no more. */
  handedOver(host: Host, service: string, number: number): void {
    this.#handedOver.add(`${host.index} ${host.boot} ${service} ${number}`)
  }

  took(host: Host, service: string, number: number): void {
    if (this.#handedOver.has(`${host.index} ${host.boot} ${service} ${number}`)) {
      this.break(`${nameOf(host)} goes on with ${service} in term ${number}, which it has handed over`)
    }
  }

  /**
   * A term has one holder, and a later one has a higher number. One held alone may bear a number that was used while its
   * holder was not there: no majority told it.
   */
  acquired(host: Host, service: string, number: number, alone: boolean): void {
    if (host.options.witness === true) this.break(`${nameOf(host)} directs ${service}, and is a witness`)
    if (alone) return
    const key = `${service} ${number}`
    const before = this.#holders.get(key)
    if (before !== undefined && before !== host.id && !this.isForced)
      this.break(`term ${number} of ${service} has two holders`)
    this.#holders.set(key, host.id)
    const highest = this.#highest.get(service) ?? 0
    if (number <= highest && !this.isForced) this.break(`term ${number} of ${service} comes after a higher one`)
    this.#highest.set(service, Math.max(highest, number))
  }

  /** A voter's votes only grow, and one number has one holder, also over its restarts. */
  voted(host: Host, record: DurableRecord): void {
    if (record.kind === 'memory') this.#memories.set(host.index, record.number)
    if (record.kind === 'electorate') this.#adopted(host, record.electorate)
    if (record.kind !== 'vote') return
    const key = `${host.index} ${record.service}`
    const before = this.#votes.get(key)
    const { number, holder } = record.term
    if (before !== undefined && (number < before.number || (number === before.number && holder !== before.holder))) {
      this.break(`${nameOf(host)} votes in term ${number} of ${record.service} after ${before.number}`)
    }
    this.#votes.set(key, { number, holder })
  }

  /** Only one electorate at a time can decide anything: one whose majority has adopted it and nothing later. */
  #adopted(host: Host, electorate: Electorate): void {
    this.#electorates.set(host.index, electorate)
    const texts = new Map([...this.#electorates.values()].map((one) => [JSON.stringify(one), one]))
    const live = [...texts].filter(([text, one]) => {
      const seated = this.hosts.filter(({ id, index }) => {
        const memory = memoryOf(one, id)
        const isSeated = memory !== undefined && memory === this.#memories.get(index)
        return isSeated && JSON.stringify(this.#electorates.get(index)) === text
      })
      return seated.length >= quorumOf(one)
    })
    if (live.length > 1 && !this.isForced) {
      this.break(`two electorates can decide: ${live.map(([, { epoch }]) => epoch).join(' and ')}`)
    }
  }

  /** A disk was lost, and what it held with it. */
  forgotVotes(host: Host): void {
    this.#electorates.delete(host.index)
    this.#memories.delete(host.index)
    for (const key of [...this.#votes.keys()]) if (key.startsWith(`${host.index} `)) this.#votes.delete(key)
    for (const key of [...this.#stamps.keys()]) if (key.startsWith(`${host.index} `)) this.#stamps.delete(key)
  }

  /** No field of a service goes back to an older value on any host. */
  saved(host: Host, registry: Delta): void {
    for (const { name, cells } of registry) {
      for (const [field, { stamp }] of cells) {
        const key = `${host.index} ${name} ${field}`
        const before = this.#stamps.get(key)
        if (before !== undefined && compareStamps(stamp, before) < 0)
          this.break(`${name} ${field} goes back on ${nameOf(host)}`)
        this.#stamps.set(key, stamp)
      }
    }
  }

  /** When all is calm: one view, one director for each service, everybody a member and a voter. */
  checkCalm(left: ReadonlySet<number>): string | undefined {
    const stayers = this.hosts.filter(({ index }) => !left.has(index))
    const prints = new Set(stayers.map(({ registry }) => registry?.fingerprint()))
    if (prints.size !== 1) return 'registries differ'
    for (const host of stayers) {
      const members = host.node?.machines.swim.members() ?? []
      for (const other of stayers) {
        const held = members.find(({ profile }) => profile.node === other.id)
        if (held === undefined) return `${nameOf(host)} has forgotten ${nameOf(other)}`
        if (held.state !== 'alive') return `${nameOf(host)} takes ${nameOf(other)} for ${held.state}`
        if (held.profile.boot !== other.boot) return `${nameOf(host)} knows an old life of ${nameOf(other)}`
      }
    }
    for (const service of this.services()) {
      const acting = stayers.filter((host) => host.acts(service))
      if (acting.length !== 1) return `${acting.length} direct ${service}`
      const seen = new Set(stayers.map((host) => host.elections?.explain(service, host.clock()).term?.holder))
      if (seen.size !== 1 || !seen.has(acting[0]?.id)) return `hosts disagree on who directs ${service}`
    }
    const electorates = new Set(stayers.map(({ elections }) => JSON.stringify(elections?.electorate().voters)))
    if (electorates.size !== 1) return `hosts disagree on the electorate: ${[...electorates].join(' ')}`
    const voters = stayers[0]?.elections?.electorate().voters ?? []
    if (voters.length !== stayers.length) return `${voters.length} of ${stayers.length} vote`
    return undefined
  }
}

export function nameOf(host: Host): string {
  return `n${host.index + 1}`
}
