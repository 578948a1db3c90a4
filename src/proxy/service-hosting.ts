/** Where the program of a service runs, for services of mode `single`: part of its definition. Who acts on it is src/hosting. */
import type { Millis } from '../base/time.js'
import { type FieldSource, readChoice, readText, readWhole, shown } from './field-source.js'

/** `multi`: every node that listens serves; `single`: one at a time. */
export type Mode = 'multi' | 'single'
/**
 * Of the nodes that may host: the one with the fewest such programs; the first that is named, others where none of those lives;
 * or none but those that are named.
 */
export type Placement = 'balanced' | 'favoured' | 'restricted'

export interface HostingSettings {
  readonly mode: Mode
  /** Called with `start`, `stop` or `check`, and the name of the service; empty: programs are started by somebody else. */
  readonly program: string
  readonly startMs: Millis
  /** A program that is not stopped by then is killed. */
  readonly stopMs: Millis
  /** How long a program runs on when its node has lost its lease, in case that comes back. */
  readonly holdMs: Millis
  /** How often it is started again where it failed, before another node has its turn. */
  readonly restartAttempts: number
  /** So many failures on one node within the interval keep it out for as long; 0: never. */
  readonly failureThreshold: number
  readonly failureIntervalMs: Millis
  /** Names of nodes by commas, the most favoured first; empty: all. */
  readonly hosting: string
  readonly placement: Placement
  /** Names of services by commas that have to be up on the same node. */
  readonly requires: string
}

export const HOSTING_DEFAULTS: HostingSettings = Object.freeze({
  mode: 'multi',
  program: '',
  // As CAA's SCRIPT_TIMEOUT.
  startMs: 60_000,
  // Whoever takes over from a node that fell silent has to wait for as long.
  stopMs: 10_000,
  // Three lost leases in a row are no fate of a program's; more is.
  holdMs: 3_000,
  restartAttempts: 1,
  failureThreshold: 3,
  failureIntervalMs: 300_000,
  hosting: '',
  placement: 'balanced',
  requires: '',
})

export const HOSTING_FIELDS = Object.keys(HOSTING_DEFAULTS) as readonly (keyof HostingSettings)[]
export const MODES: readonly Mode[] = ['multi', 'single']
export const PLACEMENTS: readonly Placement[] = ['balanced', 'favoured', 'restricted']

const LIST_MAX = 64
const PROGRAM = /^\/[^\0\n]{1,254}$/
const NODES = /^[a-zA-Z0-9._-]{1,63}(,[a-zA-Z0-9._-]{1,63}){0,63}$/
const SERVICES = /^[a-z0-9-]{1,63}(,[a-z0-9-]{1,63}){0,63}$/

export function readHosting(name: string, source: FieldSource): HostingSettings {
  const span = (
    field: 'startMs' | 'stopMs' | 'holdMs' | 'failureIntervalMs',
    min: Millis,
    max: Millis,
    orZero = false,
  ) => readWhole(source, field, { min, max, orZero }, HOSTING_DEFAULTS[field], 'whole milliseconds')
  const count = (field: 'restartAttempts' | 'failureThreshold') =>
    readWhole(source, field, { min: 0, max: 100 }, HOSTING_DEFAULTS[field])
  const settings = {
    mode: readChoice(source, 'mode', MODES, HOSTING_DEFAULTS.mode),
    program: readText(source, 'program', PROGRAM, 'give the full path of a program, such as /etc/baton/postgres'),
    startMs: span('startMs', 100, 3_600_000),
    stopMs: span('stopMs', 100, 600_000),
    holdMs: span('holdMs', 500, 60_000, true),
    restartAttempts: count('restartAttempts'),
    failureThreshold: count('failureThreshold'),
    failureIntervalMs: span('failureIntervalMs', 1_000, 86_400_000),
    hosting: readText(source, 'hosting', NODES, `give up to ${LIST_MAX} names that \`baton status\` shows, by commas`),
    placement: readChoice(source, 'placement', PLACEMENTS, HOSTING_DEFAULTS.placement),
    requires: readText(source, 'requires', SERVICES, `give up to ${LIST_MAX} names of services, by commas`),
  }
  if (source.isStrict) reportContradictions(name, source, settings)
  return settings
}

export function namesIn(list: string): readonly string[] {
  return list === '' ? [] : list.split(',')
}

function reportContradictions(name: string, source: FieldSource, settings: HostingSettings): void {
  const { mode, program, hosting, placement, requires } = settings
  const single = 'say mode single too, or none here'
  if (mode === 'multi') {
    if (program !== '') source.report('program', 'is called for services of mode single only', single)
    if (hosting !== '') source.report('hosting', 'is asked for services of mode single only', single)
    if (requires !== '') source.report('requires', 'is asked for services of mode single only', single)
    if (placement !== 'balanced') source.report('placement', 'is asked for services of mode single only', single)
  }
  if (mode === 'single' && placement !== 'balanced' && hosting === '')
    source.report('placement', `${shown(placement)} needs nodes`, 'name them: hosting host-1,host-2')
  if (namesIn(requires).includes(name)) source.report('requires', `has ${name} itself`, 'name other services')
}
