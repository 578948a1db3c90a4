/** How connections find their nodes, for `service show`: only what is not the ordinary. */
import type { AssignmentView, BackendView, ServiceView } from '../node/control/control-protocol.js'
import type { Screen, StyledText } from './colour.js'
import type { Cell, Column, Row } from './table.js'
import { renderTable } from './table.js'
import { formatCount, formatSetting, plural } from './units.js'

type Setting = readonly [name: string, value: Cell]

const CLOSINGS: Readonly<Record<string, string>> = { keep: 'kept', idle: 'idle ones closed', all: 'closed' }

/** Rows of settings, below `scheduler`. */
export function choiceSettings({ definition, choice }: ServiceView): readonly Setting[] {
  const { nodeConnections, queue, queueMs, sorry, quorumHook, onUnhealthy, onRemoved, closeOverMs, parkMs } = definition
  const rows: Setting[] = [['scheduler', schedulerText(definition)]]
  if (nodeConnections > 0) {
    const waits = queue === 0 ? 'nobody waits' : `${formatCount(queue)} more wait up to ${formatSetting(queueMs)}`
    rows.push(['limit', `${plural(nodeConnections, 'connection')} a node; ${waits}`])
  }
  if (sorry !== '') rows.push(['sorry', `${sorry} answers when no node can`])
  if (choice.quorum !== undefined) {
    const { quorate, able, wanted } = choice.quorum
    const hook = quorumHook === '' ? '' : `, told to ${quorumHook}`
    rows.push(['quorum', { text: `${able} of ${wanted} healthy nodes${hook}`, style: quorate ? 'good' : 'bad' }])
  }
  if (onUnhealthy !== 'keep' || onRemoved !== 'keep') {
    const what = `unhealthy: ${CLOSINGS[onUnhealthy] ?? onUnhealthy}; not listening: ${CLOSINGS[onRemoved] ?? onRemoved}`
    rows.push(['on loss', `${what}; over ${formatSetting(closeOverMs)}`])
  }
  if (parkMs > 0) rows.push(['park', `idle clients whose program is gone wait ${formatSetting(parkMs)} for the next`])
  const counts = placementText(choice.placement)
  return counts === '' ? rows : [...rows, ['so far', counts]]
}

function schedulerText({ scheduler, weighting, load, slowStartMs }: ServiceView['definition']): string {
  const parts = [
    scheduler === 'weighted' ? `${scheduler} (${weighting})` : scheduler,
    ...(slowStartMs === 0 ? [] : [`slow start over ${formatSetting(slowStartMs)}`]),
    ...(load === 'off' ? [] : ['busy hosts count for less']),
  ]
  return parts.join(', ')
}

function placementText(placement: ServiceView['choice']['placement']): string {
  if (placement === undefined) return ''
  const { waiting, closing, queued, queueFull, queueTimeouts, sorry, closed } = placement
  const { parked = 0, resumed = 0, givenUp = 0, readmitted = 0, readmitLost = 0 } = placement
  const parts = [
    [waiting, 'waiting now'],
    [queued, 'had to wait'],
    [queueTimeouts, 'waited in vain'],
    [queueFull, 'found the queue full'],
    [sorry, 'got the sorry backend'],
    [closing, 'to be closed'],
    [closed, 'closed'],
    [parked, 'parked now'],
    [resumed, 'taken up again'],
    [givenUp, 'parked in vain'],
    [readmitted, 'taken on unserved from the director before'],
    [readmitLost, 'lost with it'],
  ] as const
  return parts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${formatCount(count)} ${what}`)
    .join(', ')
}

/** Whether the columns of `choiceCells` say anything. */
export function isWeighed(backends: readonly BackendView[]): boolean {
  return backends.some(({ priority, weight }) => priority !== 1 || weight !== 1)
}

export const CHOICE_COLUMNS: readonly Column[] = [
  { title: 'PRIORITY', align: 'right' },
  { title: 'WEIGHT', align: 'right' },
]

export function choiceCells({ priority, weight }: BackendView): Cell[] {
  return [String(priority), String(weight)]
}

export function choiceNotes({ serves, state, why }: BackendView): NonNullable<Row['notes']> {
  if (!serves || state === 'healthy' || state === 'standby' || why === '') return []
  return [{ text: why, style: STATE_STYLES[state] }]
}

/** Whether it takes new connections, and why not. */
export function stateCell({ serves, state }: BackendView): Cell {
  return serves ? { text: state, style: STATE_STYLES[state] } : { text: 'not to serve', style: 'warn' }
}

const STATE_STYLES: Readonly<Record<BackendView['state'], StyledText['style']>> = {
  healthy: 'good',
  unhealthy: 'bad',
  starting: 'warn',
  draining: 'warn',
  standby: 'dim',
}

/** What was said of nodes as directors. */
export function renderDirecting(assignments: readonly AssignmentView[], screen: Screen): string[] {
  const said = assignments.filter(({ direct, routerPriority }) => !direct || routerPriority !== null)
  if (said.length === 0) return []
  const columns = [
    { title: 'NODE', min: 12 },
    { title: 'DIRECTS' },
    { title: 'ROUTER PRIORITY', align: 'right' as const },
  ]
  const rows = said.map(({ name, direct, routerPriority }) => ({
    cells: [
      name,
      direct ? 'yes' : { text: 'never', style: 'warn' as const },
      routerPriority === null ? 'own' : String(routerPriority),
    ],
  }))
  return ['', ...renderTable(columns, rows, screen)]
}

/** What `service node` answers. */
export function renderAssignment(service: string, assignment: AssignmentView): string {
  const { name, serve, direct, priority, weight, routerPriority } = assignment
  const serves = serve ? `serves with priority ${priority} and weight ${weight}` : 'does not serve'
  const router = routerPriority === null ? '' : `, router priority ${routerPriority}`
  return `${service} on ${name}: ${serves}, ${direct ? `may direct${router}` : 'never directs'}`
}
