/** `baton splices`: connections with both legs. What does not fit a narrow terminal is in `--json`. */
import { formatSpan } from '../base/time.js'
import type { SplicesView, SpliceView } from '../node/control/control-protocol.js'
import type { Screen, Style } from './colour.js'
import { renderSurvival } from './status-view.js'
import { type Cell, type Column, renderTable } from './table.js'
import { hang } from './text.js'
import { formatBytes, formatCount, plural } from './units.js'

const COLUMNS: readonly Column[] = [
  { title: 'AGE', align: 'right' },
  { title: 'IDLE', align: 'right' },
  { title: 'SERVICE', min: 12, optional: 3 },
  { title: 'STATE', optional: 2 },
  { title: 'CLIENT', min: 15 },
  { title: 'TO', min: 21, optional: 5 },
  { title: 'DIRECTOR', min: 12, optional: 4 },
  { title: 'BACKEND', min: 8 },
  { title: 'FROM', min: 21, optional: 6 },
  { title: 'PROGRAM', min: 15 },
  { title: 'UP', align: 'right' },
  { title: 'DOWN', align: 'right' },
  { title: 'ID', optional: 7 },
]

/** Where some came by a proxy in front. */
const VIA_COLUMN: Column = { title: 'VIA', min: 15, optional: 1 }

const SURVIVAL_COLUMN: Column = { title: 'WITHOUT ITS DIRECTOR', min: 12 }
/** Of services with `--uploads survive`. */
const UPLOADS_COLUMN: Column = { title: 'ITS UPLOADS', min: 12 }

const STATE_STYLES: Readonly<Record<SpliceView['state'], Style>> = {
  dialing: 'warn',
  open: 'good',
  'half-closed': 'warn',
  closing: 'dim',
  parked: 'warn',
}

export function renderSplices(view: SplicesView, screen: Screen, service?: string, survivable = false): string {
  const whose = service === undefined ? '' : ` of ${service}`
  if (view.total === 0) {
    return hang('', `No connections${whose} pass through this node. Other nodes may have some.`, screen.width).join(
      '\n',
    )
  }
  const oldestFirst = [...view.splices].sort((a, b) => b.ageMs - a.ageMs)
  const hasVia = oldestFirst.some(({ client }) => client.via !== undefined)
  const uploads = survivable && oldestFirst.some(({ unheld }) => unheld !== undefined)
  const more = [
    ...(hasVia ? [{ column: VIA_COLUMN, cell: viaCell }] : []),
    ...(survivable ? [{ column: SURVIVAL_COLUMN, cell: survivalCell }] : []),
    ...(uploads ? [{ column: UPLOADS_COLUMN, cell: uploadsCell }] : []),
  ]
  return [
    ...renderTable(
      [...COLUMNS, ...more.map(({ column }) => column)],
      oldestFirst.map((splice) => ({ cells: [...cellsOf(splice), ...more.map(({ cell }) => cell(splice))] })),
      screen,
    ),
    '',
    ...hang('', `${plural(view.total, 'splice')}${whose} known to this node${leftOut(view)}`, screen.width),
    ...(survivable ? renderSurvival(view.survival, screen) : []),
  ].join('\n')
}

function cellsOf(splice: SpliceView): Cell[] {
  const { client, server, state } = splice
  return [
    formatSpan(splice.ageMs),
    formatSpan(splice.idleMs),
    splice.service,
    { text: state, style: STATE_STYLES[state] },
    // A program's own connection: there it leads.
    splice.direction === 'out' ? `→ ${client.from}` : client.from,
    client.to,
    splice.director.name,
    splice.backend?.name ?? '–',
    server?.from ?? '–',
    server?.to ?? '–',
    formatBytes(splice.bytesUp),
    formatBytes(splice.bytesDown),
    splice.id,
  ]
}

function viaCell({ client }: SpliceView): Cell {
  return client.via ?? '–'
}

function survivalCell({ mortal }: SpliceView): Cell {
  return { text: mortal === '' ? 'lives on' : mortal, style: mortal === '' ? 'good' : 'warn' }
}

/** Whether its client hears of bytes only when they are safe. */
function uploadsCell({ unheld }: SpliceView): Cell {
  if (unheld === undefined) return '–'
  return { text: unheld === '' ? 'survive' : `at risk: ${unheld}`, style: unheld === '' ? 'good' : 'warn' }
}

function leftOut({ splices, total }: SplicesView): string {
  const missing = total - splices.length
  return missing <= 0 ? '' : `; ${formatCount(missing)} not shown (--limit ${total} shows all)`
}
