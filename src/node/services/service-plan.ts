/**
 * What a set of declared services changes, and all that is wrong with it. Judged by the outcome: two services may swap
 * their ports, which no order of single writes could do. Reading files is the command line's, writing `service-import`'s.
 */
import { formatPorts } from '../../proxy/port-list.js'
import type { Service } from '../../proxy/service.js'
import { fieldsOfService, parseService, SERVICE_FIELDS } from '../../proxy/service-fields.js'
import { disagree, overlap } from '../../proxy/service-overlap.js'
import { contradictionsAmong } from '../../proxy/service-relations.js'
import type { DeclaredService, ImportProblem, ServiceChange } from '../control/control-protocol.js'
import { checkDeclaredNodes } from '../discovery/declared-nodes.js'
import type { ServiceSet } from '../knowledge.js'

export interface ServicePlan {
  readonly changes: readonly ServiceChange[]
  readonly problems: readonly ImportProblem[]
  /** Of the declared services those that can be read, as they would be. */
  readonly outcome: ReadonlyMap<string, Service>
}

const NO_SERVICES: ServiceSet = { active: [], shadowed: [], unreadable: [] }

/** What is wrong with declared services wherever they are declared. */
export function checkDeclared(declared: readonly DeclaredService[]): readonly ImportProblem[] {
  return [...planServices(declared, NO_SERVICES, false).problems, ...checkDeclaredNodes(declared)]
}

export function planServices(
  declared: readonly DeclaredService[],
  { active, shadowed, unreadable }: ServiceSet,
  prune: boolean,
): ServicePlan {
  const existing = [...active, ...shadowed.map(({ service }) => service)]
  const before = new Map(existing.map((service) => [service.name, service]))
  const names = new Set(declared.map(({ name }) => name))
  const problems: ImportProblem[] = []
  const outcome = new Map<string, Service>()
  const changes: ServiceChange[] = []
  const placed: Service[] = []
  for (const { name, fields } of declared) {
    const old = before.get(name)
    const parsed = parseService({ ...(old === undefined ? {} : fieldsOfService(old)), ...fields, name })
    if (parsed.type === 'problems') {
      problems.push(...parsed.problems.map((problem) => ({ service: name, ...problem })))
      // Where it wants to be may be clear all the same: then a collision is told at once as well.
      const place = parseService({ name, address: fields['address'], ports: fields['ports'] })
      if (place.type === 'service') placed.push(place.service)
      continue
    }
    outcome.set(name, parsed.service)
    placed.push(parsed.service)
    changes.push(changeOf(parsed.service, old, Object.keys(fields)))
  }
  const others = [...before.keys(), ...unreadable.map(({ name }) => name)].filter((name) => !names.has(name)).sort()
  const fate = prune ? ('removed' as const) : ('kept' as const)
  changes.push(...others.map((service) => ({ service, change: fate, fields: [] })))
  const kept = prune ? [] : existing.filter(({ name }) => !names.has(name))
  problems.push(...collisions(placed, kept, changes))
  const all = [...kept, ...outcome.values()]
  for (const { service, fields } of changes) {
    const meant = outcome.get(service)
    if (meant === undefined) continue
    const found = contradictionsAmong(meant, all)
    const own = found.filter(({ field }) => fields.some((changed) => changed.field === field))
    problems.push(...own.map((problem) => ({ service, ...problem })))
  }
  return { changes, problems, outcome }
}

function changeOf(service: Service, old: Service | undefined, named: readonly string[]): ServiceChange {
  const now: Readonly<Record<string, string | number>> = fieldsOfService(service)
  const was: Readonly<Record<string, string | number>> = old === undefined ? {} : fieldsOfService(old)
  // That a new service has nothing of a field is no news.
  const differs = (field: string) => now[field] !== (was[field] ?? '')
  const fields = SERVICE_FIELDS.filter((field) => named.includes(field) && differs(field)).map((field) => ({
    field,
    from: was[field] ?? null,
    to: now[field] ?? '',
  }))
  const change = old === undefined ? 'added' : fields.length > 0 ? 'changed' : 'unchanged'
  return { service: service.name, change, fields }
}

/** Each pair once, told of the later one. Two that collide already, and are left as they are, are not this plan's fault. */
function collisions(
  placed: readonly Service[],
  kept: readonly Service[],
  changes: readonly ServiceChange[],
): ImportProblem[] {
  const untouched = changes.filter(({ change }) => change === 'unchanged' || change === 'kept')
  const same = new Set(untouched.map(({ service }) => service))
  const atAddress = new Map<string, Service[]>()
  const problems: ImportProblem[] = []
  for (const service of [...kept, ...placed]) {
    const neighbours = atAddress.get(service.address) ?? []
    atAddress.set(service.address, [...neighbours, service])
    for (const other of neighbours) {
      if (same.has(service.name) && same.has(other.name)) continue
      if (disagree(service, other)) problems.push(disagreement(service, other))
      const port = overlap(service, other)
      if (port !== undefined) problems.push(collision(service, other, port))
    }
  }
  return problems
}

function disagreement(service: Service, other: Service): ImportProblem {
  return {
    service: service.name,
    field: 'own',
    problem: `${service.own} at ${service.address}: service ${other.name} has it with own ${other.own}, and an address comes to a host in one way`,
    hint: `write own: ${other.own}, choose another address, or change ${other.name}`,
  }
}

function collision(service: Service, other: Service, port: number): ImportProblem {
  return {
    service: service.name,
    field: 'ports',
    problem: `${formatPorts(service.ports)} at ${service.address}: port ${port} belongs to service ${other.name} (ports ${formatPorts(other.ports)})`,
    hint: `choose other ports or another address, or change ${other.name}`,
  }
}
