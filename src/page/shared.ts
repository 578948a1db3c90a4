/** An answer that many want at once: made when it is asked for, handed to all who ask while it is made and for a moment after. */
import type { Millis } from '../base/time.js'

/** Who asks within so long gets what others got. */
const SHARED_MS: Millis = 900

export class Shared<T> {
  #latest: Promise<T> | undefined
  /** While it is made it has no age: a slow one is not begun a second time beside itself. */
  #madeAt: Millis | undefined

  constructor(
    private readonly make: () => Promise<T>,
    private readonly now: () => Millis,
  ) {}

  /** A failure is heard by those who waited for it, and by nobody later. */
  get(): Promise<T> {
    const isOld = this.#madeAt !== undefined && this.now() - this.#madeAt > SHARED_MS
    if (this.#latest !== undefined && !isOld) return this.#latest
    const startedAt = this.now()
    this.#madeAt = undefined
    this.#latest = this.make()
    this.#latest.then(
      () => {
        this.#madeAt = startedAt
      },
      () => {
        this.#latest = undefined
      },
    )
    return this.#latest
  }
}
