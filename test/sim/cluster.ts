/**
 * A whole cluster of real nodes under faults, all of it drawn from one seed: first a time of loss, delay, cuts, crashes,
 * lost power, lost disks, pauses, drifting clocks, joins, changes of services, and what operators do (operators.ts); then
 * calm, in which it must heal. `laws.ts` watches.
 */
import type { Endpoint } from '../../src/base/address.js'
import { Prng } from '../../src/base/prng.js'
import type { Delta } from '../../src/gossip/registry.js'
import { registryKey } from '../../src/node/services/services.js'
import { fieldsOfService, parseService } from '../../src/proxy/service-fields.js'
import type { ClusterOptions } from './cluster-options.js'
import { EventQueue } from './event-queue.js'
import { Host, type Watcher } from './host.js'
import { addHosted, HOSTED, type HostedScene } from './hosted.js'
import { Keyed } from './keyed.js'
import { Laws, nameOf } from './laws.js'
import { CALM, Network, weatherOf } from './network.js'
import { Operators, type Scene } from './operators.js'

const FAULTS_MS = 20_000
/** A program that is started and stopped needs seconds for it: faults come less often then, and for longer. */
const HOSTED_FAULTS_MS = 60_000
/** Suspicion, redials, boot silence, half-done changes of the electorate, one voter at a time. */
const CALM_MS = 45_000
/** After force the sides have met by then, and the last lease of the one that gave way is over. */
const MEETING_MS = 10_000
/** By what a lease is for: an address that hosts bring and move, and a service whose address every host has. */
const SERVICES = { '10.0.1.1': 'web', db: 'db' } as const
const CONTESTS = Object.keys(SERVICES) as readonly (keyof typeof SERVICES)[]

export class Cluster {
  readonly hosts: Host[] = []
  readonly laws: Laws
  /** How often each fault came. */
  readonly faults = new Map<string, number>()
  readonly keyed: Keyed
  readonly #operators: Operators
  readonly #random: Prng
  readonly #queue = new EventQueue()
  readonly #network: Network
  readonly #firstSaved = new Map<number, Delta>()
  readonly #diskless = new Set<number>()
  #powerFails = 0
  #writes = 0
  #calm = false

  constructor(private readonly options: ClusterOptions) {
    const { seed, rules = {} } = options
    const random = new Prng(seed)
    this.#random = random
    const count = options.hosts === true ? 3 + random.below(3) : 2 + random.below(4)
    const hostAt = (at: Endpoint) => this.hosts[Number(at.address.split('.')[3]) - 1]
    const witnesses = random.chance(0.3) ? 1 : 0
    const { hosts = false, brokenGuard } = options
    this.keyed = new Keyed(options, this.hosts)
    for (let index = 0; index < count; index++) {
      const witness = index > 0 && index >= count - witnesses
      const isEager = options.broken === 'eager-witness'
      const own = {
        hosts,
        brokenGuard,
        ...this.keyed.ofHost(),
        witness,
        isEager,
        driftPpm: random.between(-500, 500),
        wallSkewMs: random.between(-2_000, 2_000),
      }
      this.hosts.push(
        new Host({ index, seed, founds: index === 0, rules, ...own }, this.#queue, this.#watcher(), hostAt),
      )
    }
    this.#network = new Network(this.hosts, this.#queue, random)
    this.#network.weather = weatherOf(random)
    this.laws = new Laws(
      this.hosts,
      () => CONTESTS,
      (service) => (service === 'db' ? 'n1' : undefined),
      () => this.now,
    )
    this.#operators = new Operators(this.#scene(), options.broken)
    this.#plan()
  }

  get #faultsMs(): number {
    return this.options.hosts === true ? HOSTED_FAULTS_MS : FAULTS_MS
  }

  get now(): number {
    return this.#queue.now
  }

  get steps(): number {
    return this.#queue.steps
  }

  /** One event; `false` when a law is broken. */
  step(): boolean {
    if (!this.#queue.step()) return false
    this.laws.checkActing()
    if (this.options.hosts === true) this.laws.checkHosting(HOSTED)
    return this.laws.broken === undefined
  }

  /** What is wrong, or `undefined`. */
  run(stepsMax = Number.POSITIVE_INFINITY): string | undefined {
    while (this.now < this.#faultsMs + CALM_MS && this.steps < stepsMax) if (!this.step()) return this.laws.broken
    if (this.steps >= stepsMax) return undefined
    const wrong =
      this.laws.checkCalm(this.#operators.left) ??
      this.keyed.checkCalm(this.#operators.left) ??
      (this.options.hosts === true ? this.laws.checkHosted(HOSTED) : undefined)
    return wrong === undefined ? undefined : `${wrong}, ${CALM_MS} ms after the last fault`
  }

  #plan(): void {
    const random = this.#random
    for (const host of this.hosts) {
      // The last may join late, in the middle of the faults.
      const late = host.index > 0 && host.index === this.hosts.length - 1 && random.chance(0.3)
      this.#queue.add(late ? random.between(1_000, this.#faultsMs) : random.between(0, 300), () => this.#start(host))
    }
    this.#queue.add(400, () => this.#addServices())
    const [soonest, latest] = this.options.hosts === true ? [1_000, 6_000] : [150, 1_500]
    for (let at = 2_000; at < this.#faultsMs; at += random.between(soonest, latest))
      this.#queue.add(at, () => this.#fault())
    this.keyed.plan(
      (at, run) => this.#queue.add(at, run),
      this.#faultsMs,
      (host) => this.#end(host, false),
    )
    this.#queue.add(this.#faultsMs, () => this.#heal())
  }

  #addServices(): void {
    const founder = this.hosts[0]
    if (founder?.node === undefined) return this.#queue.later(200, () => this.#addServices())
    for (const [i, contest] of CONTESTS.entries()) {
      const name = SERVICES[contest]
      const parsed = parseService({
        name,
        address: `10.0.1.${i + 1}`,
        ports: '80',
        own: name === contest ? 'none' : 'tun',
        alone: name === 'db' ? 'n1' : '',
      })
      if (parsed.type !== 'service') throw new Error(JSON.stringify(parsed.problems))
      const fields = { ...fieldsOfService(parsed.service), createdAtMs: 1 }
      founder.turn(() => founder.node?.write([{ name: registryKey(name), changes: fields }]))
    }
    if (this.options.hosts === true) addHosted(founder, this.#hostedScene())
  }

  // --- faults ---

  #fault(): void {
    const random = this.#random
    const [a, b] = [this.#any(), this.#any()]
    switch (random.below(17)) {
      case 0:
      case 1:
        return this.#end(a, false)
      case 2:
        return this.#end(a, true)
      case 3:
        return this.#loseDisk(a)
      case 4:
        return this.#pause(a)
      case 5:
        return this.#cut([a], [b], true)
      case 6:
        return this.#cut([a], [b], false)
      case 7:
      case 8: {
        const side = this.hosts.filter(() => random.chance(0.5))
        return this.#cut(
          side,
          this.hosts.filter((host) => !side.includes(host)),
          true,
        )
      }
      case 9:
        return this.#edit(a)
      case 10:
        // Of two voters one that has forgotten would be no majority with the other: only an operator's force helps then.
        return this.#mayDepart() ? this.#operators.forget(a === b ? [a] : [a, b]) : undefined
      case 11:
        this.#powerFails++
        return this.#note('lost power in a write', `the next vote written anywhere fails with its host`)
      case 12:
      case 13:
        return this.#operators.handOver()
      case 14:
      case 15:
        return this.#mayDepart() ? this.#operators.leave(a) : undefined
      case 16: {
        const isSecret = this.options.broken === 'secret-force'
        if (this.options.forced !== true && !isSecret) return this.#operators.handOver()
        if (!this.#allRemember()) return
        for (const host of [a, b]) {
          this.#operators.force(host, () => {
            this.laws.isForced = !isSecret
          })
        }
      }
    }
  }

  /** Who has left, and comes back after its keys were removed, needs an operator: that is no fault. */
  #mayDepart(): boolean {
    return this.#allRemember() && this.options.keys === undefined
  }

  #start(host: Host): void {
    if (host.isUp || this.#operators.left.has(host.index)) return
    this.#trace(`${nameOf(host)} starts as boot ${host.boot + 1}`)
    const { broken } = this.options
    if (broken === 'old-registry') host.disk.registry = this.#firstSaved.get(host.index) ?? []
    if (broken === 'lost-votes') host.disk.votes = host.disk.votes.filter(({ kind }) => kind !== 'vote')
    const seeds = this.hosts.filter((other) => other !== host).map(({ at }) => at)
    host.start(seeds)
    this.#network.dial(host)
  }

  /** `silently`: its host loses power. */
  #end(host: Host, silently: boolean): void {
    if (!host.isUp) return
    const what = silently ? 'loses power' : 'crashes'
    this.#note(what, `${nameOf(host)} ${what}`)
    host.kill()
    if (silently) host.programs.powerOff()
    this.#network.ended(host, silently)
    this.#queue.later(this.#random.between(50, 4_000), () => this.#start(host))
  }

  /** One at a time: what a majority forgets nobody remembers. */
  #loseDisk(host: Host): void {
    const isSafe = this.#allRemember() && !this.#operators.hasChangedVoters && this.#allKnowThree()
    if (!host.isUp || !isSafe) return
    this.#note('loses its disk', `${nameOf(host)} loses its disk, but for its name`)
    host.kill()
    this.#network.ended(host, false)
    this.#diskless.add(host.index)
    host.disk.votes.length = 0
    host.disk.hasVotes = false
    host.disk.registry = []
    host.disk.members = []
    this.laws.forgotVotes(host)
    this.#queue.later(this.#random.between(50, 2_000), () => this.#start(host))
  }

  /** Of two voters neither may forget; and some may still count two. */
  #allKnowThree(): boolean {
    return this.hosts.every(({ elections }) => elections === undefined || elections.electorate().voters.length >= 3)
  }

  /** Whoever lost its disk has its seat again. */
  #allRemember(): boolean {
    for (const index of this.#diskless) {
      const { elections, id = '' } = this.hosts[index] ?? {}
      if (elections?.isAmnesiac === false && elections.electorate().voters.includes(id)) this.#diskless.delete(index)
    }
    return this.#diskless.size === 0
  }

  #pause(host: Host, ms = this.#random.between(50, 3_500)): void {
    this.#note('stands still', `${nameOf(host)} stands still for ${ms.toFixed(0)} ms`)
    host.pausedUntil = Math.max(host.pausedUntil, this.now + ms)
    const { boot } = host
    // What has piled up may come before anybody notices the gap.
    this.#queue.add(host.pausedUntil + this.#random.between(0, 50), () => {
      if (host.isUp && host.boot === boot) host.turn(() => host.node?.onStalled(ms))
    })
  }

  #cut(one: readonly Host[], other: readonly Host[], both: boolean): void {
    const ms = this.#random.chance(0.3) ? this.#random.between(4_000, 12_000) : this.#random.between(100, 3_000)
    this.#cutFor(one, other, both, ms)
  }

  #cutFor(one: readonly Host[], other: readonly Host[], both: boolean, ms: number): void {
    const what = `${one.map(nameOf).join(' ')} ${both ? '|' : '>|'} ${other.map(nameOf).join(' ')}`
    this.#note(both ? 'cut' : 'cut one way', what)
    for (const a of one) {
      for (const b of other) {
        if (a === b) continue
        this.#network.cut(a, b)
        if (both) this.#network.cut(b, a)
        if (this.options.broken === 'no-healing') continue
        this.#queue.later(ms, () => {
          this.#network.heal(a, b)
          this.#network.heal(b, a)
        })
      }
    }
  }

  #edit(host: Host): void {
    const service = SERVICES[CONTESTS[this.#random.below(CONTESTS.length)] ?? 'db']
    const known = host.node?.knowledge.service(service)
    if (known === undefined) return
    this.#writes++
    this.#trace(`${nameOf(host)} is told to change ${service} (${this.#writes})`)
    host.turn(() => host.node?.write([{ name: registryKey(service), changes: { keepaliveMs: 1_000 + this.#writes } }]))
  }

  #heal(): void {
    this.#trace('calm')
    this.#calm = true
    this.#powerFails = 0
    this.#network.weather = CALM
    for (const a of this.hosts) {
      for (const b of this.hosts) if (a !== b && this.options.broken !== 'no-healing') this.#network.heal(a, b)
      this.#start(a)
    }
    this.#queue.later(CALM_MS / 3, () => this.#operators.forgetSeatsOfLeavers())
    this.#queue.later(MEETING_MS, () => {
      this.laws.isForced = false
    })
  }

  #hostedScene(): HostedScene {
    return {
      hosts: this.hosts,
      random: this.#random,
      until: this.#faultsMs,
      at: (ms, run) => this.#queue.add(ms, run),
      end: (host) => this.#end(host, true),
      pause: (host, ms) => this.#pause(host, ms),
      cut: (one, others, ms) => this.#cutFor(one, others, true, ms),
      note: (what) => this.#note(what, 'so'),
    }
  }

  #scene(): Scene {
    return {
      hosts: this.hosts,
      random: this.#random,
      services: CONTESTS,
      later: (ms, run) => this.#queue.later(ms, run),
      start: (host) => this.#start(host),
      end: (host, silently) => this.#end(host, silently),
      pause: (host, ms) => this.#pause(host, ms),
      cut: (from, to, ms) => this.#cutFor([from], [to], false, ms),
      stopped: (host) => {
        host.kill()
        this.#network.ended(host, false)
      },
      send: (from, to, channel, bytes) => void this.#network.send(from, to, channel, bytes),
      note: (fault, what) => this.#note(fault, what),
    }
  }

  #any(): Host {
    return this.hosts[this.#random.below(this.hosts.length)] as Host
  }

  #watcher(): Watcher {
    return {
      trunk: () => this.#network,
      voted: (host, record) => this.laws.voted(host, record),
      took: (host, contest, term) => this.laws.took(host, contest, term.number),
      saved: (host, registry) => {
        if (!this.#firstSaved.has(host.index) && registry.length > 0) this.#firstSaved.set(host.index, registry)
        this.laws.saved(host, registry)
      },
      failsAt: (host) => {
        if (this.#calm || this.#powerFails === 0) return false
        this.#powerFails--
        this.#trace(`${nameOf(host)} loses power while it writes a vote`)
        this.#queue.later(this.#random.between(50, 3_000), () => this.#start(host))
        return true
      },
      log: (host, event, fields) => {
        if (event === 'lease-acquired') {
          const { service, term, alone } = fields
          this.laws.acquired(host, String(service), Number(String(term).split('@')[0]), alone === true)
        }
        const { why } = fields
        if (event === 'lease-lost' && String(why).startsWith('handed over')) {
          this.laws.handedOver(host, String(fields['service']), Number(String(fields['term']).split('@')[0]))
          this.#note('lease handed over', 'so')
        }
        if (event === 'moved-out') this.#note('moved with its connections', 'so')
        const text = Object.entries(fields).map(([key, value]) => `${key}=${value}`)
        this.#trace(`${nameOf(host)}  ${event} ${text.join(' ')}`)
      },
    }
  }

  #note(fault: string, what: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1)
    this.#trace(what)
  }

  #trace(what: string): void {
    this.options.trace?.(`${this.now.toFixed(1).padStart(9)}  ${what}`)
  }
}
