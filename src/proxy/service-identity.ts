/** How programs learn who their client is, and how the director itself learns it: part of a service's definition. */
import { formatNetwork, lowest, type Network, parseNetwork } from '../base/network.js'
import { type FieldSource, readChoice, shown } from './field-source.js'

/** What a program is told of the client before the client's first byte: nothing, or a PROXY protocol header. */
export type ProxyProtocol = 'off' | 'v1' | 'v2'

/** From whose address a program's connections come: its node's, or the client's itself. */
export type Source = 'node' | 'client'

export interface IdentitySettings {
  readonly proxyProtocol: ProxyProtocol
  /** Networks, by commas, of proxies in front, whose connections begin with a PROXY header; empty: there are none. */
  readonly acceptProxy: string
  readonly source: Source
}

export const IDENTITY_DEFAULTS: IdentitySettings = Object.freeze({
  proxyProtocol: 'off',
  // Who may say for whom it comes can say that it is anybody: only whom the operator names.
  acceptProxy: '',
  // It takes a right, and changes how the node's kernel routes.
  source: 'node',
})

export const IDENTITY_FIELDS = Object.keys(IDENTITY_DEFAULTS) as readonly (keyof IdentitySettings)[]
export const PROXY_PROTOCOLS: readonly ProxyProtocol[] = ['off', 'v1', 'v2']
export const SOURCES: readonly Source[] = ['node', 'client']
export const NETWORKS_MAX = 32

export function readIdentity(source: FieldSource): IdentitySettings {
  return {
    proxyProtocol: readChoice(source, 'proxyProtocol', PROXY_PROTOCOLS, IDENTITY_DEFAULTS.proxyProtocol),
    acceptProxy: readNetworks(source),
    source: readChoice(source, 'source', SOURCES, IDENTITY_DEFAULTS.source),
  }
}

/** Of a definition that was read: what cannot be a network is not in it. */
export function trustedNetworks({ acceptProxy }: Pick<IdentitySettings, 'acceptProxy'>): readonly Network[] {
  return acceptProxy === '' ? [] : acceptProxy.split(',').flatMap((part) => parseNetwork(part) ?? [])
}

/** `none` is how a command line says nobody. */
function readNetworks(source: FieldSource): string {
  const value = source.value('acceptProxy') ?? ''
  if (value === '' || value === 'none') return ''
  const hint = `give up to ${NETWORKS_MAX} networks such as 10.0.0.0/8,2001:db8::/32, or none`
  const parts = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : []
  if (parts.length === 0 || parts.length > NETWORKS_MAX) {
    source.report('acceptProxy', `${shown(value)} is not possible`, hint)
    return ''
  }
  const networks = parts.flatMap((part) => {
    const network = parseNetwork(part)
    if (network === undefined) source.report('acceptProxy', `${shown(part)} is no network`, hint)
    else if (source.isStrict && lowest(network).address !== network.address) {
      const meant = formatNetwork(lowest(network))
      source.report(
        'acceptProxy',
        `${shown(part)} is an address within ${meant}`,
        `write ${meant} or ${network.address}`,
      )
    }
    return network === undefined ? [] : [formatNetwork(lowest(network))]
  })
  return [...new Set(networks)].join(',')
}
