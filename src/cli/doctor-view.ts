/** `baton doctor`: what this host can do for Baton, by what an operator wants of it. */
import type { DoctorReport, Finding } from '../node/doctor/doctor.io.js'
import type { Screen, StyledText } from './colour.js'
import { hang } from './text.js'

const MARKS: Readonly<Record<Finding['level'], StyledText>> = {
  ok: { text: '✔', style: 'good' },
  note: { text: '·', style: 'dim' },
  degraded: { text: '!', style: 'warn' },
  missing: { text: '✘', style: 'bad' },
}

export function renderDoctor({ host, kernel, user, findings }: DoctorReport, screen: Screen): string {
  const areas = [...new Set(findings.map(({ area }) => area))]
  return [
    ...hang('', `${host}: ${kernel}, as ${user}`, screen.width),
    ...areas.flatMap((area) => [
      '',
      screen.paint('bold', area),
      ...findings.filter((one) => one.area === area).flatMap((one) => linesOf(one, screen)),
    ]),
    '',
    ...hang('', verdictOf(findings), screen.width),
  ].join('\n')
}

function linesOf({ level, found, without, cure }: Finding, screen: Screen): string[] {
  const { text, style } = MARKS[level]
  const [first = '', ...rest] = hang('    ', found, screen.width)
  const more = [
    ...(without === undefined ? [] : hang('      without it: ', without, screen.width)),
    ...(cure === undefined ? [] : hang('      to get it:  ', cure, screen.width)),
  ]
  const mark = style === undefined ? text : screen.paint(style, text)
  return [`  ${mark}${first.slice(3)}`, ...rest, ...more.map((line) => screen.paint('dim', line))]
}

function verdictOf(findings: readonly Finding[]): string {
  const missing = findings.filter(({ level }) => level === 'missing').length
  const degraded = findings.filter(({ level }) => level === 'degraded').length
  if (missing > 0)
    return 'This host cannot own addresses of services; it can serve them, and direct those that are there already.'
  return degraded > 0
    ? 'This host can do all that is needed, and not all that is there (!).'
    : 'This host can do all of it.'
}
