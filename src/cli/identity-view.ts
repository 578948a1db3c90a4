/** Who a service's programs are told their clients are, and how its director learns it: rows of `service show`. */
import type { ServiceView } from '../node/control/control-protocol.js'
import type { Cell } from './table.js'
import { formatCount } from './units.js'

type Setting = readonly [name: string, value: Cell]

export function identitySettings({ definition, introductions }: ServiceView): Setting[] {
  const { proxyProtocol, acceptProxy, source } = definition
  const rows: Setting[] = [['proxy protocol', proxyProtocol]]
  if (acceptProxy !== '') {
    const counts = countsText(introductions)
    const networks = acceptProxy.replaceAll(',', ', ')
    rows.push(['proxies', `those in ${networks} say for whom they come${counts === '' ? '' : ` (${counts})`}`])
  }
  if (source === 'client') rows.push(['source', 'programs are reached from the clients’ own addresses'])
  return rows
}

function countsText(introductions: ServiceView['introductions']): string {
  if (introductions === undefined) return ''
  const { waiting, taken, malformed, late, ended } = introductions
  const parts = [
    [taken, 'did'],
    [waiting, 'still to say it'],
    [malformed, 'said something else'],
    [late, 'were too late'],
    [ended, 'went away before'],
  ] as const
  return parts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${formatCount(count)} ${what}`)
    .join(', ')
}
