/** A few real machines in one room: messages arrive at once unless a test drops them, time moves when the test says so. */
import type { NodeId } from '../../src/base/ids.js'
import { Prng } from '../../src/base/prng.js'
import { decodeElection } from '../../src/election/codec.js'
import { type ElectionConfig, electionConfig } from '../../src/election/config.js'
import { applyRecord, emptyState, foundElectorate } from '../../src/election/durable-state.js'
import { Elections, type ElectionsOptions } from '../../src/election/elections.js'
import type { ElectionMessage } from '../../src/election/messages.js'
import type { ElectionEvent } from '../../src/election/ports.js'

export const idOf = (letter: string): NodeId => letter.charCodeAt(0).toString(16).repeat(16)

export class Room {
  now = 10_000
  readonly machines = new Map<NodeId, Elections>()
  /** Messages that this refuses are lost. */
  lets: (from: NodeId, to: NodeId, message: ElectionMessage) => boolean = () => true
  readonly #config: ElectionConfig

  constructor(
    config: Partial<ElectionConfig> = {},
    private readonly rules: NonNullable<ElectionsOptions['rules']> = {},
  ) {
    this.#config = electionConfig('lan', config)
  }

  add(letter: string, founds = false): Elections {
    const self = idOf(letter)
    const durable = emptyState()
    if (founds) applyRecord(durable, { kind: 'electorate', electorate: foundElectorate(self) })
    const { now, rules } = this
    const machine = new Elections({
      self,
      config: this.#config,
      random: new Prng(7),
      durable,
      isFresh: true,
      now,
      rules,
    })
    this.machines.set(self, machine)
    this.feed(letter, { type: 'service', name: 'web', present: true })
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
        if (one === other) continue
        this.feed(one, { type: 'member', node: idOf(other), alive: true })
        this.feed(one, { type: 'link-up', peer: idOf(other) })
      }
    }
  }

  /** The node is gone: nobody hears it, and the others notice. */
  remove(letter: string): void {
    this.machines.delete(idOf(letter))
    for (const id of this.machines.keys()) {
      this.#feed(id, { type: 'link-down', peer: idOf(letter) })
      this.#feed(id, { type: 'member', node: idOf(letter), alive: false })
    }
  }

  feed(letter: string, event: ElectionEvent): void {
    this.#feed(idOf(letter), event)
  }

  /** Lets time pass, timer by timer; fails if a machine spins. */
  run(ms: number): void {
    const end = this.now + ms
    for (let turns = 0; ; turns++) {
      if (turns > 20_000) throw new Error(`a machine spins at ${this.now}`)
      let next = end
      for (const machine of this.machines.values()) next = Math.min(next, machine.nextDeadline() ?? end)
      if (next >= end) break
      this.now = Math.max(this.now, next)
      for (const [id, machine] of this.machines) {
        if ((machine.nextDeadline() ?? end) > this.now) continue
        machine.tick(this.now)
        this.#drain(id, machine)
      }
    }
    this.now = end
  }

  /** Who acts for `web`: each machine's own deadline. */
  acting(): string[] {
    return [...this.machines]
      .filter(([, machine]) => (machine.holding('web')?.deadline ?? 0) > this.now)
      .map(([id]) => letterOf(id))
  }

  #feed(id: NodeId, event: ElectionEvent): void {
    const machine = this.machines.get(id)
    if (machine === undefined) return
    machine.handle(event, this.now)
    this.#drain(id, machine)
  }

  #drain(id: NodeId, machine: Elections): void {
    for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
      if (effect.type !== 'send') continue
      const decoded = decodeElection(effect.bytes)
      if (decoded.type === 'message' && this.lets(id, effect.to, decoded.message)) {
        this.#feed(effect.to, { type: 'message', from: id, bytes: effect.bytes })
      }
    }
  }
}

const letterOf = (id: NodeId) => String.fromCharCode(Number.parseInt(id.slice(0, 2), 16))
