/** Connections that programs make under the address of a service, as rows of `service show`. */
import type { ServiceView } from '../node/control/control-protocol.js'
import type { Cell } from './table.js'
import { formatCount, plural } from './units.js'

type Setting = readonly [name: string, value: Cell]

export function outwardSettings({ definition, outward }: Pick<ServiceView, 'definition' | 'outward'>): Setting[] {
  const { outward: port = 0, outwardTo, outAlias = '', address } = definition
  if (port === 0 && outAlias === '') return []
  const door =
    port === 0 ? 'for the ports below alone' : `port ${port} of each node’s loopback address, SOCKS 5 and HTTP CONNECT`
  const shut = outward?.door ?? ''
  const lanes = (outward?.lanes ?? 0) > 1 ? `, by ${outward?.lanes} lanes` : ''
  const rows: Setting[] = [
    ['outward', shut === '' ? `${door}${lanes}` : { text: `${door}; not on this node: ${shut}`, style: 'bad' }],
    [
      'outward to',
      outwardTo === '' ? { text: 'nowhere: name destinations', style: 'warn' } : outwardTo.replaceAll(',', ', '),
    ],
  ]
  if (outward?.whyNot) rows.push(['baton run', { text: `not on this node: ${outward.whyNot}`, style: 'warn' }])
  if (outAlias !== '') {
    const led = `connections to port ${outAlias} leave as ${address}`
    const not = outward?.whyNoAlias ?? ''
    rows.push(['out alias', not === '' ? led : { text: `${led}; not on this node: ${not}`, style: 'bad' }])
  }
  if (outward?.directed !== undefined) rows.push(['made here', madeHere(outward.directed)])
  return rows
}

function madeHere(directed: NonNullable<NonNullable<ServiceView['outward']>['directed']>): string {
  const { connections, dialling, limit, fullest } = directed
  const begun = dialling === 0 ? '' : `, ${formatCount(dialling)} begun`
  const ports =
    fullest === undefined || limit === 0
      ? ''
      : `; most to ${fullest.to}, which take ${formatCount(fullest.ports)} of ${formatCount(limit)} source ports`
  return `${plural(connections, 'connection')}${begun}${ports}`
}
