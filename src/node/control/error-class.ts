/**
 * What kind of failure an error code names, by the end of its name: one rule from which the control server takes its
 * HTTP status and the command line its exit code, so that a new code needs no table to be remembered.
 */
export type ErrorClass =
  | 'usage'
  | 'unknown'
  | 'exists'
  | 'denied'
  | 'not-running'
  | 'unavailable'
  | 'internal'
  | 'failed'

const SUFFIXES: readonly (readonly [RegExp, ErrorClass])[] = [
  [/_(USAGE|INVALID|TOO_LONG|TOO_LARGE)$/, 'usage'],
  [/_(UNKNOWN|NOT_FOUND)$/, 'unknown'],
  [/_(EXISTS|CONFLICT|TAKEN)$/, 'exists'],
  [/_(DENIED|EXPOSED)$/, 'denied'],
  [/_NOT_RUNNING$/, 'not-running'],
  [/_(NOT_READY|UNAVAILABLE|NO_QUORUM|TIMEOUT)$/, 'unavailable'],
  [/_INTERNAL$/, 'internal'],
]

/** `failed` for everything that no rule names: the operation was understood and did not work. */
export function classifyError(code: string): ErrorClass {
  return SUFFIXES.find(([suffix]) => suffix.test(code))?.[1] ?? 'failed'
}

export const HTTP_STATUS: Readonly<Record<ErrorClass, number>> = {
  usage: 400,
  denied: 403,
  unknown: 404,
  exists: 409,
  failed: 422,
  internal: 500,
  'not-running': 503,
  unavailable: 503,
}
