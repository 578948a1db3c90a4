/** What the demo shows: pure text from numbers. */
import type { SurvivalView } from '../node/control/control-protocol.js'
import type { DrillReport } from '../node/control/drill-protocol.js'
import type { Counting } from './counting.js'
import type { TalkersReport } from './fates.js'
import type { Summary } from './measure.js'

export interface DemoSummary {
  readonly ok: boolean
  readonly clients: number
  readonly seconds: number
  readonly whole: Summary
  /** Before any fault: how even round robin was, as the largest deviation from an even share. */
  readonly unevenness: number
  readonly directorKilled: string
  readonly newDirector: string
  /** From SIGKILL of the director to the first answer of the new one. */
  readonly takeoverMs: number
  readonly backendStopped: string
  /** Connections that began later than 200 ms after the program's end and were still sent there, or failed. */
  readonly failedAfterStop: number
  readonly promises: readonly Promised[]
  /** Connections that were open when the director died; missing on loopback, where they cannot be rebuilt. */
  readonly kept?: TalkersReport | undefined
  /** Why none of them could outlive it on this host, as the director itself said before. */
  readonly mortal?: string | undefined
  /** A `redis-cli` that counted over one connection meanwhile; missing where it is not installed, and on loopback. */
  readonly counting?: Counting | undefined
  /** What killed the director, and what it measured. */
  readonly drill: DrillReport
}

/** Something that Baton promises, and whether it happened. */
export interface Promised {
  readonly what: string
  readonly kept: boolean
  readonly figure: string
}

export interface LiveView {
  readonly elapsedMs: number
  readonly phase: string
  readonly director: string
  readonly nodes: readonly {
    readonly name: string
    readonly address: string
    readonly node: string
    readonly program: string
  }[]
  readonly perNode: Readonly<Record<string, number>>
  readonly answered: number
  readonly failed: number
  readonly perSecond: number
  readonly events: readonly string[]
  /** Connections that stay open. */
  readonly kept?: number
  /** How far `redis-cli` has counted. */
  readonly counted?: number
}

const BAR_MAX = 40
const BAR_MIN = 8
/** Of a row without its bar, and a count of six digits. */
const ROW_COLUMNS = 56

/** No line is wider than the terminal. */
export function renderLive(view: LiveView, columns: number): string {
  const most = Math.max(1, ...Object.values(view.perNode))
  const width = Math.max(BAR_MIN, Math.min(BAR_MAX, columns - ROW_COLUMNS))
  const lines = [
    `baton demo   ${(view.elapsedMs / 1000).toFixed(1)} s   ${view.phase}`,
    '',
    '   node    address       baton      program    connections served',
  ]
  for (const { name, address, node, program } of view.nodes) {
    const count = view.perNode[name] ?? 0
    const bar = '█'.repeat(Math.round((width * count) / most)).padEnd(width, '·')
    const mark = view.director === name ? '►' : ' '
    lines.push(
      ` ${mark} ${name.padEnd(7)} ${address.padEnd(13)} ${node.padEnd(10)} ${program.padEnd(10)} ${bar} ${count}`,
    )
  }
  const { answered, failed, perSecond, kept, counted } = view
  lines.push('', `   ${answered} answered, ${failed} failed, ${perSecond} per second   (► directs the service)`)
  if (kept !== undefined) {
    const redis = counted === undefined ? '' : `; redis-cli has counted to ${counted} over one connection`
    lines.push(`   ${kept} more stay open${redis}`)
  }
  lines.push('')
  return [...lines, ...view.events.map((event) => `   ${event}`)].map((line) => clip(line, columns)).join('\n')
}

/** Names and sentences here are Latin, so a code point is one column. */
function clip(line: string, columns: number): string {
  const letters = [...line]
  return letters.length <= columns ? line : `${letters.slice(0, columns - 1).join('')}…`
}

/** A kernel sends a SYN again after so long (RFC 6298). */
const SYN_MS = 1_000
const LATE_SYN =
  'Where an address is gone nobody refuses: a client that asked meanwhile is answered when its kernel asks again, a second later. Most of the gap is that second.'

export function renderSummary(summary: DemoSummary, emphasis = (line: string) => line): string {
  const { whole } = summary
  const lines = [
    '',
    ...headline(summary).map((line) => emphasis(line)),
    `What ${summary.clients} clients saw in ${summary.seconds.toFixed(1)} s through one address:`,
    '',
    `  connections      ${whole.connections}`,
    ...Object.entries(whole.perNode)
      .sort()
      .map(([node, count]) => `    served by ${node.padEnd(6)} ${count}`),
    `  failed           ${whole.failed}${whole.failed === 0 ? '' : `   (${describe(whole.errors)})`}`,
    `  answer time      median ${whole.medianMs.toFixed(1)} ms, p99 ${whole.p99Ms.toFixed(1)} ms`,
    `  longest gap      ${Math.round(whole.longestGapMs)} ms without any answer`,
    `  director         ${summary.directorKilled} was killed; ${summary.newDirector} took over after ${Math.round(summary.takeoverMs)} ms`,
    '',
    ...summary.promises.map(({ what, kept, figure }) => `  ${kept ? '✔' : '✘'} ${what.padEnd(62)} ${figure}`),
    '',
    ...(summary.takeoverMs > SYN_MS ? [...paragraph(LATE_SYN), ''] : []),
    ...livesOf(summary),
  ]
  return lines.join('\n')
}

/** Of a hundred the kernel of a killed director may have told one or two that bytes had arrived, and died with them. */
const RESET_SHARE_MAX = 0.03

export function livedOn({ talking, silent }: TalkersReport): Promised {
  const [count, alive] = [talking.count + silent.count, talking.alive + silent.alive]
  const wrong = [talking, silent].flatMap(({ lost }) => Object.keys(lost)).filter((word) => word !== 'ECONNRESET')
  const kept = wrong.length === 0 && alive >= count * (1 - RESET_SHARE_MAX)
  return { what: 'connections that were open lived on, with every byte', kept, figure: `${alive} of ${count}` }
}

/** Of what a director directs nothing would live on without it: the commonest reason. */
export function whyNoneLives({ survivable, mortal }: SurvivalView): string | undefined {
  const [[why] = ['nothing is directed']] = Object.entries(mortal).sort(([, a], [, b]) => b - a)
  return survivable === 0 ? why : undefined
}

const LOOPBACK =
  'On loopback, connections that were open when the director died are broken: their sockets are rebuilt where the service has an address of its own (run the demo as root).'

/** The line that matters. */
function headline({ kept, counting, directorKilled, mortal }: DemoSummary): string[] {
  if (kept === undefined || mortal !== undefined) return []
  return [
    `${fateLine(kept)} (${directorKilled}, by SIGKILL).`,
    ...(counting === undefined || counting.broken !== '' ? [] : [`${countLine(counting)} over the same connection.`]),
    '',
  ]
}

export function fateLine({ talking, silent }: TalkersReport): string {
  const [alive, count] = [talking.alive + silent.alive, talking.count + silent.count]
  return `${alive} of ${count} open connections outlived their director`
}

function countLine({ first, last }: Counting): string {
  return `redis-cli counted on from ${first} to ${last}`
}

export function countedOn(counting: Counting): Promised {
  const kept = counting.broken === '' && counting.last > counting.first
  const figure = kept ? `${counting.first} to ${counting.last}` : `${counting.last}, then: ${counting.broken}`
  return { what: 'redis-cli went on counting over the same connection', kept, figure }
}

function livesOf({ kept, drill, counting, mortal }: DemoSummary): string[] {
  if (kept === undefined) return paragraph(LOOPBACK)
  if (mortal !== undefined) {
    const lacks = 'What this host lacks for it: baton doctor.'
    return paragraph(
      `Connections that were open when the director died are broken, as it had said before: ${mortal}. ${lacks}`,
    )
  }
  const { talking, silent } = kept
  const waits = [...talking.waitsMs].sort((a, b) => a - b)
  const median = waits[Math.floor(waits.length / 2)] ?? 0
  const { proven, filled, reset, unverified } = drill.verdicts ?? { proven: 0, filled: 0, reset: 0, unverified: 0 }
  const dark = drill.darkMs === null ? '' : `; a new connection was accepted after ${Math.round(drill.darkMs)} ms`
  return [
    ...paragraph(
      `Half of them talked (${talking.alive} of ${talking.count} live on), half were silent (${silent.alive} of ${silent.count}), and each checked every byte. The next director rebuilt their sockets. Those that talked waited ${median} ms for an answer (median), most of it until their own kernels sent again.`,
    ),
    '',
    ...paragraph(
      `\`baton drill echo\` on ${drill.by.name} killed the director and found ${proven} proven whole, ${filled} whole after their clients had sent again, ${reset} reset, ${unverified} not heard of${dark}.`,
    ),
    ...(counting === undefined
      ? ['', ...paragraph('With redis-server and redis-cli installed, the demo shows a session of theirs too.')]
      : []),
  ]
}

const PARAGRAPH_COLUMNS = 78

function paragraph(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > PARAGRAPH_COLUMNS) lines.push(`  ${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

function describe(errors: Readonly<Record<string, number>>): string {
  return Object.entries(errors)
    .map(([error, count]) => `${count} × ${error}`)
    .join(', ')
}
