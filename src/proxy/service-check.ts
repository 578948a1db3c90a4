/** How a service's programs are checked: part of its definition. Who checks, and what follows, is in src/health. */
import type { Millis } from '../base/time.js'
import { type FieldSource, readChoice, readText, readWhole } from './field-source.js'

/** `send`: bytes go there, and an answer is expected; `command`: a program of the operator says it by its exit code. */
export type CheckKind = 'off' | 'tcp' | 'send' | 'http' | 'tls' | 'command'
/** By each node, its own programs; or by the director as well, through its control links. */
export type CheckFrom = 'node' | 'director'

export interface CheckSettings {
  readonly check: CheckKind
  readonly checkFrom: CheckFrom
  /** 0: each port of the service on which the node listens. */
  readonly checkPort: number
  /** For `send`: with \r \n \t \\ and \xNN; empty: nothing is sent, and the program speaks first. */
  readonly checkSend: string
  /** What the answer has to contain; empty: any byte will do. With the same escapes. */
  readonly checkExpect: string
  /** For `http`. */
  readonly checkPath: string
  /** For `http`: `200-399`, `200,204`. */
  readonly checkStatus: string
  /** For `command`. */
  readonly checkCommand: string
  readonly checkEveryMs: Millis
  /** Of one check; what takes longer has failed. */
  readonly checkTimeoutMs: Millis
  /** So many good ones in a row bring a program back, so many bad ones take it out. */
  readonly checkRise: number
  readonly checkFall: number
  /** Refusals and early resets of connections, fading away, that take a node out for a while; 0: never. */
  readonly passiveLimit: number
  /** After so long a failure counts half. */
  readonly passiveDecayMs: Millis
}

export const CHECK_DEFAULTS: CheckSettings = Object.freeze({
  // A program that is not used to strangers logs each of them: whoever wants it says so.
  check: 'off',
  checkFrom: 'node',
  checkPort: 0,
  checkSend: '',
  checkExpect: '',
  checkPath: '/',
  checkStatus: '200-399',
  checkCommand: '',
  // As HAProxy has it: a dead program is out within six seconds, at little cost.
  checkEveryMs: 2_000,
  checkTimeoutMs: 1_000,
  checkRise: 2,
  checkFall: 3,
  passiveLimit: 0,
  passiveDecayMs: 10_000,
})

export const CHECK_FIELDS = Object.keys(CHECK_DEFAULTS) as readonly (keyof CheckSettings)[]
export const CHECK_KINDS: readonly CheckKind[] = ['off', 'tcp', 'send', 'http', 'tls', 'command']
export const CHECK_FROMS: readonly CheckFrom[] = ['node', 'director']

const TEXT = /^[\x20-\x7e]{1,256}$/
const PATH = /^\/[\x21-\x7e]{0,254}$/
const STATUS = /^[1-5]\d\d(-[1-5]\d\d)?(,[1-5]\d\d(-[1-5]\d\d)?){0,15}$/
const PROGRAM = /^\/[^\0\n]{1,254}$/
const ESCAPES = /\\(x[0-9a-fA-F]{2}|[rnt\\])/g

export function readCheck(source: FieldSource): CheckSettings {
  const check = readChoice(source, 'check', CHECK_KINDS, CHECK_DEFAULTS.check)
  const span = (field: 'checkEveryMs' | 'checkTimeoutMs' | 'passiveDecayMs', min: Millis, max: Millis) =>
    readWhole(source, field, { min, max }, CHECK_DEFAULTS[field], 'whole milliseconds')
  const count = (field: 'checkRise' | 'checkFall') =>
    readWhole(source, field, { min: 1, max: 100 }, CHECK_DEFAULTS[field])
  const settings = {
    check,
    checkFrom: readChoice(source, 'checkFrom', CHECK_FROMS, CHECK_DEFAULTS.checkFrom),
    checkPort: readWhole(source, 'checkPort', { min: 1, max: 65_535, orZero: true }, 0, 'a port'),
    checkSend: readEscaped(source, 'checkSend'),
    checkExpect: readEscaped(source, 'checkExpect'),
    checkPath: readText(source, 'checkPath', PATH, 'give a path such as /health', '/') || '/',
    checkStatus:
      readText(source, 'checkStatus', STATUS, 'give codes such as 200-399 or 200,204', '200-399') || '200-399',
    checkCommand: readText(
      source,
      'checkCommand',
      PROGRAM,
      'give the full path of a program, such as /etc/baton/check',
    ),
    checkEveryMs: span('checkEveryMs', 100, 3_600_000),
    checkTimeoutMs: span('checkTimeoutMs', 50, 60_000),
    checkRise: count('checkRise'),
    checkFall: count('checkFall'),
    passiveLimit: readWhole(source, 'passiveLimit', { min: 1, max: 10_000, orZero: true }, 0),
    passiveDecayMs: span('passiveDecayMs', 1_000, 3_600_000),
  }
  if (source.isStrict) reportContradictions(source, settings)
  // Nothing to call is no reason to take every program out.
  return check === 'command' && settings.checkCommand === '' ? { ...settings, check: 'off' } : settings
}

/** What would silently not be done. */
function reportContradictions(source: FieldSource, settings: CheckSettings): void {
  const { check, checkCommand, checkSend, checkExpect, checkFrom } = settings
  if (check === 'command' && checkCommand === '')
    source.report('checkCommand', 'is missing', 'name the program that checks')
  if (check !== 'command' && checkCommand !== '')
    source.report('checkCommand', 'is not called', 'say check command too, or none here')
  if (check !== 'send' && checkSend !== '')
    source.report('checkSend', 'is not sent', 'say check send too, or none here')
  if (check !== 'send' && check !== 'http' && checkExpect !== '')
    source.report('checkExpect', 'is not looked for', 'say check send or check http too, or none here')
  if (check === 'off' && checkFrom === 'director')
    source.report('checkFrom', 'has nothing to check', 'say what: check tcp, send, http, tls or command')
}

function readEscaped(source: FieldSource, field: 'checkSend' | 'checkExpect'): string {
  const hint = 'give up to 256 printable characters; \\r \\n \\t \\\\ and \\xNN stand for others'
  const text = readText(source, field, TEXT, hint)
  if (text.replaceAll(ESCAPES, '').includes('\\')) source.report(field, 'has a \\ that means nothing', hint)
  return text
}

const PLAIN: Readonly<Record<string, number>> = { r: 13, n: 10, t: 9, '\\': 92 }

/** The bytes that `text` stands for. */
export function unescaped(text: string): Uint8Array {
  const bytes: number[] = []
  for (let i = 0; i < text.length; i++) {
    const next = text[i + 1] ?? ''
    if (text[i] !== '\\') bytes.push(text.charCodeAt(i) & 0xff)
    else if (next === 'x') {
      bytes.push(Number.parseInt(text.slice(i + 2, i + 4), 16) & 0xff)
      i += 3
    } else {
      bytes.push(PLAIN[next] ?? 92)
      i++
    }
  }
  return Uint8Array.from(bytes)
}

/** `code` is among `200-399`, `200,204`. */
export function isAmong(code: number, list: string): boolean {
  return list.split(',').some((part) => {
    const [from = '', to = from] = part.split('-')
    return code >= Number(from) && code <= Number(to)
  })
}
