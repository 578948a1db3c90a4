/** The registry's entries `service/NAME` as services: readable ones, in force unless an older one has their ports. */
import type { ServiceRules } from '../../election/ports.js'
import type { Member } from '../../gossip/ports.js'
import type { Service } from '../../proxy/service.js'
import { createdAtMs, type ServiceFields, serviceFromFields } from '../../proxy/service-fields.js'
import { type CreatedService, resolveOverlaps } from '../../proxy/service-overlap.js'
import type { ServiceSet } from '../knowledge.js'
import { Assignments } from '../programs/assignments.js'

const PREFIX = 'service/'

export function registryKey(service: string): string {
  return `${PREFIX}${service}`
}

export function servicesFromRegistry(entries: readonly (readonly [key: string, fields: ServiceFields])[]): ServiceSet {
  const readable: CreatedService[] = []
  const unreadable: { name: string; problem: string }[] = []
  for (const [key, fields] of entries) {
    if (!key.startsWith(PREFIX)) continue
    const name = key.slice(PREFIX.length)
    const parsed = serviceFromFields(name, fields)
    if (parsed.type === 'service') readable.push({ service: parsed.service, createdAtMs: createdAtMs(fields) })
    else
      unreadable.push({ name, problem: parsed.problems.map(({ field, problem }) => `${field} ${problem}`).join(', ') })
  }
  return { ...resolveOverlaps(readable), unreadable }
}

/** What elections need to know of a service. A name that two nodes have means neither; one that never directs does so alone neither. */
export function rulesOf(
  { name, failback, alone }: Service,
  members: readonly Member[],
  assignments = new Assignments(),
): ServiceRules {
  const named = members.filter(({ profile }) => profile.name === alone)
  const { keptOut, priorities } = assignments.rulesOf(name)
  const only = named.length === 1 ? named[0]?.profile.node : undefined
  const rules = { failback: failback === 'on', alone: only === undefined || keptOut.includes(only) ? undefined : only }
  return keptOut.length + priorities.length === 0 ? rules : { ...rules, keptOut, priorities }
}
