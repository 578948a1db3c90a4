/** Connections that programs of the nodes make under the service's address: part of its definition. Who acts on it is lane/calls and lane/dials. */
import { type Endpoint, isIpv6 } from '../base/address.js'
import { type FieldSource, readWhole, shown } from './field-source.js'
import { parseRules, RULES_HINT } from './outward-rules.js'
import { formatPorts, parsePorts } from './port-list.js'

export interface OutwardSettings {
  /** Port on the loopback address of every node where programs ask for such connections, by SOCKS5 or HTTP CONNECT; 0: none. */
  readonly outward: number
  /** To where they may go, as outward-rules has it; empty: nowhere. */
  readonly outwardTo: string
  /** Ports whose connections, of any program of a node, leave under the service's address; empty: none. */
  readonly outAlias: string
}

export const OUTWARD_DEFAULTS: OutwardSettings = Object.freeze({ outward: 0, outwardTo: '', outAlias: '' })

export const OUTWARD_FIELDS = Object.keys(OUTWARD_DEFAULTS) as readonly (keyof OutwardSettings)[]

/** Programs can have connections under its address, by asking or by the port that they connect to. */
export function makesConnections({ outward, outAlias }: Pick<OutwardSettings, 'outward' | 'outAlias'>): boolean {
  return outward > 0 || outAlias !== ''
}

/** Where this host's programs reach what is for the service. */
export function loopbackOf({ address }: { readonly address: string }): string {
  return isIpv6(address) ? '::1' : '127.0.0.1'
}

/** Programs are expected there. The port of a led door is anyone. */
export function isDoorWanted(
  service: Pick<OutwardSettings, 'outward' | 'outAlias'> & { readonly address: string },
  door: 'asked' | 'led',
  { address, port }: Endpoint,
): boolean {
  if (!makesConnections(service) || address !== loopbackOf(service)) return false
  return door === 'led' || (port === service.outward && port > 0)
}

export function readOutward(source: FieldSource): OutwardSettings {
  const value = source.value('outward')
  const outward =
    value === 'none' ? 0 : readWhole(source, 'outward', { min: 1, max: 65_535, orZero: true }, 0, 'a port')
  const settings = { outward, outwardTo: readRules(source), outAlias: readPorts(source) }
  if (source.isStrict && settings.outwardTo !== '' && !makesConnections(settings)) {
    const hint = 'say outward with a port too, such as outward 1080, or out-alias'
    source.report('outwardTo', 'is asked where programs can ask for connections only', hint)
  }
  return settings
}

/** What the registry has that cannot be read allows nothing. */
function readRules(source: FieldSource): string {
  const value = source.value('outwardTo') ?? ''
  if (value === '' || value === 'none') return ''
  const parsed = typeof value === 'string' ? parseRules(value) : undefined
  if (parsed?.type === 'rules') return parsed.text
  if (source.isStrict) source.report('outwardTo', parsed?.problem ?? `${shown(value)} is not possible`, RULES_HINT)
  return ''
}

function readPorts(source: FieldSource): string {
  const value = source.value('outAlias') ?? ''
  if (value === '' || value === 'none') return ''
  const parsed = parsePorts(String(value))
  if (parsed.type === 'ports') return formatPorts(parsed.ports)
  if (source.isStrict) source.report('outAlias', parsed.problem, parsed.hint)
  return ''
}
