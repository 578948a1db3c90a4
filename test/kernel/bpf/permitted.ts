import type { Problem } from '../../../src/kernel/bpf/kit.io.js'
import type { Scope } from '../../harness/suite.js'

/** Said loudly where this user may not; root may everything, so there it is a failure. */
export function skip(why: unknown): undefined {
  if (process.getuid?.() === 0) throw new Error(String(why))
  process.stderr.write(`\nSKIPPED  ${why}\n`)
  return undefined
}

/** What was opened, closed at the end of the test. */
export function permitted<T extends object>(scope: Scope, opened: T): Exclude<T, Problem> | undefined {
  if ('why' in opened) return skip(opened.why)
  const open = opened as Exclude<T, Problem>
  scope.defer(() => (open as { close(): void }).close())
  return open
}
