/**
 * A few real machines in one room: messages arrive at once unless a test drops them, time moves when the test says so,
 * disks keep what was made durable. Everything that an operator would see in the logs is kept, with its time.
 */
import type { NodeId } from '../../src/base/ids.js'
import { Prng } from '../../src/base/prng.js'
import { decodeElection } from '../../src/election/codec.js'
import { type ElectionConfig, electionConfig } from '../../src/election/config.js'
import { applyRecord, type DurableRecord, emptyState, foundElectorate } from '../../src/election/durable-state.js'
import { Elections, type ElectionsOptions } from '../../src/election/elections.js'
import type { ElectionMessage } from '../../src/election/messages.js'
import {
  type ElectionEffect,
  type ElectionEvent,
  ORDINARY,
  type ServiceRules,
  type Standing,
} from '../../src/election/ports.js'

export const idOf = (letter: string): NodeId => letter.charCodeAt(0).toString(16).repeat(16)
export const letterOf = (id: NodeId) => String.fromCharCode(Number.parseInt(id.slice(0, 2), 16))

interface Host {
  readonly id: NodeId
  readonly options: Partial<ElectionsOptions>
  readonly records: DurableRecord[]
  standing: Standing
  boot: number
}

export class Room {
  now = 10_000
  readonly machines = new Map<NodeId, Elections>()
  readonly hosts = new Map<NodeId, Host>()
  /** The deadline that each host's lane was told last. */
  readonly told = new Map<NodeId, number>()
  sentBytes = 0
  readonly log: { readonly at: number; readonly text: string }[] = []
  /** Messages that this refuses are lost. */
  lets: (from: NodeId, to: NodeId, message: ElectionMessage) => boolean = () => true
  serviceRules: ServiceRules = { failback: false, alone: undefined }
  /** What is on its way, by the time at which it happens. */
  readonly #later: { readonly at: number; readonly run: () => void }[] = []
  readonly #cuts = new Set<string>()
  readonly #config: ElectionConfig

  constructor(
    config: Partial<ElectionConfig> = {},
    private readonly rules: NonNullable<ElectionsOptions['rules']> = {},
  ) {
    this.#config = electionConfig('lan', config)
  }

  add(
    letter: string,
    founds = false,
    options: Partial<ElectionsOptions> = {},
    standing: Partial<Standing> = {},
  ): Elections {
    const id = idOf(letter)
    const records: DurableRecord[] = founds ? [{ kind: 'electorate', electorate: foundElectorate(id, 1) }] : []
    this.hosts.set(id, { id, options, records, standing: { ...ORDINARY, ...standing }, boot: 0 })
    return this.start(letter)
  }

  /** Boots a host again, with what its disk holds. */
  start(letter: string, remembers = true): Elections {
    const host = this.hosts.get(idOf(letter))
    if (host === undefined) throw new Error(`no host ${letter}`)
    host.boot++
    if (!remembers) host.records.length = 0
    if (!remembers || host.boot === 1) host.records.unshift({ kind: 'memory', number: host.boot })
    const durable = emptyState(0)
    for (const record of host.records) applyRecord(durable, record)
    const machine = new Elections({
      self: host.id,
      boot: host.boot,
      config: this.#config,
      random: new Prng(7),
      durable,
      isFresh: host.boot === 1,
      now: this.now,
      rules: this.rules,
      directs: host.standing.directs,
      diesWithProcess: false,
      probesRivals: false,
      ...host.options,
    })
    this.machines.set(host.id, machine)
    this.feed(letter, { type: 'member', node: host.id, alive: true, standing: host.standing })
    this.feed(letter, { type: 'services', services: [{ name: 'web', rules: this.serviceRules }] })
    return machine
  }

  machine(letter: string): Elections {
    const machine = this.machines.get(idOf(letter))
    if (machine === undefined) throw new Error(`no machine ${letter}`)
    return machine
  }

  link(...letters: string[]): void {
    for (const one of letters) {
      for (const other of letters) {
        const host = this.hosts.get(idOf(other))
        if (one === other || host === undefined || this.#isCut(idOf(one), idOf(other))) continue
        this.feed(one, { type: 'member', node: idOf(other), alive: true, standing: host.standing })
        this.feed(one, { type: 'link-up', peer: idOf(other), boot: host.boot })
      }
    }
  }

  setStanding(letter: string, change: Partial<Standing>): void {
    const host = this.hosts.get(idOf(letter))
    if (host === undefined) return
    host.standing = { ...host.standing, ...change }
    for (const id of this.machines.keys()) {
      this.#feed(id, { type: 'member', node: host.id, alive: true, standing: host.standing })
    }
  }

  setRules(rules: ServiceRules): void {
    this.serviceRules = rules
    for (const id of this.machines.keys()) this.#feed(id, { type: 'services', services: [{ name: 'web', rules }] })
  }

  /** The node is gone: nobody hears it, and the others notice. */
  remove(letter: string): void {
    this.machines.delete(idOf(letter))
    this.lose(letter)
  }

  /** Its links end and membership gives it up, everywhere. */
  lose(letter: string): void {
    for (const id of this.machines.keys()) this.loseBetween(letterOf(id), letter)
  }

  loseBetween(one: string, other: string): void {
    const { standing } = this.hosts.get(idOf(other)) ?? { standing: ORDINARY }
    this.feed(one, { type: 'link-down', peer: idOf(other), byUs: false })
    this.feed(one, { type: 'member', node: idOf(other), alive: false, standing })
  }

  cut(one: string, other: string): void {
    this.#cuts.add(`${idOf(one)} ${idOf(other)}`).add(`${idOf(other)} ${idOf(one)}`)
  }

  isCut(one: string, other: string): boolean {
    return this.#isCut(idOf(one), idOf(other))
  }

  heal(): void {
    this.#cuts.clear()
  }

  later(ms: number, run: () => void): void {
    this.#later.push({ at: this.now + ms, run })
    this.#later.sort((a, b) => a.at - b.at)
  }

  feed(letter: string, event: ElectionEvent): void {
    this.#feed(idOf(letter), event)
  }

  /** Lets time pass, timer by timer; fails if a machine spins. */
  run(ms: number): void {
    const end = this.now + ms
    for (let turns = 0; ; turns++) {
      if (turns > 20_000) throw new Error(`a machine spins at ${this.now}`)
      let next = Math.min(end, this.#later[0]?.at ?? end)
      for (const machine of this.machines.values()) next = Math.min(next, machine.nextDeadline() ?? end)
      if (next >= end) break
      this.now = Math.max(this.now, next)
      while ((this.#later[0]?.at ?? end) <= this.now) this.#later.shift()?.run()
      for (const [id, machine] of [...this.machines]) {
        if ((machine.nextDeadline() ?? end) > this.now) continue
        machine.tick(this.now)
        this.#drain(id, machine)
      }
    }
    this.now = end
    while (this.#later[0] !== undefined && this.#later[0].at <= this.now) this.#later.shift()?.run()
  }

  /** Who acts for `web`: each machine's own deadline. */
  acting(): string[] {
    return [...this.machines]
      .filter(([, machine]) => (machine.holding('web')?.deadline ?? 0) > this.now)
      .map(([id]) => letterOf(id))
  }

  #isCut(from: NodeId, to: NodeId): boolean {
    return this.#cuts.has(`${from} ${to}`)
  }

  #feed(id: NodeId, event: ElectionEvent): void {
    const machine = this.machines.get(id)
    if (machine === undefined) return
    machine.handle(event, this.now)
    this.#drain(id, machine)
  }

  #drain(id: NodeId, machine: Elections): void {
    for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) this.#perform(id, effect)
  }

  #perform(id: NodeId, effect: ElectionEffect): void {
    if (effect.type === 'persist') this.hosts.get(id)?.records.push(...effect.records)
    else if (effect.type === 'send') {
      this.sentBytes += effect.bytes.length
      const decoded = decodeElection(effect.bytes)
      if (decoded.type !== 'message' || this.#isCut(id, effect.to) || !this.lets(id, effect.to, decoded.message)) return
      this.#feed(effect.to, { type: 'message', from: id, bytes: effect.bytes })
    } else {
      if (effect.type === 'acquired' || effect.type === 'renewed') this.told.set(id, effect.deadline)
      const text = describe(effect)
      if (text !== undefined) this.log.push({ at: this.now, text: `${letterOf(id)} ${text}` })
    }
  }
}

function describe(effect: ElectionEffect): string | undefined {
  switch (effect.type) {
    case 'acquired':
      return `directs${effect.alone ? ' alone' : ''} in term ${effect.term.number}`
    case 'lost':
      return `stops directing: ${effect.why}`
    case 'electorate':
      return `knows electorate ${effect.epoch}: ${effect.voters.map(letterOf).join(' ')}`
    case 'probe-rival':
      return `looks for a rival in term ${effect.term.number}`
    case 'log':
      return effect.event
    default:
      return undefined
  }
}
