/** Whether a service may be written as asked: all problems at once, in words that name the field and the way out. */
import { BatonError } from '../../base/errors.js'
import { formatPorts } from '../../proxy/port-list.js'
import type { Service } from '../../proxy/service.js'
import { fieldsOfService, parseService } from '../../proxy/service-fields.js'
import { disagree, overlap } from '../../proxy/service-overlap.js'
import { contradictionsAmong } from '../../proxy/service-relations.js'
import type { ServiceWrite } from '../control/control-protocol.js'

/** The new definition, or the error that explains why not. Address and ports of other services are looked at. */
export function plannedService(name: string, write: ServiceWrite, existing: readonly Service[]): Service {
  const before = existing.find((service) => service.name === name)
  if (write.mode === 'create' && before !== undefined) {
    const hint = `change it with \`baton service set ${name} …\`, or choose another name`
    throw new BatonError('ERR_SERVICE_EXISTS', `there is a service ${name} already`, { hint })
  }
  if (write.mode === 'set' && before === undefined) throw serviceUnknown(name, existing)
  if (Object.hasOwn(write.fields, 'name')) {
    const hint = 'make a service of the new name, then remove this one'
    throw new BatonError('ERR_SERVICE_INVALID', `the name of service ${name} cannot be changed`, { hint })
  }
  const fields = before === undefined ? write.fields : { ...fieldsOfService(before), ...write.fields }
  const parsed = parseService({ name, ...fields })
  if (parsed.type === 'problems') {
    const message = parsed.problems.map(({ field, problem }) => `${field} ${problem}`).join('; ')
    throw new BatonError('ERR_SERVICE_INVALID', message, { hint: parsed.problems.map(({ hint }) => hint).join('; ') })
  }
  // A collision that a partition left is not of this write's making, and must not forbid to change anything else.
  if (before === undefined || !sameSeat(before, parsed.service)) refuseOverlap(parsed.service, existing)
  refuseContradiction(parsed.service, before, existing)
  return parsed.service
}

export function serviceUnknown(name: string, existing: readonly Service[]): BatonError {
  const names = existing.map((service) => service.name)
  const hint =
    names.length === 0 ? 'add one with `baton service add`' : `services are: ${names.slice(0, 20).join(', ')}`
  return new BatonError('ERR_SERVICE_UNKNOWN', `there is no service ${name}`, { hint })
}

function sameSeat(a: Service, b: Service): boolean {
  return (
    a.address === b.address && formatPorts(a.ports) === formatPorts(b.ports) && a.own === b.own && a.hook === b.hook
  )
}

/** As with a collision: only what this write says itself. */
function refuseContradiction(service: Service, before: Service | undefined, existing: readonly Service[]): void {
  for (const { field, problem, hint } of contradictionsAmong(service, existing)) {
    if (before?.[field] === service[field]) continue
    throw new BatonError('ERR_SERVICE_CONFLICT', `${field} ${problem}`, { hint })
  }
}

function refuseOverlap(service: Service, existing: readonly Service[]): void {
  for (const other of existing) {
    if (other.name === service.name) continue
    if (disagree(service, other)) {
      const message = `${service.address} is of service ${other.name} too, with --own ${other.own}: an address comes to a host in one way`
      const hint = `say --own ${other.own} here, choose another address, or change ${other.name}`
      throw new BatonError('ERR_SERVICE_CONFLICT', message, { hint })
    }
    const port = overlap(service, other)
    if (port === undefined) continue
    const message = `port ${port} of ${service.address} belongs to service ${other.name} (ports ${formatPorts(other.ports)})`
    const hint = `choose other ports or another address, or change ${other.name}`
    throw new BatonError('ERR_SERVICE_CONFLICT', message, { hint })
  }
}
