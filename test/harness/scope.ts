export type Cleanup = () => void | Promise<void>

/** What a test opened and must close. */
export class Scope {
  readonly #cleanups: Cleanup[] = []

  /** Runs when the test ends, however it ends; last registered, first run. A clean-up that throws fails the test. */
  defer(cleanup: Cleanup): void {
    this.#cleanups.push(cleanup)
  }

  /** All clean-ups run, whatever one of them throws; the first error is passed on. */
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
