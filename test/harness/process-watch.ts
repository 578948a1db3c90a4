/**
 * What goes wrong beside and after the tests, where uvu does not look: an error that nobody takes, a suite that is never
 * run, a socket, timer or child left open. Each makes the process exit with 1 and says why.
 */

/** Time for sockets that a test closed to go through their last events. */
const GRACE_MS = 1_000

export class ProcessWatch {
  /** Made and not yet told to run. */
  readonly #idle = new Set<string>()
  #pending = 0
  #failed = false
  #failNow: ((error: Error) => void) | undefined

  constructor() {
    process.on('unhandledRejection', (reason) => this.#stray('rejected, and nobody awaits it', reason))
    process.on('uncaughtException', (error) => this.#stray('thrown in a callback, and nobody catches it', error))
    process.on('exit', () => {
      for (const name of this.#idle) this.#complain(`${name}: test.run() was never called`)
      // Only here: uvu sets the code when its tests have ended, whatever it was before.
      if (this.#failed) process.exitCode = 1
    })
  }

  suiteMade(name: string): void {
    this.#idle.add(name)
  }

  suiteRun(name: string): void {
    this.#idle.delete(name)
  }

  testMade(): void {
    this.#pending++
  }

  testEnded(): void {
    this.#pending--
    if (this.#pending > 0) return
    // Not kept alive by itself: it rings only in a process that something else keeps alive.
    setTimeout(() => this.#stillAlive(), GRACE_MS).unref()
  }

  /** Rejects as soon as an error turns up that nobody takes: most likely the running test started it. */
  async guard<T>(work: Promise<T>): Promise<T> {
    const stray = new Promise<never>((_resolve, reject) => {
      this.#failNow = reject
    })
    try {
      return await Promise.race([work, stray])
    } finally {
      this.#failNow = undefined
    }
  }

  #stray(what: string, reason: unknown): void {
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)
    this.#complain(`${what}: ${text}`)
    this.#failNow?.(new Error(what, { cause: reason }))
  }

  #stillAlive(): void {
    if (this.#pending > 0) return
    const handles = process.getActiveResourcesInfo().join(', ')
    this.#complain(`left open by a test, ${GRACE_MS} ms after the last one ended: ${handles}`)
    process.exit(1)
  }

  #complain(problem: string): void {
    this.#failed = true
    process.stderr.write(`\nFAIL  ${problem}\n`)
  }
}
