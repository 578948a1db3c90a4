/**
 * A whole cluster of the real election machines on fake clocks and a fake network, all of it drawn from one seed: loss,
 * duplication, delay with a tail, partitions one-way and full, crashes with memory, restarts, pauses,
 * clocks that drift, hand-overs. The checkers only look at what the machines say and do; they know no rule of theirs.
 */
import type { NodeId, Term } from '../../src/base/ids.js'
import { Prng } from '../../src/base/prng.js'
import type { CarriedElections } from '../../src/election/carried.js'
import { electionConfig } from '../../src/election/config.js'
import { applyRecord, type DurableRecord, emptyState, foundElectorate } from '../../src/election/durable-state.js'
import { Elections, type ElectionsOptions } from '../../src/election/elections.js'
import { type ElectionEffect, type ElectionEvent, ORDINARY } from '../../src/election/ports.js'
import { CANDIDATE, electorateProblem, forgetful, type SimNode, voteProblem } from './election-laws.js'
import { EventQueue } from './event-queue.js'

export interface SimOptions {
  readonly seed: number
  readonly rules?: NonNullable<ElectionsOptions['rules']>
  readonly services?: readonly string[]
  /** Processes take the place of others, in the same life; `forgetful`: those whose votes are carried nowhere. */
  readonly replaces?: 'soundly' | 'forgetful'
  readonly trace?: (line: string) => void
}

const CONFIG = electionConfig('lan')
/** Faults come in this time; then everything heals. */
const FAULTS_MS = 15_000
/** After the faults: boot silence, a change of the electorate that was left half done, and an election or two. */
export const CALM_MS = 15 * CONFIG.leaseMs

export class ElectionCluster {
  violation: string | undefined
  readonly nodes: SimNode[] = []
  /** How often each fault came. */
  readonly faults = new Map<string, number>()
  readonly services: readonly string[]
  readonly #random: Prng
  readonly #queue = new EventQueue()
  /** `from>to`: messages that way are lost. */
  readonly #cut = new Set<string>()
  /** `from>to`: when the last message that way comes. */
  readonly #arrives = new Map<string, number>()
  readonly #holders = new Map<string, NodeId>()
  readonly #lossy: { readonly loss: number; readonly duplicate: number; readonly tail: number }
  #calm = false

  constructor(private readonly options: SimOptions) {
    const random = new Prng(options.seed)
    this.#random = random
    this.services = options.services ?? ['web', 'db']
    this.#lossy = { loss: random.unit() * 0.2, duplicate: random.unit() * 0.1, tail: random.unit() * 0.1 }
    const count = 3 + random.below(3)
    for (let index = 0; index < count; index++) {
      const id = String(index + 1).repeat(32)
      const drift = random.between(-500e-6, 500e-6)
      const node: SimNode = {
        id,
        index,
        offset: random.between(1e6, 2e6),
        rate: 1 + drift,
        records: [],
        acting: new Map(),
        machine: undefined,
        life: 0,
        process: 0,
        wakeAt: Number.POSITIVE_INFINITY,
        pausedUntil: 0,
      }
      if (index === 0) node.records.push({ kind: 'electorate', electorate: foundElectorate(id, 1) })
      this.nodes.push(node)
      this.#queue.add(random.between(0, 500), () => this.#boot(node))
    }
    for (let at = 1_000; at < FAULTS_MS; at += random.between(200, 1_500)) this.#queue.add(at, () => this.#fault())
    for (let at = 1_000; options.replaces !== undefined && at < FAULTS_MS; at += random.between(50, 800)) {
      this.#queue.add(at, () => this.#replace(this.#any()))
    }
    this.#queue.add(FAULTS_MS, () => this.#heal())
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
    this.#checkOneActing()
    return this.violation === undefined
  }

  /** Runs to the end of the calm; what is wrong, or `undefined`. */
  run(stepsMax = Number.POSITIVE_INFINITY): string | undefined {
    while (this.now < FAULTS_MS + CALM_MS && this.steps < stepsMax) if (!this.step()) return this.violation
    return this.steps >= stepsMax ? undefined : this.#checkCalm()
  }

  // --- the world ---

  #clock(node: SimNode): number {
    return node.offset + this.now * node.rate
  }

  #boot(node: SimNode): void {
    if (node.machine !== undefined) return
    node.life++
    node.process++
    if (node.life === 1) node.records.unshift({ kind: 'memory', number: 1 })
    node.machine = this.#machine(node, node.life === 1)
    this.#trace(node, `boots (life ${node.life})`)
    this.#start(node)
    for (const peer of this.nodes)
      if (peer !== node && peer.machine !== undefined && !this.#isCut(node, peer)) this.#link(node, peer)
  }

  #machine(node: SimNode, isFresh: boolean, carried?: CarriedElections): Elections {
    const durable = emptyState(0)
    for (const record of node.records) applyRecord(durable, record)
    return new Elections({
      self: node.id,
      boot: node.life,
      config: CONFIG,
      random: new Prng(this.options.seed * 31 + node.index * 7 + node.process),
      durable,
      isFresh,
      now: this.#clock(node),
      carried,
      rules: this.options.rules ?? {},
      ...CANDIDATE,
    })
  }

  #start(node: SimNode): void {
    this.#feed(node, { type: 'start' })
    for (const name of this.services)
      this.#feed(node, { type: 'services', services: [{ name, rules: { failback: false, alone: undefined } }] })
  }

  /** Another process goes on with this life; its links are made anew. */
  #replace(node: SimNode): void {
    if (node.machine === undefined || this.now < node.pausedUntil || this.#calm) return
    this.#count('replaced')
    const whole = structuredClone(node.machine.carried)
    node.process++
    node.wakeAt = Number.POSITIVE_INFINITY
    node.machine = this.#machine(node, false, this.options.replaces === 'forgetful' ? forgetful(whole) : whole)
    this.#trace(node, 'is replaced')
    this.#start(node)
    for (const service of this.services) {
      const held = node.machine.holding(service)
      if (held === undefined) node.acting.delete(service)
      else node.acting.set(service, held)
    }
    for (const peer of this.nodes) {
      if (peer === node || peer.machine === undefined || this.#isCut(node, peer)) continue
      this.#feed(peer, { type: 'link-down', peer: node.id, byUs: false })
      const [one, other] = [node.process, peer.process]
      this.#queue.later(this.#random.between(1, 100), () => {
        const isSame = one === node.process && other === peer.process && node.machine !== undefined
        if (isSame && !this.#isCut(node, peer)) this.#link(node, peer)
      })
    }
  }

  #crash(node: SimNode): void {
    if (node.machine === undefined) return
    this.#trace(node, 'crashes')
    node.machine = undefined
    node.acting.clear()
    node.wakeAt = Number.POSITIVE_INFINITY
    const { life } = node
    for (const peer of this.nodes) {
      if (peer === node) continue
      this.#queue.later(
        50,
        () => node.life === life && this.#feed(peer, { type: 'link-down', peer: node.id, byUs: false }),
      )
      this.#queue.later(
        800,
        () =>
          node.life === life && this.#feed(peer, { type: 'member', node: node.id, alive: false, standing: ORDINARY }),
      )
    }
    this.#queue.later(this.#random.between(100, 3_000), () => this.#boot(node))
  }

  #link(a: SimNode, b: SimNode): void {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#feed(one, { type: 'member', node: other.id, alive: true, standing: ORDINARY })
      this.#feed(one, { type: 'link-up', peer: other.id, boot: other.life })
    }
  }

  #fault(): void {
    if (this.#calm) return
    const [a, b] = [this.#any(), this.#any()]
    const kind = this.#random.below(8)
    if (kind >= 6) this.#handOver(b)
    else if (kind === 0) this.#crash(a)
    else if (kind === 1) this.#pause(a)
    else if (kind === 2) for (const peer of this.nodes) this.#split(a, peer, true)
    else if (kind === 3) this.#split(a, b, this.#random.chance(0.5))
    else if (kind === 4)
      this.#feed(a, { type: 'unable', service: this.services[0] ?? '', forMs: 500, why: 'a port is in use' })
    else this.#feed(a, { type: 'resign', service: this.services[0] ?? '' })
  }

  /** By whoever directs, to anybody; then to and fro, or the end of either side. */
  #handOver(to: SimNode): void {
    for (const service of this.services) {
      const [from = this.#any()] = this.acting(service)
      this.#count('hand-over')
      this.#feed(from, { type: 'transfer', service, to: to.id })
      const next = this.#random.below(6)
      if (next === 0) this.#queue.later(this.#random.between(0, 5), () => this.#crash(from))
      else if (next === 1) this.#queue.later(this.#random.between(0, 5), () => this.#crash(to))
      else if (next === 2)
        this.#queue.later(this.#random.between(0, 10), () => this.#feed(to, { type: 'transfer', service, to: from.id }))
    }
  }

  #count(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1)
  }

  #pause(node: SimNode): void {
    const ms = this.#random.between(50, 3_000)
    this.#trace(node, `pauses for ${ms.toFixed(0)} ms`)
    node.pausedUntil = Math.max(node.pausedUntil, this.now + ms)
  }

  /** Cuts one or both directions for a while. TCP notices after a time of its own; then the link is made anew. */
  #split(a: SimNode, b: SimNode, both: boolean): void {
    if (a === b || this.#isCut(a, b)) return
    this.#trace(a, `is cut off from ${b.id[0]}${both ? '' : ', one way'}`)
    const cuts = both ? [`${a.id}>${b.id}`, `${b.id}>${a.id}`] : [`${a.id}>${b.id}`]
    for (const cut of cuts) this.#cut.add(cut)
    const noticed = this.#random.between(100, 2_000)
    this.#queue.later(noticed, () => {
      if (!this.#isCut(a, b)) return
      this.#feed(a, { type: 'link-down', peer: b.id, byUs: false })
      this.#feed(b, { type: 'link-down', peer: a.id, byUs: false })
    })
    this.#queue.later(this.#random.between(300, 5_000), () => this.#mend(a, b))
  }

  #mend(a: SimNode, b: SimNode): void {
    this.#cut.delete(`${a.id}>${b.id}`)
    this.#cut.delete(`${b.id}>${a.id}`)
    if (a.machine !== undefined && b.machine !== undefined) this.#link(a, b)
  }

  #heal(): void {
    this.#calm = true
    for (const a of this.nodes) {
      this.#boot(a)
      for (const b of this.nodes) if (a.index < b.index) this.#mend(a, b)
    }
  }

  #isCut(a: SimNode, b: SimNode): boolean {
    return this.#cut.has(`${a.id}>${b.id}`) || this.#cut.has(`${b.id}>${a.id}`)
  }

  #any(): SimNode {
    return this.nodes[this.#random.below(this.nodes.length)] as SimNode
  }

  #send(from: SimNode, to: NodeId, bytes: Uint8Array): void {
    const target = this.nodes.find((node) => node.id === to)
    const { loss, duplicate, tail } = this.#lossy
    if (target === undefined || this.#cut.has(`${from.id}>${to}`)) return
    if (!this.#calm && this.#random.chance(loss)) return
    const copies = !this.#calm && this.#random.chance(duplicate) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      const delay =
        this.#random.between(0.2, 5) + (!this.#calm && this.#random.chance(tail) ? this.#random.between(0, 1_500) : 0)
      // As a link does: in order, and nothing of one life reaches another. A release that came behind a later request with
      // the same number would free a grant that counts.
      const way = `${from.id}>${to}`
      const at = Math.max(this.now + delay, this.#arrives.get(way) ?? 0)
      this.#arrives.set(way, at)
      const processes = [from.process, target.process]
      this.#queue.add(at, () => {
        const isSame = processes[0] === from.process && processes[1] === target.process
        if (isSame) this.#feed(target, { type: 'message', from: from.id, bytes })
      })
    }
  }

  // --- the machines ---

  /** A paused node hears nothing until it goes on; then everything at once, timers included. */
  #feed(node: SimNode, event: ElectionEvent | 'tick'): void {
    if (node.machine === undefined) return
    if (this.now < node.pausedUntil) {
      const { life } = node
      this.#queue.add(node.pausedUntil, () => node.life === life && this.#feed(node, event))
      return
    }
    const clock = this.#clock(node)
    if (event === 'tick') node.machine.tick(clock)
    else node.machine.handle(event, clock)
    for (let effect = node.machine.poll(); effect !== undefined; effect = node.machine.poll())
      this.#perform(node, effect)
    const deadline = node.machine.nextDeadline()
    node.wakeAt =
      deadline === undefined
        ? Number.POSITIVE_INFINITY
        : Math.max(this.now, (deadline - node.offset) / node.rate + 0.01)
    const { wakeAt, process } = node
    if (wakeAt === Number.POSITIVE_INFINITY) return
    this.#queue.add(wakeAt, () => {
      if (node.process === process && node.wakeAt === wakeAt) this.#feed(node, 'tick')
    })
  }

  #perform(node: SimNode, effect: ElectionEffect): void {
    switch (effect.type) {
      case 'send':
        return this.#send(node, effect.to, effect.bytes)
      case 'persist':
        for (const record of effect.records) this.#checkRecord(node, record)
        node.records.push(...structuredClone(effect.records as DurableRecord[]))
        return
      case 'acquired':
        this.#trace(node, `acquires ${effect.service} in term ${effect.term.number}`)
        this.#checkHolder(effect.service, effect.term)
        node.acting.set(effect.service, { term: effect.term, deadline: effect.deadline })
        return
      case 'renewed':
        node.acting.set(effect.service, { term: effect.term, deadline: effect.deadline })
        return
      case 'lost':
        this.#trace(node, `loses ${effect.service}: ${effect.why}`)
        if (effect.why.startsWith('handed over')) this.#count('lease handed over')
        node.acting.delete(effect.service)
        return
      case 'electorate':
        return this.#trace(
          node,
          `adopts electorate ${effect.epoch}: ${effect.voters.map((voter) => voter[0]).join('')}`,
        )
    }
  }

  #trace(node: SimNode, what: string): void {
    this.options.trace?.(`${this.now.toFixed(1).padStart(9)} ms  node ${node.id[0]}  ${what}`)
  }

  // --- the laws ---

  /** Acting is what a lane would do: its own look at the deadline, on the node's own clock, paused or not. */
  acting(service: string): SimNode[] {
    return this.nodes.filter((node) => {
      const held = node.acting.get(service)
      return node.machine !== undefined && held !== undefined && held.deadline > this.#clock(node)
    })
  }

  #checkOneActing(): void {
    for (const service of this.services) {
      const acting = this.acting(service)
      if (acting.length > 1) this.#break(`two act for ${service}: ${acting.map(({ id }) => id[0]).join(' and ')}`)
    }
  }

  #checkHolder(service: string, term: Term): void {
    const key = `${service} ${term.number}`
    const before = this.#holders.get(key)
    if (before !== undefined && before !== term.holder) this.#break(`term ${term.number} of ${service} has two holders`)
    this.#holders.set(key, term.holder)
  }

  #checkRecord(node: SimNode, record: DurableRecord): void {
    const wrong = voteProblem(node.records, record)
    if (wrong !== undefined) this.#break(`node ${node.id[0]} ${wrong}`)
  }

  #checkCalm(): string | undefined {
    for (const service of this.services) {
      const acting = this.acting(service)
      if (acting.length !== 1) return `${acting.length} direct ${service} ${CALM_MS} ms after the last fault`
      const seen = new Set(this.nodes.map((node) => node.machine?.explain(service, this.#clock(node)).term?.holder))
      if (seen.size !== 1) return `nodes disagree on who directs ${service}`
    }
    return electorateProblem(this.nodes.map(({ machine }) => machine?.electorate()))
  }

  #break(law: string): void {
    this.violation ??= `${law} at ${this.now.toFixed(1)} ms`
    this.options.trace?.(`*** ${this.violation}`)
  }
}
