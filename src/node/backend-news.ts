/** What the lane hears of who can serve what, and where this node's own programs are: only what has changed. */
import type { ToLane } from '../proxy/lane-protocol.js'
import type { BackendStates } from './backend-states.js'
import type { Knowledge } from './knowledge.js'

export class BackendNews {
  readonly #told = new Map<string, string>()
  #planned = false

  constructor(
    private readonly knowledge: Knowledge,
    private readonly states: Pick<BackendStates, 'seats'>,
    /** This node's own programs take no new connections, whatever a director has heard by now. */
    private readonly isDrained: () => boolean,
    private readonly later: (run: () => void) => void,
    private readonly toLane: (message: ToLane) => void,
    /** Somebody serves other ports than before. */
    private readonly onPorts: () => void,
  ) {}

  /** Once after the present turn, however much has changed in it. */
  plan(): void {
    if (this.#planned) return
    this.#planned = true
    this.later(() => {
      this.#planned = false
      this.tell()
    })
  }

  /** The lane drops what it knew of a service with the service. */
  forget(service: string): void {
    this.#told.delete(service)
  }

  /** Now. */
  tell(): void {
    let isNews = false
    for (const service of this.knowledge.services.active) {
      const seats = this.states.seats(service)
      if (!this.#isNews(service.name, seats)) continue
      this.toLane({ type: 'backends', service: service.name, seats })
      isNews = true
    }
    if (isNews) this.onPorts()
    const listeners = this.isDrained() ? [] : this.knowledge.localListeners()
    if (this.#isNews('', listeners)) this.toLane({ type: 'local-listeners', listeners })
  }

  #isNews(key: string, value: unknown): boolean {
    const text = JSON.stringify(value)
    if (this.#told.get(key) === text) return false
    this.#told.set(key, text)
    return true
  }
}
