import { spawn } from 'node:child_process'
import net from 'node:net'
import { errnoOf, messageOf } from '../../base/errors.js'
import { asOrdinary } from '../../base/haste.io.js'
import type { Millis } from '../../base/time.js'

/** A cloud's interface may need seconds; the lease is renewed meanwhile. */
export const HOOK_MS_MAX: Millis = 10_000
/** Its last words may come behind the news of its end. */
const LAST_WORDS_MS: Millis = 50
const SAID_CHARACTERS_MAX = 4_096
const TOLD_CHARACTERS_MAX = 200

/**
 * A program of the operator, to its own end: what it leaves running (`arping … &`) is not waited for. What it prints is its own
 * affair, but for the last line on standard error. What is wrong, in words; `undefined`: it exited with 0. Never rejects.
 */
export function runHook(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  limitMs: Millis = HOOK_MS_MAX,
  /** It runs as this process; `false`: no more. */
  onProcess: (pid: number, isThere: boolean) => void = () => {},
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = ''
    const tell = (how: string) => {
      const last = said.trim().split('\n').at(-1)?.slice(0, TOLD_CHARACTERS_MAX) ?? ''
      resolve(`hook ${program} ${args[0] ?? ''} ${how}${last === '' ? '' : `: ${last}`}`)
    }
    const cannot = (error: unknown) => tell(`cannot be run (${errnoOf(error) || messageOf(error)})`)
    try {
      // A process group of its own: what it has started ends with it where it does not end by itself.
      const env = { ...process.env, ...environment }
      const child = asOrdinary(() =>
        spawn(program, [...args], { stdio: ['ignore', 'ignore', 'pipe'], env, detached: true }),
      )
      const { pid } = child
      if (pid !== undefined) onProcess(pid, true)
      let isLate = false
      const timer = setTimeout(() => {
        isLate = true
        endGroup(child.pid)
      }, limitMs)
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-SAID_CHARACTERS_MAX)
      })
      child.on('error', (error) => {
        clearTimeout(timer)
        cannot(error)
      })
      child.on('exit', (code, signal) => {
        clearTimeout(timer)
        if (pid !== undefined) onProcess(pid, false)
        // What was left running may hold the other end for as long as it likes.
        if (child.stderr instanceof net.Socket) child.stderr.unref()
        if (code === 0) return resolve(undefined)
        const how = isLate ? `did not end within ${limitMs / 1_000} s` : describe(code, signal)
        child.once('close', () => tell(how))
        setTimeout(() => tell(how), LAST_WORDS_MS).unref()
      })
    } catch (error) {
      cannot(error)
    }
  })
}

function describe(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exited with ${code}` : `was killed by ${signal}`
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended just now.
  }
}
