/** What was opened, closed at the end of the test; `undefined`, said loudly, where this user may not. */
import type { Problem } from '../../../src/kernel/bpf/kit.io.js'
import type { Scope } from '../../harness/suite.js'

export function permitted<T extends object>(scope: Scope, opened: T): Exclude<T, Problem> | undefined {
  if ('why' in opened) {
    if (process.getuid?.() === 0) throw new Error(String(opened.why))
    process.stderr.write(`\nSKIPPED  ${opened.why}\n`)
    return undefined
  }
  const open = opened as Exclude<T, Problem>
  scope.defer(() => (open as { close(): void }).close())
  return open
}
