/** What a node says of fields, as whoever typed flags would say it: `queueMs 99000 …` is `--queue-timeout 1m39s …`. */
import { ASSIGNMENT_FLAG_NAMES, ASSIGNMENT_FLAGS } from './assignment-words.js'
import { fieldOf, SERVICE_FLAGS, wordOf } from './service-words.js'
import { formatSetting } from './units.js'

const FLAGS: ReadonlyMap<string, string> = new Map([
  ...ASSIGNMENT_FLAG_NAMES.map((flag) => [ASSIGNMENT_FLAGS[flag], flag] as const),
  ...SERVICE_FLAGS.map((flag) => [fieldOf(flag), flag] as const),
])

/** Errors whose message is of fields, each at the beginning of a part. */
const CODES = new Set(['ERR_SERVICE_INVALID', 'ERR_SERVICE_CONFLICT', 'ERR_ASSIGNMENT_INVALID'])
const FIELD = /(^|; )([a-zA-Z]+)(?: (\d+)(?= is not possible))?/g
const SPAN = /whole milliseconds from (\d+) to (\d+)/g

export function messageInFlags(code: string, message: string): string {
  if (!CODES.has(code)) return message
  return message.replaceAll(FIELD, (whole, lead: string, field: string, value: string | undefined) => {
    const flag = FLAGS.get(field)
    if (flag === undefined) return whole
    return `${lead}--${flag}${value === undefined ? '' : ` ${wordOf(field, Number(value))}`}`
  })
}

export function hintInFlags(hint: string): string {
  return hint.replaceAll(SPAN, (_, least, most) => `a span from ${formatSetting(+least)} to ${formatSetting(+most)}`)
}
