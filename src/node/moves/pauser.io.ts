/** Has this process stand still for a while, and only for a while. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { asOrdinary } from '../../base/haste.io.js'
import type { Millis } from '../../base/time.js'

/** Of sources only: other options of this process are for it alone. */
const LOADER: readonly string[] = import.meta.url.endsWith('.ts') ? process.execArgv : []
const PAUSER = fileURLToPath(new URL(`./pauser-main.io${import.meta.url.slice(-3)}`, import.meta.url))
const READY_MS_MAX: Millis = 5_000
/** The second one wakes so much later. */
const RESERVE_MS: Millis = 1_000

export interface Pauser {
  /** Stops this process at once. */
  begin(): void
}

/** Two helpers, each in a session of its own, both ready to wake this process. What is wrong, in words, if there are not. */
export async function preparePause(pauseMs: Millis): Promise<Pauser | { readonly why: string }> {
  const helpers = [startHelper('stop', pauseMs), startHelper('wake', pauseMs + RESERVE_MS)]
  const problems = (await Promise.all(helpers.map(isReady))).filter((why) => why !== '')
  const [why] = problems
  if (why !== undefined) {
    for (const helper of helpers) helper.kill('SIGKILL')
    return { why }
  }
  return {
    begin: () => {
      // Whoever only wakes begins first: it must be at work when this process stops.
      for (const helper of helpers.reverse()) {
        helper.stdin.write('go\n')
        helper.unref()
      }
    },
  }
}

function startHelper(role: 'stop' | 'wake', ms: Millis): ChildProcessWithoutNullStreams {
  const helper = asOrdinary(() => spawn(process.execPath, [...LOADER, PAUSER, role, String(ms)], { detached: true }))
  helper.stdin.on('error', () => {})
  return helper
}

/** '' when it is, else why not. */
function isReady(helper: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(`a helper is not ready after ${READY_MS_MAX} ms`), READY_MS_MAX)
    const answer = (why: string) => {
      clearTimeout(timer)
      resolve(why)
    }
    helper.once('error', (error) => answer(`no helper can be started: ${error.message}`))
    helper.once('exit', () => answer('a helper ended before it began'))
    helper.stdout.once('data', () => answer(''))
  })
}
