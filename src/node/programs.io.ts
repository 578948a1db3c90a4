/** All that a node knows, does and says about programs: its own, and those that it directs connections to. */
import type { NodeId } from '../base/ids.js'
import type { ListeningSocket } from '../kernel/listening-socket.js'
import { BackendNews } from './backend-news.js'
import { BackendStates } from './backend-states.js'
import type { Directing } from './directing.js'
import type { Errands } from './errands.js'
import type { Knowledge } from './knowledge.js'
import { NodeHealth } from './node-health.io.js'
import type { NodePorts } from './node-ports.js'
import { Publication } from './publication.js'

export interface ProgramsParts {
  readonly self: NodeId
  readonly name: string
  readonly ports: NodePorts
  readonly knowledge: Knowledge
  readonly directing: Directing
  readonly errands: Errands
  /** Told to all others. */
  readonly publish: (bytes: Uint8Array) => void
}

export class Programs {
  readonly health: NodeHealth
  readonly states: BackendStates
  readonly publication: Publication
  readonly news: BackendNews

  constructor(private readonly parts: ProgramsParts) {
    const { self, name, ports, knowledge, directing } = parts
    const { clock, later } = ports
    this.states = new BackendStates(knowledge, { of: () => undefined })
    const onChanged = () => this.publication.plan()
    this.health = new NodeHealth({ ...ports, ...parts, checkProgram: ports.checkProgram, onChanged })
    this.news = new BackendNews(knowledge, this.states, later, ports.toLane, () => directing.followPorts())
    const more = () => ({ health: this.health.rows(), hosting: [] })
    this.publication = new Publication(name, knowledge, directing, clock, later, more, (bytes) => {
      knowledge.setFacts(self, bytes)
      parts.publish(bytes)
      this.onFacts()
    })
  }

  stop(): void {
    this.publication.stop()
    this.health.stop()
  }

  onListeners(sockets: readonly ListeningSocket[]): void {
    this.publication.setListeners(sockets)
  }

  /** Somebody has said something new. */
  onFacts(): void {
    this.news.plan()
    // The machine that told us may not be fed meanwhile.
    this.parts.ports.later(() => this.health.follow())
  }

  /** Services, or orders of operators, are others now. */
  follow(): void {
    this.onFacts()
    this.publication.plan()
  }
}
