/**
 * Services as fields with scalar values: what a person types, and what the registry keeps. Two readers of one form: for
 * a person, everything odd is a problem (`parseService`); for the registry, which a newer release may have written,
 * unknown fields are left alone and missing ones have their default (`serviceFromFields`).
 */
import { canonicalIp, isIpv6, isWildcard, parseIp } from '../base/address.js'
import type { Millis } from '../base/time.js'
import { CHOOSING_FIELDS, CHOOSING_WORDS, readChoosing } from './choosing.js'
import { type FieldSource, shown } from './field-source.js'
import {
  areFoundPorts,
  formatPorts,
  includesPort,
  PORTS_MAX,
  type PortList,
  parsePorts,
  portsOfText,
} from './port-list.js'
import {
  FAILBACKS,
  LOCAL_PREFERENCES,
  localDefault,
  OWNS,
  SERVICE_DEFAULTS,
  type Service,
  SPAN_LIMITS,
  UPLOADS,
} from './service.js'
import { CHECK_FIELDS, CHECK_FROMS, CHECK_KINDS, readCheck } from './service-check.js'
import { HOSTING_FIELDS, PLACEMENTS, readHosting } from './service-hosting.js'
import { IDENTITY_FIELDS, readIdentity } from './service-identity.js'
import { OUTWARD_FIELDS, readOutward } from './service-outward.js'

export type ServiceScalar = string | number | boolean | null
export type ServiceFields = Readonly<Record<string, ServiceScalar>>

export interface FieldProblem {
  readonly field: string
  readonly problem: string
  /** What to write instead. */
  readonly hint: string
}

export type ParsedService =
  | { readonly type: 'service'; readonly service: Service }
  | { readonly type: 'problems'; readonly problems: readonly FieldProblem[] }

/** All fields but the name, as they are called in the registry and on the command line. */
export const SERVICE_FIELDS = [
  'address',
  'ports',
  'own',
  'hook',
  'interface',
  'hide',
  'reserve',
  ...IDENTITY_FIELDS,
  ...CHOOSING_FIELDS,
  'local',
  'idleMs',
  'connectMs',
  'parkMs',
  'keepaliveMs',
  'uploads',
  'failback',
  'alone',
  ...CHECK_FIELDS,
  ...HOSTING_FIELDS,
  ...OUTWARD_FIELDS,
] as const

const NODE_NAME_LENGTH_MAX = 63
const HOOK = /^\/[^\0\n]{1,254}$/
/** As the kernel takes them: up to 15 characters, no slash, no blank. */
const INTERFACES = /^[^\s,/]{1,15}(,[^\s,/]{1,15}){0,15}$/
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** All problems of a definition that a person wrote, its `name` among the fields; none means that it can be parsed. */
export function checkService(input: Readonly<Record<string, unknown>>): readonly FieldProblem[] {
  const parsed = parseService(input)
  return parsed.type === 'problems' ? parsed.problems : []
}

export function parseService(input: Readonly<Record<string, unknown>>): ParsedService {
  const { name, ...fields } = input
  const reader = new FieldReader(fields, true)
  const service = readService(typeof name === 'string' ? name : '', reader)
  const known: readonly string[] = SERVICE_FIELDS
  for (const field of Object.keys(fields)) {
    if (!known.includes(field)) reader.report(field, 'is no field of a service', `fields are ${known.join(', ')}`)
  }
  return reader.problems.length > 0 ? { type: 'problems', problems: reader.problems } : { type: 'service', service }
}

/** What the registry holds under a service's name. Problems are left only where guessing could do harm. */
export function serviceFromFields(name: string, fields: ServiceFields): ParsedService {
  // A word that only a newer release knows, where every other serves the clients as well.
  const lenient = {
    ...CHOOSING_WORDS,
    failback: FAILBACKS,
    uploads: UPLOADS,
    check: CHECK_KINDS,
    checkFrom: CHECK_FROMS,
    placement: PLACEMENTS,
  }
  const words = Object.entries(lenient).flatMap(([field, known]) => {
    const isKnown = known.some((word) => word === fields[field])
    return isKnown ? [] : [[field, null] as const]
  })
  const reader = new FieldReader({ ...fields, ...Object.fromEntries(words) }, false)
  const service = readService(name, reader)
  return reader.problems.length > 0 ? { type: 'problems', problems: reader.problems } : { type: 'service', service }
}

/** All fields but the name, defaults written out: a later release with other defaults changes no existing service. */
export function fieldsOfService(service: Service): Record<(typeof SERVICE_FIELDS)[number], string | number> {
  const { name: _, ports, ...fields } = service
  return { ...fields, ports: formatPorts(ports) }
}

/**
 * When a service was created: a field beside the definition, written once with `service add` and never by `set`. Without
 * one the service counts as the youngest.
 */
export function createdAtMs(fields: ServiceFields): Millis {
  const value = fields['createdAtMs']
  return typeof value === 'number' ? value : Number.POSITIVE_INFINITY
}

function readService(name: string, reader: FieldReader): Service {
  if (!NAME.test(name)) {
    const hint = 'use 1 to 63 of a-z, 0-9 and -, with no - at either end'
    reader.report('name', name === '' ? 'is missing' : `'${name.slice(0, 80)}' is no name of a service`, hint)
  }
  const [address, ports, ownership] = [reader.address(), reader.ports(), reader.ownership()]
  const service: Service = {
    name,
    address,
    ports,
    ...ownership,
    hide: reader.named('hide'),
    reserve: reader.named('reserve'),
    ...readIdentity(reader),
    ...readChoosing(reader),
    local: reader.choice('local', LOCAL_PREFERENCES, localDefault({ address, own: ownership.own })),
    idleMs: reader.span('idleMs'),
    connectMs: reader.span('connectMs'),
    parkMs: reader.span('parkMs'),
    keepaliveMs: reader.span('keepaliveMs'),
    uploads: reader.choice('uploads', UPLOADS),
    failback: reader.choice('failback', FAILBACKS),
    alone: reader.nodeName('alone'),
    ...readCheck(reader),
    ...readHosting(name, reader),
    ...readOutward(reader),
  }
  if (reader.isStrict) reportContradictions(reader, service)
  return service
}

/** Between fields of which no one reader has both. */
function reportContradictions(reader: FieldReader, { ports, hide, mode, quorum }: Service): void {
  const isSaid = hide !== '' && ports.length > 0
  const lost = isSaid ? portsOfText(hide).find((port) => !includesPort(ports, port)) : undefined
  if (lost !== undefined) {
    // Refused at the nodes' own addresses and not served at the service's: an operator's ssh would be gone with it.
    const hint = `hide ports that are the service's (${formatPorts(ports)}), or add it to them`
    reader.report('hide', `has port ${lost}, which is none of the service's: nobody could reach it`, hint)
  }
  if (mode === 'single' && quorum > 1) {
    const problem = `${quorum} is never there: of mode single one node serves at a time`
    reader.report('quorum', problem, 'give 1, or 0, or say mode multi')
  }
}

/** Reads one field after the other and collects what is wrong. What it returns for a bad field is never used. */
class FieldReader implements FieldSource {
  readonly problems: FieldProblem[] = []

  constructor(
    private readonly fields: Readonly<Record<string, unknown>>,
    readonly isStrict: boolean,
  ) {}

  report(field: string, problem: string, hint: string): void {
    this.problems.push({ field, problem, hint })
  }

  address(): string {
    const hint = 'give one IP address such as 10.0.0.100 or 2001:db8::100'
    const text = this.value('address')
    if (text === undefined) this.report('address', 'is missing', hint)
    const address = typeof text === 'string' ? canonicalIp(text) : undefined
    if (text !== undefined && address === undefined) {
      this.report('address', `${shown(text)} is no IP address`, hint)
    }
    const objection = address === undefined ? undefined : objectionTo(address)
    if (objection !== undefined) this.report('address', `${address} ${objection}`, hint)
    return address ?? ''
  }

  ports(): PortList {
    const value = this.value('ports')
    if (value === undefined) {
      this.report('ports', 'is missing', 'write ports like 8080, 8080,8443 or 7000-7010')
      return []
    }
    const parsed = parsePorts(
      typeof value === 'number' ? String(value) : typeof value === 'string' ? value : shown(value),
    )
    if (parsed.type === 'ports') return parsed.ports
    this.report('ports', parsed.problem, parsed.hint)
    return []
  }

  /** `none` is how a command line says nothing. Many ports could be all that the node is reached by. */
  named(field: 'hide' | 'reserve'): string {
    const value = this.value(field) ?? ''
    if (value === '' || value === 'none') return ''
    const parsed = parsePorts(String(value))
    if (parsed.type === 'ports' && !areFoundPorts(parsed.ports)) return formatPorts(parsed.ports)
    if (parsed.type === 'problem') this.report(field, parsed.problem, parsed.hint)
    else
      this.report(field, `${shown(value)} is more than ${PORTS_MAX} ports`, 'name the ports one by one, such as 80,443')
    return ''
  }

  choice<F extends 'own' | 'local' | 'uploads' | 'failback'>(
    field: F,
    choices: readonly Service[F][],
    otherwise: Service[F] = SERVICE_DEFAULTS[field] as Service[F],
  ): Service[F] {
    const value = this.value(field) ?? otherwise
    const found = choices.find((choice) => choice === value)
    if (found === undefined) this.report(field, `${shown(value)} is not possible`, `choose ${choices.join(' or ')}`)
    return found ?? otherwise
  }

  ownership(): Pick<Service, 'own' | 'hook' | 'interface'> {
    const own = this.choice('own', OWNS)
    const hook = this.#text('hook', HOOK, 'give the full path of a program, such as /etc/baton/address')
    const names = this.#text('interface', INTERFACES, 'give names of interfaces such as eth0 or eth0,eth1')
    if (own === 'hook' && hook === '') this.report('hook', 'is missing', 'name the program that brings the address')
    if (own !== 'hook' && hook !== '') this.report('hook', 'is not called', 'say own hook too, or leave it out')
    return { own, hook, interface: names }
  }

  /** `none` is how a command line says nobody. */
  nodeName(field: 'alone'): string {
    const value = this.value(field) ?? SERVICE_DEFAULTS[field]
    if (value === '' || value === 'none') return ''
    if (typeof value === 'string' && value.length <= NODE_NAME_LENGTH_MAX) return value
    this.report(field, `${shown(value)} is no name of a node`, 'give a name that `baton status` shows, or none')
    return ''
  }

  /** `none` is how a command line says nothing. */
  #text(field: 'hook' | 'interface', form: RegExp, hint: string): string {
    const value = this.value(field) ?? ''
    if (value === '' || value === 'none') return ''
    if (typeof value === 'string' && form.test(value)) return value
    this.report(field, `${shown(value)} is not possible`, hint)
    return ''
  }

  span(field: keyof typeof SPAN_LIMITS): number {
    const value = this.value(field) ?? SERVICE_DEFAULTS[field]
    const { minMs, maxMs, orZero } = SPAN_LIMITS[field]
    const ms = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
    if (typeof ms === 'number' && Number.isInteger(ms) && ((orZero && ms === 0) || (ms >= minMs && ms <= maxMs)))
      return ms
    const hint = `give whole milliseconds from ${minMs} to ${maxMs}${orZero ? ', or 0 for never' : ''}`
    this.report(field, `${shown(value)} is not possible`, hint)
    return SERVICE_DEFAULTS[field]
  }

  /** `null` stands for a field that was set back to its default. */
  value(field: string): unknown {
    return (Object.hasOwn(this.fields, field) ? this.fields[field] : undefined) ?? undefined
  }
}

/** Why one host cannot own an address, as the end of a sentence that begins with it. */
function objectionTo(address: string): string | undefined {
  const first = parseIp(address)?.[0] ?? 0
  if (isWildcard(address)) return 'stands for every address of a host'
  if (isIpv6(address)) {
    if (first === 0xff) return 'is a multicast address'
    return /^fe[89ab]/.test(address) ? 'is link-local, and means another host on each link' : undefined
  }
  if (first === 0) return 'is in 0.0.0.0/8, which no host can have'
  if (first >= 224 && first < 240) return 'is a multicast address'
  return address === '255.255.255.255' ? 'is the broadcast address' : undefined
}
