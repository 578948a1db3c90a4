/**
 * Brings addresses of services to this host: on a device that dies with the process, or by a hook of the operator. An address
 * comes last, when its connections are welcome, and goes at the deadline of its lease, whatever else happens.
 *
 *   probe    does another host answer for it?
 *   take     nobody has it yet: is it this host's own already? is there a device?
 *   ready    all lanes serve it, and no rival was heard: ports, deadline, then the address, then the network is told
 *   release  the other way round
 */
import type { Alarm, AlarmClock } from '../../base/clock.js'
import { sameTerm, type Term } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import { GRAVE_S } from '../../kernel/bpf/grave-program.js'
import { errorName } from '../../kernel/control-calls.io.js'
import { HEIRLESS_MS } from '../../lane/backends.js'
import { isOwned, type Service } from '../../proxy/service.js'
import { overtakenWarnings } from '../control/advice.js'
import { HookCalls } from '../programs/hook-calls.io.js'
import type { AddressCounts, AddressKeeper, Catcher, Claim, Taken } from './address-keeper.js'
import { Disputes } from './disputes.js'
import type { Network, OnRival } from './host-network.io.js'
import { NetworkWishes } from './network-wishes.js'

/** Interfaces come and go; a look costs a tenth of a millisecond. */
const LOOK_EVERY_MS: Millis = 1_000

/** After so long no backend half waits for its director any more: whatever is not known then is nobody's. */
const GUARDED_MS_MAX: Millis = HEIRLESS_MS

export interface OwnAddressesParts {
  readonly clock: AlarmClock
  readonly logger: Logger
  /** Called when there is a service whose address may be wanted here: a host without one gets no device. */
  readonly openNetwork: (onRival: OnRival) => Network
  /** Another process has the device, and gives it away: it is opened at once. */
  readonly inherits?: boolean
  /** Ports of this node itself, which others need whatever a service says. */
  readonly keepOpen: readonly number[]
  /** On which a service takes connections now. */
  readonly portsOf: (service: Service) => readonly number[]
  /** What `dispute` answers for some service is another now. */
  readonly onDispute: () => void
}

interface Holding {
  readonly claim: Claim
  readonly address: string
  readonly answer: (taken: Taken) => void
  /** When the lease is over. */
  readonly alarm: Alarm
  services: readonly Service[]
  deadline: Millis
  state: 'taken' | 'here'
  /** Connections are accepted: it was, or is to be, told of. */
  isReady: boolean
  /** Connections of an earlier director are not to be expected any more. */
  isKnown: boolean
}

export class OwnAddresses implements AddressKeeper {
  /** By contest. */
  readonly #held = new Map<string, Holding>()
  readonly #disputes: Disputes

  /** By address: a look for rivals that goes on, and what it finds, as the rest of a sentence that begins with the node. */
  readonly #rivals = new Map<string, Promise<string | undefined>>()
  readonly #hooks: HookCalls
  readonly #wishes: NetworkWishes
  #opened: Network | undefined
  /** When what earlier lives of this node left on the interfaces has nothing more to do. */
  #clearsAt: Millis = Number.POSITIVE_INFINITY
  #services: readonly Service[] = []
  #inherits: boolean
  #isGivenAway = false
  #looks: NodeJS.Timeout | undefined

  constructor(private readonly parts: OwnAddressesParts) {
    this.#disputes = new Disputes(parts.clock, parts.logger, parts.onDispute)
    this.#hooks = new HookCalls(parts.logger)
    this.#wishes = new NetworkWishes(parts)
    this.#inherits = parts.inherits === true
    if (this.#inherits) this.#network()
  }

  /** For another process of this node. */
  get estate(): Pick<Network, 'leaving' | 'arm'> | undefined {
    return this.#opened
  }

  /** Of services whose address is on this host now. */
  get here(): readonly string[] {
    return [...this.#held.values()].flatMap(({ state, address }) => (state === 'here' ? [address] : []))
  }

  prepare(services: readonly Service[]): void {
    this.#services = services
    const hides = services.some(({ hide }) => hide !== '')
    if (hides || services.some((service) => isOwned(service) && service.own === 'tun')) this.#network()
    if (this.#opened !== undefined) this.#wishes.follow(services, this.#opened)
  }

  async probe(services: readonly Service[], answer: (rival: string | undefined) => void): Promise<void> {
    const [service] = services
    if (service === undefined || !isOwned(service) || service.own !== 'tun') return answer(undefined)
    const look = this.#lookForRival(service)
    // Its ports are listened on one by one, and that needs the address first.
    if (!this.#network().hasFrontDoor) return answer(await look)
    const { address } = service
    this.#rivals.set(address, look)
    answer(undefined)
    await look
    if (this.#rivals.get(address) === look) this.#rivals.delete(address)
  }

  dispute([service]: readonly Service[]): string | undefined {
    return service === undefined ? undefined : this.#disputes.why(service.address)
  }

  /** What an operator should look at. */
  get warnings(): readonly string[] {
    return overtakenWarnings(this.#opened?.overtaken)
  }

  counts(address: string): AddressCounts | undefined {
    return this.here.includes(address) ? this.#opened?.counts(address) : undefined
  }

  adopt(claim: Claim, given: boolean, answer: (taken: Taken) => void): void {
    const [service] = claim.services
    if (service === undefined) return
    const holding = this.#hold(claim, service.address, answer)
    holding.isKnown = true
    if (service.own === 'hook') holding.state = 'here'
    else if (!given) this.#bring(holding)
  }

  take(claim: Claim, answer: (taken: Taken) => void): void {
    const [service] = claim.services
    if (service === undefined) return
    const { address } = service
    this.#drop(claim.contest)
    const holding = this.#hold(claim, address, answer)
    if (service.own === 'hook') return void this.#takeByHook(holding, service)
    const network = this.#network()
    const problem = network.problemWith(address)
    if (problem !== undefined) return answer({ type: 'problem', why: problem })
    // Each has the four-tuple of a connection that may be rebuilt here now, and would tell its client of an end.
    network.buryOrphans(address)
    if (network.hasFrontDoor) return answer({ type: 'taken', given: true })
    // Its ports are listened on one by one, which needs the address; and nothing is rebuilt.
    holding.isKnown = true
    const failed = this.#bring(holding)
    answer(failed === undefined ? { type: 'taken', given: false } : { type: 'problem', why: failed })
  }

  follow(contest: string, services: readonly Service[]): void {
    const holding = this.#held.get(contest)
    if (holding === undefined) return
    const before = holding.services[0]?.interface
    holding.services = services
    if (!comesAlike(services[0], holding.claim.services[0])) {
      const why = `has ${holding.address} in the way that was said before: it is taken anew`
      return holding.answer({ type: 'problem', why })
    }
    if (holding.state !== 'here') return
    this.#setPorts(holding)
    if (holding.isReady && services[0]?.interface !== before) this.ready(contest)
  }

  renewed(contest: string, deadline: Millis): void {
    const holding = this.#held.get(contest)
    if (holding === undefined) return
    holding.deadline = deadline
    holding.alarm.set(deadline)
    if (holding.state === 'here') this.#network().setDeadline(holding.address, deadline)
    // It went at a deadline that was moved after all.
    else if (holding.isReady) this.ready(contest)
  }

  ready(contest: string, then = () => {}): void {
    const holding = this.#held.get(contest)
    const [service] = holding?.services ?? []
    if (holding === undefined || service === undefined) return
    if (service.own === 'hook') return then()
    holding.isReady = true
    const look = holding.state === 'here' ? undefined : this.#rivals.get(holding.address)
    if (look === undefined) return this.#show(holding, service, then)
    void look.then((rival) => {
      if (this.#held.get(contest) !== holding) return
      if (rival === undefined) this.#show(holding, service, then)
      else holding.answer({ type: 'problem', why: rival })
    })
  }

  known(contest: string): void {
    const holding = this.#held.get(contest)
    if (holding === undefined) return
    holding.isKnown = true
    if (holding.state !== 'here' || holding.services[0]?.own === 'hook') return
    const network = this.#network()
    network.guard(holding.address, 'no more')
    const { heldBack = 0 } = network.counts(holding.address)
    this.parts.logger.log('info', 'guard-over', { address: holding.address, heldBack })
  }

  release(contest: string, term: Term): void {
    const holding = this.#held.get(contest)
    if (holding !== undefined && sameTerm(holding.claim.term, term)) this.#drop(contest)
  }

  problem([service]: readonly Service[]): string {
    if (service === undefined || !isOwned(service) || service.own !== 'tun') return ''
    return this.#network().problemWith(service.address) ?? ''
  }

  hush(contest: string): Catcher | undefined {
    const holding = this.#held.get(contest)
    if (holding?.state !== 'here' || holding.services[0]?.own !== 'tun') return undefined
    const caught = this.#network().hush(holding.address)
    if (!('why' in caught)) return caught
    this.parts.logger.log('warn', 'packets-not-caught', { address: holding.address, why: caught.why })
    return undefined
  }

  deliver(contest: string, packet: Uint8Array): boolean {
    const holding = this.#held.get(contest)
    if (holding?.state !== 'here' || holding.services[0]?.own !== 'tun') return false
    return this.#network().deliver(holding.address, packet)
  }

  /** Called each second: interfaces come and go, and tools that tidy networks up know nothing of us. */
  look(): void {
    const network = this.#opened
    if (network === undefined) return
    network.look()
    const { clock, logger } = this.parts
    if (clock.now() >= this.#clearsAt) {
      this.#clearsAt = Number.POSITIVE_INFINITY
      network.clearGraves()
    }
    for (const { address, result } of network.bringBack()) {
      const outcome = result === 0 ? 'it is back' : errorName(result)
      logger.log('error', 'address-taken-away', { address, device: network.deviceName, outcome })
      if (result < 0) return this.#onDeviceGone(network)
      for (const { claim, services, isReady } of this.#held.values()) {
        const [service] = services
        if (service?.address === address && isReady) network.announce(address, claim.slot, service.interface)
      }
    }
  }

  /** All that was on it is gone with it; another is made when an address is next wanted. */
  #onDeviceGone(network: Network): void {
    clearInterval(this.#looks)
    this.#opened = undefined
    const lost = [...this.#held.values()].filter(
      ({ state, services }) => state === 'here' && services[0]?.own === 'tun',
    )
    for (const holding of lost) holding.state = 'taken'
    network.close()
    const why = `has lost its device ${network.deviceName}: somebody has deleted it`
    // Hidden ports are hidden whether or not there is an address.
    this.prepare(this.#services)
    for (const { answer } of lost) answer({ type: 'problem', why })
  }

  /** Another process of this node has all of it from now on. */
  giveAway(): void {
    this.#isGivenAway = true
    this.#opened?.giveAway()
  }

  /** The process ends now, and without order: the addresses that its device had, which are here no more. */
  vanish(): readonly string[] {
    return this.#isGivenAway ? [] : (this.#opened?.vanish() ?? [])
  }

  /** Resolves when hooks have taken away what they brought: whoever supervises this process may end them with it. */
  async close(): Promise<void> {
    clearInterval(this.#looks)
    for (const contest of [...this.#held.keys()]) this.#drop(contest)
    this.#disputes.close()
    this.#opened?.close()
    await this.#hooks.ended()
  }

  #network(): Network {
    if (this.#opened !== undefined) return this.#opened
    const network = this.parts.openNetwork((address, rival, times) => {
      this.#disputes.heard(address, rival, times, this.here.includes(address))
    })
    this.#opened = network
    this.#clearsAt = this.parts.clock.now() + GRAVE_S * 1_000
    // The process before lives still.
    if (!this.#inherits) network.endLastLife(this.#services.map(({ address }) => address))
    this.#inherits = false
    this.#looks = setInterval(() => this.look(), LOOK_EVERY_MS).unref()
    this.parts.logger.log('info', 'addresses', network.abilities)
    return network
  }

  #show(holding: Holding, service: Service, then: () => void): void {
    const failed = holding.state === 'here' ? undefined : this.#bring(holding)
    if (failed !== undefined) return holding.answer({ type: 'problem', why: failed })
    this.#network().announce(holding.address, holding.claim.slot, service.interface)
    then()
  }

  async #lookForRival({ address, interface: on }: Service): Promise<string | undefined> {
    const rival = await this.#network().probe(address, on)
    if (rival === undefined) return undefined
    const { mac } = rival
    this.parts.logger.log('error', 'rival-answers', { address, mac, interface: rival.interface })
    return `cannot take ${address}: a host with the link address ${mac} answers for it on ${rival.interface}; take it away there`
  }

  #hold(claim: Claim, address: string, answer: (taken: Taken) => void): Holding {
    const alarm = this.parts.clock.alarm(() => this.#onDeadline(claim.contest))
    const { services, deadline } = claim
    const beginning = { state: 'taken', isReady: false, isKnown: false } as const
    const holding: Holding = { claim, address, answer, alarm, services, deadline, ...beginning }
    this.#held.set(claim.contest, holding)
    alarm.set(deadline)
    return holding
  }

  /** What went wrong. */
  #bring(holding: Holding): string | undefined {
    const { address, deadline } = holding
    const [network, { logger }] = [this.#network(), this.parts]
    const problem = this.#setPorts(holding) ?? network.setDeadline(address, deadline)
    if (problem !== undefined) {
      // Without them the address would lead to whatever this host has there, and outlive its lease.
      network.remove(address)
      return `cannot take ${address}: ${problem}`
    }
    if (!holding.isKnown && !network.guard(address, this.parts.clock.now() + GUARDED_MS_MAX)) {
      const without = 'clients whose connection is not rebuilt yet when they speak are told that there is none'
      logger.log('warn', 'no-rst-guard', { address, why: network.abilities.leaseGate, without })
    }
    const result = network.add(address)
    if (result < 0) {
      network.remove(address)
      return `cannot bring ${address} to its device: ${errorName(result)}`
    }
    holding.state = 'here'
    logger.log('info', 'address-here', { address, device: network.deviceName })
    return undefined
  }

  #setPorts({ address, services }: Holding): string | undefined {
    return this.#network().setPorts(address, new Set(services.flatMap((service) => this.parts.portsOf(service))))
  }

  #onDeadline(contest: string): void {
    const holding = this.#held.get(contest)
    if (holding === undefined || this.parts.clock.now() < holding.deadline) return
    this.parts.logger.log('warn', 'address-lease-over', { address: holding.address })
    this.#withdraw(holding)
  }

  #drop(contest: string): void {
    const holding = this.#held.get(contest)
    if (holding === undefined) return
    this.#held.delete(contest)
    holding.alarm.set(undefined)
    this.#withdraw(holding)
  }

  #withdraw(holding: Holding): void {
    if (holding.state !== 'here') return
    holding.state = 'taken'
    const [service] = holding.claim.services
    if (service?.own === 'hook') return void this.#hooks.call(service, 'remove')
    this.#network().remove(holding.address)
    this.#disputes.settle(holding.address)
    this.parts.logger.log('info', 'address-gone', { address: holding.address })
  }

  async #takeByHook(holding: Holding, service: Service): Promise<void> {
    const why = await this.#hooks.call(service, 'add')
    const present = this.#held.get(holding.claim.contest)
    // A later lease has asked for it again already, and would lose it.
    if (present === undefined) return void this.#hooks.call(service, 'remove')
    if (present !== holding) return
    holding.state = 'here'
    holding.answer(why === undefined ? { type: 'taken', given: false } : { type: 'problem', why })
  }
}

/** Both are brought by the same means. */
function comesAlike(a: Service | undefined, b: Service | undefined): boolean {
  return a?.own === b?.own && a?.hook === b?.hook
}
