/** How the programs of a service are checked and hosted, as rows of `service show`. */
import type { ServiceDefinitionView } from '../node/control/control-protocol.js'
import { formatSetting } from './units.js'

type Setting = readonly [name: string, value: string]

export function programSettings(definition: ServiceDefinitionView): Setting[] {
  const { check, program, passiveLimit, passiveDecayMs } = definition
  return [
    ['check', check === 'off' && program === '' ? 'off: who listens serves' : checkText(definition)],
    ...(passiveLimit === 0
      ? []
      : [
          [
            'passive',
            `out at ${passiveLimit} failed connections, each half after ${formatSetting(passiveDecayMs)}`,
          ] as const,
        ]),
    ...hostingSettings(definition),
  ]
}

function checkText(definition: ServiceDefinitionView): string {
  const { check, checkPort, checkPath, checkStatus, checkSend, checkExpect, checkCommand } = definition
  const { checkEveryMs, checkTimeoutMs, checkRise, checkFall, checkFrom } = definition
  const what =
    check === 'http'
      ? `http ${checkPath} for ${checkStatus}`
      : check === 'send'
        ? `send${checkSend === '' ? '' : ` '${checkSend}'`}`
        : check === 'command'
          ? checkCommand
          : check === 'off'
            ? `${definition.program} check`
            : check
  const expected = checkExpect === '' ? '' : ` with '${checkExpect}'`
  const where = checkPort === 0 ? '' : ` on port ${checkPort}`
  const who = checkFrom === 'director' ? ', by the director as well' : ''
  const times = `every ${formatSetting(checkEveryMs)}, at most ${formatSetting(checkTimeoutMs)}`
  return `${what}${expected}${where}, ${times}, rise ${checkRise}, fall ${checkFall}${who}`
}

function hostingSettings(definition: ServiceDefinitionView): Setting[] {
  const { mode, program, hosting, placement, requires, startMs, stopMs, holdMs } = definition
  const { restartAttempts, failureThreshold, failureIntervalMs } = definition
  if (mode === 'multi') return []
  const limits = `start ${formatSetting(startMs)}, stop ${formatSetting(stopMs)}, hold ${formatSetting(holdMs)}`
  const keptOut =
    failureThreshold === 0
      ? ''
      : `; ${failureThreshold} failures in ${formatSetting(failureIntervalMs)} keep a node out`
  return [
    ['mode', 'single: one node at a time'],
    ['program', program === '' ? 'started by somebody else' : `${program} (${limits})`],
    ['placement', hosting === '' ? placement : `${placement}: ${hosting.replaceAll(',', ', ')}`],
    ...(program === '' ? [] : [['failures', `${restartAttempts} restarts, then the next node${keptOut}`] as const]),
    ...(requires === '' ? [] : [['requires', requires.replaceAll(',', ', ')] as const]),
  ]
}
