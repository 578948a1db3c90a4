/** A service of mode `single` in a simulated cluster: what operators do with it, and what befalls the host where it runs. */
import type { Prng } from '../../src/base/prng.js'
import { registryKey } from '../../src/node/services/services.js'
import { fieldsOfService, parseService } from '../../src/proxy/service-fields.js'
import type { Host } from './host.js'

export const HOSTED = 'app'

export interface HostedScene {
  readonly hosts: readonly Host[]
  readonly random: Prng
  /** Until then something happens. */
  readonly until: number
  readonly at: (ms: number, run: () => void) => void
  /** Its host loses power. */
  readonly end: (host: Host) => void
  readonly pause: (host: Host, ms: number) => void
  readonly cut: (one: readonly Host[], others: readonly Host[], ms: number) => void
  readonly note: (what: string) => void
}

export function addHosted(founder: Host, scene: HostedScene): void {
  const { random, until, at } = scene
  const limits = { stopMs: 1_000, holdMs: 800, failureThreshold: 0, failureIntervalMs: 5_000 }
  const where = { address: '10.0.1.9', ports: '80', own: 'none' }
  const parsed = parseService({ name: HOSTED, ...where, mode: 'single', program: '/bin/app', ...limits })
  if (parsed.type !== 'service') throw new Error(JSON.stringify(parsed.problems))
  const fields = { ...fieldsOfService(parsed.service), createdAtMs: 1 }
  founder.turn(() => founder.node?.write([{ name: registryKey(HOSTED), changes: fields }]))
  for (let ms = 3_000; ms < until; ms += random.between(2_000, 8_000)) at(ms, () => relocate(scene))
  for (let ms = 5_000; ms < until; ms += random.between(5_000, 12_000)) at(ms, () => strike(scene))
}

function relocate({ hosts, random, note }: HostedScene): void {
  const to = hosts[random.below(hosts.length)]
  for (const host of hosts) {
    host.turn(() => {
      if (host.node?.programs.hosting.relocate(HOSTED, to?.id, 'asked to') === true) note('relocated')
    })
  }
}

/** Long enough for another to have its turn. */
function strike({ hosts, random, end, pause, cut }: HostedScene): void {
  const host = hosts.find(({ programs }) => programs.isActive(HOSTED))
  if (host === undefined) return
  const ms = random.between(3_000, 9_000)
  switch (random.below(4)) {
    case 0:
      return end(host)
    case 1:
      return pause(host, ms)
    default:
      return cut(
        [host],
        hosts.filter((other) => other !== host),
        ms,
      )
  }
}
