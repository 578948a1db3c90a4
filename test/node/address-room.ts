import type { Taken } from '../../src/node/addresses/address-keeper.js'
import type { Network, OnRival } from '../../src/node/addresses/host-network.io.js'
import { OwnAddresses } from '../../src/node/addresses/own-addresses.io.js'
import type { Service } from '../../src/proxy/service.js'
import { FakeClock } from '../harness/fake-clock.js'
import type { Scope } from '../harness/suite.js'
import { A, service } from './sample.js'

export const [WEB, MAIL] = [service('web', 80), service('mail', 25)]

/** Own addresses on a host that writes down what is done to it. */
export class Room {
  readonly clock = new FakeClock()
  readonly done: string[] = []
  readonly logged: string[] = []
  readonly answers: Taken[] = []
  readonly network = {
    abilities: { device: 'baton0', anyPort: 'sk_lookup', leaseGate: 'tcx' },
    deviceName: 'baton0',
    overtaken: undefined as string | undefined,
    hasFrontDoor: true,
    addResult: 0,
    problem: undefined as string | undefined,
    rival: undefined as { mac: string; interface: string } | undefined,
    look: () => {},
    clearGraves: () => void this.done.push('clear graves'),
    endLastLife: (_addresses: readonly string[]) => {},
    refusal: undefined as string | undefined,
    hideResult: undefined as string | undefined,
    holdResult: undefined as string | undefined,
    holdAcks: () => {
      this.done.push('hold acknowledgements')
      return this.network.holdResult
    },
    hide: (ports: readonly number[], addresses: readonly string[]) => {
      if (ports.length > 0) this.done.push(`hide ${ports.join()} but at ${addresses.join()}`)
      return this.network.hideResult
    },
    gone: [] as { address: string; result: number }[],
    bringBack: () => this.network.gone.splice(0),
    problemWith: () => this.network.problem,
    buryOrphans: (address: string) => this.buried.push(address) > 0,
    add: (address: string) => {
      this.done.push(`add ${address}`)
      return this.network.addResult
    },
    vanish: () => ['10.0.0.100'],
    remove: (address: string) => void this.done.push(`remove ${address}`),
    setPorts: (_address: string, ports: ReadonlySet<number>) => {
      this.done.push(`ports ${[...ports].join()}`)
      return undefined
    },
    setDeadline: (_address: string, at: number) => {
      this.done.push(`deadline ${at}`)
      return this.network.refusal
    },
    guards: true,
    guard: (address: string, until: number | 'no more') => {
      this.done.push(`guard ${address} ${until}`)
      return this.network.guards
    },
    probe: async () => this.network.rival,
    announce: (address: string, slot: number) => void this.done.push(`announce ${address} ${slot}`),
    counts: () => ({ device: 'baton0' }),
    hush: (address: string) => ({ why: `nothing is caught for ${address}` }),
    deliver: (address: string) => {
      this.done.push(`deliver to ${address}`)
      return true
    },
    leaving: undefined,
    arm: () => void this.done.push('arm'),
    giveAway: () => void this.done.push('give away'),
    close: () => void this.done.push('close'),
  }
  readonly addresses: OwnAddresses
  readonly disputes: (string | undefined)[] = []
  readonly buried: string[] = []
  onRival: OnRival = () => {}
  opened = 0

  constructor(scope: Scope) {
    this.addresses = new OwnAddresses({
      clock: this.clock,
      logger: { log: (_level, event) => void this.logged.push(event) },
      openNetwork: (onRival) => {
        this.opened++
        this.onRival = onRival
        return this.network as Network
      },
      keepOpen: [7440],
      portsOf: ({ ports }) => ports.map(({ first }) => first),
      onDispute: () => void this.disputes.push(this.addresses.dispute([WEB])),
    })
    scope.defer(() => this.addresses.close())
  }

  claim(services: readonly Service[] = [WEB], number = 1): void {
    const term = { number, holder: A }
    const deadline = this.clock.now() + 1_000
    const contest = services[0]?.address ?? ''
    this.addresses.take({ contest, term, deadline, slot: 7, services }, (taken) => this.answers.push(taken))
  }

  take(): string[] {
    return this.done.splice(0)
  }
}
