/** `baton drill`: what would happen, and what did. */
import { formatSpan, type Millis } from '../base/time.js'
import type {
  DrillConnections,
  DrillPlan,
  DrillRecordView,
  DrillReport,
  Fault,
} from '../node/control/drill-protocol.js'
import type { Screen } from './colour.js'
import { type Cell, renderTable } from './table.js'
import { formatCount, plural } from './units.js'

type Line = readonly [name: string, value: Cell]

export function renderDrillPlan(plan: DrillPlan, screen: Screen): string {
  const { service, director, term, next, alone, votersLeft, quorum, connections, also, forOthers, by } = plan
  const lines: Line[] = [
    ['what', whatHappens(plan)],
    [
      'next',
      `${next.name} would take over${alone ? ', alone, without a majority: the service names it for that' : ''}`,
    ],
    ['voters', plan.fault === 'move' ? 'all stay' : `${votersLeft} would be left, ${quorum} are needed`],
    [service, forecast(connections)],
    ...mortalLines(plan),
    ...also.map((row): Line => [row.service, `${forecast(row)}; ${director.name} directs it too, and is one process`]),
    ...(forOthers === 0 ? [] : [['programs', endsForOthers(plan)] as const]),
    ['afterwards', whatThen(plan)],
    ['watched', `from ${by.name}, which connects to the service as soon as somebody else directs it`],
  ]
  return [
    `${screen.paint('bold', `Drill of ${service}`)}, directed by ${director.name} in term ${term}`,
    '',
    ...pairs(lines, screen),
  ].join('\n')
}

export function renderDrillReport(report: DrillReport, screen: Screen): string {
  const { service, director, to, toTerm, connections, also, forOthers, back, fault } = report
  const did = `${director.name} ${DONE[fault]}`
  const title =
    to === null
      ? screen.paint('bad', `${did}, and nobody directs ${service} now.`)
      : `${did}; ${screen.paint('good', to.name)} directs ${service} in term ${toTerm}.`
  const lines: Line[] = [
    [
      'before',
      `${plural(connections.directed, 'connection')}: ${formatCount(connections.expected)} expected to live on`,
    ],
    ...mortalLines(report),
    ...verdictLines(report),
    ...(forOthers === 0 ? [] : [['programs', endsForOthers(report)] as const]),
    ...(also.length === 0 ? [] : [['also hit', alsoHit(report)] as const]),
    ['dark', darkText(report)],
    ['served', servedText(report)],
    [
      'afterwards',
      back
        ? `${director.name} answers`
        : fault === 'kill'
          ? whatThen(report)
          : `${director.name} does not answer: look at its host`,
    ],
  ]
  return [title, '', ...pairs(lines, screen)].join('\n')
}

/** One line for `service show`. */
export function drillText(record: DrillRecordView, nowMs: Millis): string {
  const { fault, from, to, by, atMs, connections, expected, revived, reset, failed, unverified, darkMs } = record
  const ago = formatSpan(Math.max(0, nowMs - atMs))
  const lost = [
    ...(reset === 0 ? [] : [`${formatCount(reset)} reset`]),
    ...(failed === 0 ? [] : [`${formatCount(failed)} not rebuilt`]),
    ...(unverified === 0 ? [] : [`${formatCount(unverified)} not heard of`]),
  ]
  const what = to === '' ? 'nobody took over' : `${to} took over`
  const dark = darkMs === null ? '' : `, dark for ${Math.round(darkMs)} ms`
  const lives = `${formatCount(revived)} of ${formatCount(connections)} connections rebuilt (${formatCount(expected)} expected)`
  return `${ago} ago: ${from} ${DONE[fault]} by ${by}, ${what}${dark}; ${[lives, ...lost].join(', ')}`
}

const DONE: Readonly<Record<Fault, string>> = {
  kill: 'was killed',
  pause: 'was paused',
  move: 'gave it away, as asked',
}

function whatHappens({ fault, director, pauseMs }: DrillPlan): string {
  if (fault === 'kill') return `the process of ${director.name} ends by SIGKILL`
  if (fault === 'move') return `${director.name} gives the service away with all its connections`
  return `the process of ${director.name} stands still (SIGSTOP) for ${secondsOf(pauseMs)}, longer than its lease; its kernel goes on acknowledging meanwhile, so connections that talk are reset afterwards`
}

function whatThen({ fault, director, supervised, pauseMs }: DrillPlan): string {
  if (fault === 'move') return `${director.name} goes on as a standby`
  if (fault === 'pause') return `${director.name} wakes after ${secondsOf(pauseMs)}, and is refused by the others`
  return supervised
    ? `the service manager of ${director.name} starts it again`
    : `nobody starts ${director.name} again: run \`baton up\` there`
}

function endsForOthers({ forOthers, director }: DrillPlan): string {
  return `${plural(forOthers, 'connection')} directed by other nodes end at programs of ${director.name}: lost with it`
}

function alsoHit({ also }: DrillPlan): string {
  const services = also.map(({ service, directed }) => `${service} (${plural(directed, 'connection')})`)
  return `${services.join(', ')}: its verdicts are in the log of whoever directs it now`
}

function forecast({ directed, expected }: DrillConnections): string {
  return `${formatCount(expected)} of ${plural(directed, 'connection')} would live on`
}

/** Those to programs on the director's own host are a class of their own: a move takes them along. */
function mortalLines({ fault, connections, director }: DrillPlan): Line[] {
  const lines = Object.entries(connections.mortal).map(([why, count]): Line => {
    return ['', { text: `${formatCount(count)} not: ${why}`, style: 'warn' }]
  })
  if (connections.local === 0) return lines
  const what = `${formatCount(connections.local)} to programs on ${director.name} itself`
  if (fault === 'move') return [['', `${what} among them, which a death would end`], ...lines]
  return [['', { text: `${what} not: both halves are in one process`, style: 'warn' }], ...lines]
}

function secondsOf(span: Millis): string {
  return `${(span / 1_000).toFixed(1)} s`
}

const EVIDENCE = {
  proven: 'whole, as their clients have shown',
  filled: 'whole, after their clients had sent again what was lacking',
  reset: 'bytes that the old director had acknowledged and not passed on are lost',
  gone: 'ended by their clients or programs meanwhile',
  unverified: 'not heard of yet; watched on',
} as const

function verdictLines({ verdicts, after, connections }: DrillReport): Line[] {
  if (verdicts === null) return [['after', { text: 'not known: the next director could not be asked', style: 'warn' }]]
  const { revived, failures } = verdicts
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
  const missing = Math.max(0, connections.expected - revived - failed)
  const lines: Line[] = [
    ['after', `${formatCount(revived)} rebuilt; ${plural(after ?? 0, 'connection')} now, new ones among them`],
  ]
  for (const [verdict, words] of Object.entries(EVIDENCE)) {
    const count = verdicts[verdict as keyof typeof EVIDENCE]
    const text = `${formatCount(count)} ${verdict}: ${words}`
    const isLoss = verdict === 'reset' || verdict === 'unverified'
    if (count > 0) lines.push(['', isLoss ? { text, style: 'warn' } : text])
  }
  for (const [why, count] of Object.entries(failures))
    lines.push(['', { text: `${formatCount(count)} not rebuilt: ${why}`, style: 'bad' }])
  if (missing > 0) {
    const text = `${formatCount(missing)} of those expected were in no ledger: they ended just before, or their node is gone too`
    lines.push(['', { text, style: 'warn' }])
  }
  return lines
}

function darkText({ darkMs, darkWhy, by, to }: DrillReport): Cell {
  if (darkMs === null) return { text: `not measured: ${darkWhy}`, style: 'warn' }
  const near = to?.id === by.id ? '; it has the address itself now, so other hosts may have waited longer' : ''
  return `${Math.round(darkMs)} ms from the fault until a new connection from ${by.name} was accepted${near}`
}

function servedText({ servingMs, to }: DrillReport): Cell {
  if (servingMs === null) return { text: 'nobody has said so in time', style: 'bad' }
  return `${Math.round(servingMs)} ms from the fault until ${to?.name ?? 'the next director'} was heard to say that it serves`
}

function pairs(lines: readonly Line[], screen: Screen): string[] {
  const columns = [{ title: '' }, { title: '', wraps: true }]
  const rows = lines.map(([name, value]) => ({ cells: [{ text: `  ${name}`, style: 'dim' as const }, value] }))
  return renderTable(columns, rows, screen)
}
