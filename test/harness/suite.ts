/**
 * uvu without its traps. Bare uvu exits 0 when `before` throws, when `after.each` throws after a failing test and when
 * `.run()` is forgotten; it has no time limit, and a socket left open keeps its process for ever. Here set-up, tear-down
 * and the limit live in the test body, and process-watch.ts sees to what happens between and after the tests.
 * Nobody imports `uvu` directly (tidy.test.ts looks).
 */
import { suite as uvuSuite } from 'uvu'
import * as assert from 'uvu/assert'

import { waits } from '../../src/lab/wait.io.js'
import { isEarlierKnown, useEarlierNodes } from './earlier-release.js'
import { ProcessWatch } from './process-watch.js'
import { findProgram } from './programs.js'
import { Scope } from './scope.js'

export { assert, type Scope }

type Body = (scope: Scope) => void | Promise<void>

export interface TestOptions {
  /** Programs that this test talks to: skipped loudly where one is missing, a failure where `CI` is set. */
  readonly needs?: readonly string[]
  /** What an ordinary user may not: skipped loudly for one. */
  readonly root?: boolean
  /** It has nodes of the release before this one, which is made from the history of git: as with a program that is missing. */
  readonly earlier?: boolean
  /** For the body and, again, for its clean-up. */
  readonly limitMs?: number
}

export interface Suite {
  (title: string, body: Body, options?: TestOptions): void
  /** Of the long suite, in a file of the short one; run by hand, a file runs all that is in it. */
  long(title: string, body: Body, options?: TestOptions): void
  run(): void
}

const watch = new ProcessWatch()
useEarlierNodes()

export function suite(name: string, limitMs = 2_000): Suite {
  const uvu = uvuSuite(name)
  watch.suiteMade(name)
  const test = (title: string, body: Body, options: TestOptions = {}): void => {
    const missing = (options.needs ?? []).filter((program) => findProgram(program) === undefined)
    if (options.root === true && process.getuid?.() !== 0) {
      process.stderr.write(`\nSKIPPED  ${name}: ${title}\n         run it as root\n`)
      uvu.skip(title)
      return
    }
    const isHistoryMissing = options.earlier === true && !isEarlierKnown()
    if ((missing.length > 0 || isHistoryMissing) && !process.env['CI']) {
      const what = isHistoryMissing ? 'fetch the history (`git fetch --unshallow`)' : `install ${missing.join(', ')}`
      process.stderr.write(`\nSKIPPED  ${name}: ${title}\n         ${what} to run it\n`)
      uvu.skip(title)
      return
    }
    watch.testMade()
    uvu(title, async () => {
      try {
        if (isHistoryMissing)
          throw new Error('CI must fetch the whole history: the release before this one is not in it')
        if (missing.length > 0) throw new Error(`CI must install ${missing.join(', ')}: .ci/run does`)
        await runTest(body, options.limitMs ?? limitMs)
      } catch (error) {
        // uvu reads `name` and `stack` of whatever was thrown.
        throw error instanceof Error ? error : new Error(`thrown, and no error: ${String(error)}`)
      } finally {
        watch.testEnded()
      }
    })
  }
  const isFast = process.env['TESTS'] !== 'long'
  const isLong = process.env['TESTS'] !== 'fast'
  const run = () => {
    watch.suiteRun(name)
    uvu.run()
  }
  const none = () => {}
  return Object.assign(isFast ? test : (none as typeof test), { run, long: isLong ? test : none })
}

/** What the body says goes before what its clean-up says: the second often follows from the first. */
async function runTest(body: Body, limitMs: number): Promise<void> {
  const scope = new Scope()
  const failures: unknown[] = []
  const note = (error: unknown) => failures.push(error)
  await watch.guard(bounded(Promise.resolve(scope).then(body), limitMs, 'no end')).catch(note)
  await bounded(scope.close(), limitMs, 'no end of the clean-up').catch(note)
  if (failures.length > 1) process.stderr.write(`\nthe clean-up failed as well: ${String(failures[1])}\n`)
  if (failures.length > 0) throw failures[0]
}

async function bounded(work: Promise<void>, limitMs: number, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error([`${what} after ${limitMs} ms`, ...waits()].join('; it waits: '))),
      limitMs,
    )
  })
  try {
    await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
