import { execFile } from 'node:child_process'
import type { Millis } from '../base/time.js'

/** A cloud's interface may need seconds; the lease is renewed meanwhile. */
export const HOOK_MS_MAX: Millis = 10_000
const SAID_BYTES_MAX = 64 * 1024

/** A program of the operator, to its end. What is wrong, in words; `undefined`: it exited with 0. Never rejects. */
export function runHook(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const options = {
    timeout: HOOK_MS_MAX,
    killSignal: 'SIGKILL',
    maxBuffer: SAID_BYTES_MAX,
    env: { ...process.env, ...environment },
  } as const
  return new Promise((resolve) => {
    execFile(program, [...args], options, (error, _stdout, stderr) => {
      if (error === null) return resolve(undefined)
      const said = stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? ''
      const how = error.killed === true ? `did not end within ${HOOK_MS_MAX / 1_000} s` : describe(error)
      resolve(`hook ${program} ${args[0] ?? ''} ${how}${said === '' ? '' : `: ${said}`}`)
    })
  })
}

function describe(error: Error & { readonly code?: unknown; readonly signal?: unknown }): string {
  if (typeof error.code === 'number') return `exited with ${error.code}`
  return error.signal
    ? `was killed by ${String(error.signal)}`
    : `cannot be run (${String(error.code ?? error.message)})`
}
