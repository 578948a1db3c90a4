/**
 * What the lanes have been told and what still holds of it: a lane that takes the place of one that died is told it again. A
 * fence above all, since it must not obey whom the node has ceased to obey.
 */
import type { Endpoint } from '../../base/address.js'
import { type NodeId, sameTerm, type Term } from '../../base/ids.js'
import type { ToLane } from '../../proxy/lane-protocol.js'
import type { Service } from '../../proxy/service.js'

type Message<Type extends ToLane['type']> = Extract<ToLane, { type: Type }>

export class LaneMemory {
  #services: readonly Service[] = []
  #listeners: Message<'local-listeners'> | undefined
  #directors: Message<'directors'> | undefined
  #sourceWay: Message<'source-way'> | undefined
  readonly #seats = new Map<string, Message<'backends'>>()
  readonly #steers = new Map<string, Message<'steer'>>()
  readonly #obeyed = new Map<string, Term>()
  readonly #directs = new Map<string, Message<'direct'>>()
  /** Whose address is here, and in which term. */
  readonly #here = new Map<string, Term>()

  note(message: ToLane): void {
    if (message.type === 'services') {
      this.#services = message.services
      const names = new Set(message.services.map(({ name }) => name))
      for (const name of this.#seats.keys()) if (!names.has(name)) this.#seats.delete(name)
      for (const name of this.#steers.keys()) if (!names.has(name)) this.#steers.delete(name)
    } else if (message.type === 'backends') this.#seats.set(message.service, message)
    else if (message.type === 'local-listeners') this.#listeners = message
    else if (message.type === 'directors') this.#directors = message
    else if (message.type === 'steer') this.#steers.set(message.service, message)
    else if (message.type === 'source-way') this.#sourceWay = message
    else if (message.type === 'direct') {
      this.#directs.set(message.service, message)
      // Nobody is asked for its connections: another process of this node had them, and the address is here.
      if (message.given === true && message.members === undefined) this.#here.set(message.service, message.term)
      else this.#here.delete(message.service)
    } else if (message.type === 'standbys') {
      const direct = this.#directs.get(message.service)
      if (direct !== undefined) this.#directs.set(message.service, { ...direct, standbys: message.standbys })
    } else if (message.type === 'let-go') this.#here.set(message.service, message.term)
    else if (message.type === 'undirect' || message.type === 'move-out') {
      this.#directs.delete(message.service)
      this.#here.delete(message.service)
    }
  }

  obeyed(contest: string, term: Term): void {
    const before = this.#obeyed.get(contest)
    if (before === undefined || term.number > before.number) this.#obeyed.set(contest, term)
  }

  /** Why a lane cannot take another's place; `undefined`: it can. */
  get obstacle(): string | undefined {
    const bound = [...this.#directs.values()].find(({ given }) => given !== true)
    // The others accept on duplicates of what the lane that died had opened, and know nothing of each other.
    return bound === undefined ? undefined : `${bound.service} has a listening socket for each of its ports`
  }

  /** What becomes of a client's connection to that place; `undefined`: none is a service's. */
  fateOf({ address }: Endpoint): 'keep' | 'silence' | undefined {
    const services = this.#services.filter((service) => service.address === address)
    if (services.length === 0) return undefined
    return services.some(({ name }) => this.#isHere(name)) ? 'keep' : 'silence'
  }

  /** Before anything is inherited. */
  truths(): ToLane[] {
    const services: ToLane = { type: 'services', services: this.#services }
    const obeyed = [...this.#obeyed].map(([contest, term]): ToLane => ({ type: 'obey', contest, term }))
    const told = [this.#listeners, this.#directors, this.#sourceWay, ...this.#steers.values()].filter(
      (message) => message !== undefined,
    )
    return [services, ...this.#seats.values(), ...told, ...obeyed]
  }

  /** Afterwards. `members`: who may have splices of these services now. */
  duties(members: readonly NodeId[]): ToLane[] {
    return [...this.#directs.values()].flatMap((direct): ToLane[] => {
      const { service, term } = direct
      const begun: ToLane = { ...direct, members }
      return this.#isHere(service) ? [begun, { type: 'let-go', service, term }] : [begun]
    })
  }

  #isHere(service: string): boolean {
    const [direct, here] = [this.#directs.get(service), this.#here.get(service)]
    return direct !== undefined && here !== undefined && sameTerm(direct.term, here)
  }
}
