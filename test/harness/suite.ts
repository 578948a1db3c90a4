/**
 * uvu without its traps. Bare uvu exits 0 when `before` throws, when `after.each` throws after a failing test and when
 * `.run()` is forgotten, and it has no time limit. Here set-up, tear-down and the limit live in the test body, and the
 * runner (test/run.ts) counts what really ran. Nobody imports `uvu` directly (tidy.test.ts looks).
 */
import { suite as uvuSuite } from 'uvu'
import * as assert from 'uvu/assert'

import { findProgram } from './programs.js'

export { assert }

type Cleanup = () => void | Promise<void>

export class Scope {
  readonly #cleanups: Cleanup[] = []

  /** Runs when the test ends, however it ends; last registered, first run. A clean-up that throws fails the test. */
  defer(cleanup: Cleanup): void {
    this.#cleanups.push(cleanup)
  }

  async close(): Promise<void> {
    const failures: unknown[] = []
    for (const cleanup of this.#cleanups.splice(0).reverse()) {
      try {
        await cleanup()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

/** A test that needs a program that this machine lacks: skipped loudly for a user, a failure where `CI` is set. */
export interface TestOptions {
  readonly needs?: readonly string[]
  readonly limitMs?: number
}

export interface Suite {
  (title: string, body: (scope: Scope) => void | Promise<void>, options?: TestOptions): void
  run(): void
}

export function suite(name: string, limitMs = 2_000): Suite {
  const register = uvuSuite(name)
  const test = (title: string, body: (scope: Scope) => void | Promise<void>, options: TestOptions = {}): void => {
    const missing = (options.needs ?? []).filter((program) => findProgram(program) === undefined)
    if (missing.length > 0 && !process.env['CI']) {
      process.stderr.write(`\nSKIPPED  ${name}: ${title}\n         install ${missing.join(', ')} to run it\n`)
      return
    }
    register(title, async () => {
      if (missing.length > 0) throw new Error(`CI must install ${missing.join(', ')}: .ci/run does`)
      await bounded(body, options.limitMs ?? limitMs)
    })
  }
  return Object.assign(test, { run: () => register.run() })
}

async function bounded(body: (scope: Scope) => void | Promise<void>, limitMs: number): Promise<void> {
  const scope = new Scope()
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${limitMs} ms`)), limitMs)
  })
  try {
    await Promise.race([Promise.resolve(scope).then(body), limit])
  } finally {
    clearTimeout(timer)
    await scope.close()
  }
}
