/** What the lane hears of who can serve what, and where this node's own programs are: only what has changed. */
import type { NodeId } from '../../base/ids.js'
import type { BackendSeat, ToLane } from '../../proxy/lane-protocol.js'
import { mayServe } from '../../proxy/schedule/groups.js'
import type { Service } from '../../proxy/service.js'
import { makesConnections } from '../../proxy/service-outward.js'
import type { Knowledge } from '../knowledge.js'
import { CellBook } from '../lanes/usage-cells.js'
import type { BackendStates } from './backend-states.js'
import type { QuorumChange, Quorums } from './quorums.js'

export interface BackendEvents {
  /** Somebody serves other ports than before. */
  onPorts(): void
  /** Enough healthy nodes serve it again, or no longer, and it is this node's to say so. */
  onQuorum(service: Service, change: QuorumChange): void
}

export class BackendNews {
  readonly #told = new Map<string, string>()
  readonly #cells = new CellBook()
  #planned = false

  constructor(
    private readonly knowledge: Knowledge,
    private readonly states: Pick<BackendStates, 'seats'>,
    /** This node's own programs take no new connections, whatever a director has heard by now. */
    private readonly isDrained: () => boolean,
    /** Services whose program is being stopped here. */
    private readonly ending: () => readonly string[],
    private readonly later: (run: () => void) => void,
    private readonly toLane: (message: ToLane) => void,
    readonly quorums: Quorums,
    private readonly events: BackendEvents,
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

  /** What is shown of backends is what lanes have been told of them. */
  settle(): void {
    if (this.#planned) this.tell()
  }

  /** The lane drops what it knew of a service with the service. */
  forget(service: string): void {
    this.#told.delete(service)
    this.#cells.forget(service)
    this.quorums.forget(service)
  }

  /** Now. */
  tell(): void {
    let isNews = false
    for (const service of this.knowledge.services.active) {
      const seats = this.knowledge.weighed(service, this.states.seats(service))
      const able = ableNodes(seats)
      const { quorate, tells } = this.quorums.look(service.name, service, able.size)
      if (tells) this.events.onQuorum(service, { quorate, able: able.size })
      if (!this.#isNews(service.name, [seats, quorate])) continue
      const cells = this.#cells.of(service.name, new Set(seats.map(({ node }) => node)))
      this.toLane({ type: 'backends', service: service.name, seats, quorate, cells })
      isNews = true
    }
    if (isNews) this.events.onPorts()
    const listeners = this.isDrained() ? [] : this.knowledge.localListeners()
    const ending = this.ending()
    if (this.#isNews('', [listeners, ending])) this.toLane({ type: 'local-listeners', listeners, ending })
    const directors = this.knowledge.directors(makesConnections)
    if (this.#isNews('/directors', directors)) this.toLane({ type: 'directors', directors })
  }

  #isNews(key: string, value: unknown): boolean {
    const text = JSON.stringify(value)
    if (this.#told.get(key) === text) return false
    this.#told.set(key, text)
    return true
  }
}

/** Nodes that get new connections. */
function ableNodes(seats: readonly BackendSeat[]): Set<NodeId> {
  return new Set(seats.filter(mayServe).map(({ node }) => node))
}
