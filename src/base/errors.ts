/**
 * An error that a person or a program outside will read. `code` is for programs and never changes; `message` says what
 * is wrong, with the numbers; `hint` says what to try next. What a *peer* can cause is a value, not an exception.
 */
export class BatonError extends Error {
  override readonly name = 'BatonError'
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }
}

/** The `code` of a system error (`ECONNREFUSED`), or '' for anything else. */
export function errnoOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
