/** How long a service is without a director, simulated: whole nodes on a quiet network, one director ended after another. */
import type { Endpoint } from '../../src/base/address.js'
import { Prng } from '../../src/base/prng.js'
import { registryKey } from '../../src/node/services.js'
import { fieldsOfService, parseService } from '../../src/proxy/service-fields.js'
import { EventQueue } from './event-queue.js'
import { Host, type Watcher } from './host.js'
import { Network } from './network.js'

export interface FailoverOptions {
  readonly nodes: number
  readonly profile: 'lan' | 'fast'
  /** `crash`: the process ends, which its host shows; `power-off`: nothing but silence. */
  readonly end: 'crash' | 'power-off'
  readonly times: number
  readonly seed: number
}

const LOSS = { loss: 0.01, duplication: 0.001, tail: 0.01, tailMs: 60 }

/** Milliseconds from each end to the moment at which another acts, in the order of the ends. */
export function measureFailover({ nodes, profile, end, times, seed }: FailoverOptions): number[] {
  const [random, queue, hosts] = [new Prng(seed), new EventQueue(), [] as Host[]]
  const gaps: number[] = []
  let [now, endedAt] = [0, Number.NaN]
  const trueTime = () => now
  const hostAt = (at: Endpoint) => hosts[Number(at.address.split('.')[3]) - 1]
  const watcher: Watcher = {
    trunk: () => network,
    voted: () => {},
    saved: () => {},
    failsAt: () => false,
    log: (_host, event) => {
      if (event === 'lease-acquired' && !Number.isNaN(endedAt)) gaps.push(now - endedAt)
      if (event === 'lease-acquired') endedAt = Number.NaN
    },
  }
  for (let index = 0; index < nodes; index++) {
    const clocks = { driftPpm: random.between(-500, 500), wallSkewMs: 0 }
    hosts.push(
      new Host({ index, seed, founds: index === 0, rules: {}, profile, ...clocks }, queue, trueTime, watcher, hostAt),
    )
  }
  const network = new Network(hosts, queue, random, trueTime)
  network.weather = LOSS
  const runTo = (time: number) => {
    for (let event = queue.next(); event !== undefined; event = queue.next()) {
      now = event.at
      event.run()
      if (now >= time) break
    }
  }
  const start = (host: Host) => {
    host.start(hosts[0] === host ? [] : [(hosts[0] as Host).at])
    network.dial(host)
  }
  for (const host of hosts) queue.add(host.index * 5, () => start(host))
  runTo(4_000)
  const parsed = parseService({ name: 'web', address: '10.0.1.1', ports: '80' })
  if (parsed.type !== 'service') throw new Error('the service cannot be read')
  const fields = { ...fieldsOfService(parsed.service), createdAtMs: 1 }
  hosts[0]?.turn(() => hosts[0]?.node?.write([{ name: registryKey('web'), changes: fields }]))
  // Until all that may vote do.
  runTo(now + 10_000)
  for (let i = 0; i < times; i++) {
    const director = hosts.find((host) => host.acts('web'))
    if (director === undefined) throw new Error(`nobody directs before the ${i + 1}th end`)
    endedAt = now
    director.kill()
    network.ended(director, end === 'power-off')
    runTo(now + 4_000)
    start(director)
    runTo(now + 4_000 + random.between(0, 1_000))
  }
  return gaps
}

/** `p` from 0 to 1. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN
}
