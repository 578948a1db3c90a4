/** What the demo shows: pure text from numbers. */
import type { SurvivalView } from '../node/control-protocol.js'
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
}

const BAR = 30

export function renderLive(view: LiveView): string {
  const most = Math.max(1, ...Object.values(view.perNode))
  const lines = [
    `baton demo   ${(view.elapsedMs / 1000).toFixed(1)} s   ${view.phase}`,
    '',
    '   node    address       baton      program    connections served',
  ]
  for (const { name, address, node, program } of view.nodes) {
    const count = view.perNode[name] ?? 0
    const bar = '█'.repeat(Math.round((BAR * count) / most)).padEnd(BAR, '·')
    const mark = view.director === name ? '►' : ' '
    lines.push(
      ` ${mark} ${name.padEnd(7)} ${address.padEnd(13)} ${node.padEnd(10)} ${program.padEnd(10)} ${bar} ${count}`,
    )
  }
  lines.push(
    '',
    `   ${view.answered} answered, ${view.failed} failed, ${view.perSecond} per second   (► directs the service)`,
    '',
  )
  return [...lines, ...view.events.map((event) => `   ${event}`)].join('\n')
}

/** A kernel sends a SYN again after so long (RFC 6298). */
const SYN_MS = 1_000
const LATE_SYN = [
  '  Where an address is gone nobody refuses: a client that asked meanwhile is answered when its',
  '  kernel asks again, a second later. Most of the gap is that second.',
]

export function renderSummary(summary: DemoSummary): string {
  const { whole } = summary
  const lines = [
    '',
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
    ...(summary.takeoverMs > SYN_MS ? LATE_SYN : []),
    ...endOf(summary),
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

function endOf({ kept, mortal }: DemoSummary): string[] {
  if (kept === undefined) return LOOPBACK
  if (mortal === undefined) return livesOf(kept)
  return [
    '  Connections that were open when the director died are broken, as it had said before:',
    `  ${mortal}. What this host lacks for it: baton doctor.`,
  ]
}

const LOOPBACK = [
  '  On loopback, connections that were open when the director died are broken: their sockets',
  '  are rebuilt where the service has an address of its own (run the demo as root).',
]

function livesOf({ talking, silent }: TalkersReport): string[] {
  const waits = [...talking.waitsMs].sort((a, b) => a - b)
  const median = waits[Math.floor(waits.length / 2)] ?? 0
  return [
    `  ${talking.alive + silent.alive} of ${talking.count + silent.count} open connections outlived their director: the next one rebuilt their`,
    `  sockets. Those that talked waited ${median} ms for an answer (median), most of it until`,
    '  their own kernels sent again.',
  ]
}

function describe(errors: Readonly<Record<string, number>>): string {
  return Object.entries(errors)
    .map(([error, count]) => `${count} × ${error}`)
    .join(', ')
}
