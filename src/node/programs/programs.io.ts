/** All that a node knows, does and says about programs: its own, and those that it directs connections to. */
import type { NodeId } from '../../base/ids.js'
import type { ElectionEvent } from '../../election/ports.js'
import type { MemberProfile } from '../../gossip/ports.js'
import type { ListeningSocket } from '../../kernel/listening-socket.js'
import type { Service } from '../../proxy/service.js'
import type { Directing } from '../directing.js'
import type { Errands } from '../errands.js'
import type { Knowledge } from '../knowledge.js'
import type { NodeMachines, NodePorts } from '../node-ports.js'
import { Publication } from '../publication.js'
import { BackendNews } from './backend-news.js'
import { BackendStates } from './backend-states.js'
import { DrainClosing } from './drain-closing.js'
import { Hosting } from './hosting.io.js'
import { NodeHealth } from './node-health.io.js'
import { ProgramDrains } from './program-drains.js'
import { QuorumHooks } from './quorum-hooks.io.js'
import { Quorums } from './quorums.js'
import { Tenures } from './tenures.js'

export interface ProgramsParts {
  readonly profile: MemberProfile
  readonly ports: NodePorts
  readonly machines: Pick<NodeMachines, 'registry' | 'elections'>
  readonly knowledge: Knowledge
  readonly directing: Directing
  readonly errands: Errands
  readonly elections: (event: ElectionEvent) => void
  /** Told to all others. */
  readonly publish: (bytes: Uint8Array) => void
}

export class Programs {
  readonly health: NodeHealth
  readonly states: BackendStates
  readonly drains: ProgramDrains
  readonly tenures: Tenures
  readonly hosting: Hosting
  readonly publication: Publication
  readonly news: BackendNews
  readonly #closing: DrainClosing
  #isPlanned = false

  constructor(private readonly parts: ProgramsParts) {
    const { profile, ports, knowledge, directing, machines } = parts
    const { node: self, name } = profile
    const { registry, elections } = machines
    const { clock, later } = ports
    this.drains = new ProgramDrains(registry, (node) => knowledge.profileOf(node)?.boot ?? 0)
    this.#closing = new DrainClosing({
      ...ports,
      self,
      drains: this.drains,
      services: () => knowledge.services.active,
    })
    this.tenures = new Tenures(
      self,
      knowledge,
      (service, node) => this.drains.isDrained(service, node),
      (service, node) => this.#isUpOn(service, node),
    )
    this.states = new BackendStates(knowledge, {
      of: (service, node) => this.drains.standing(service.name, node) ?? this.tenures.standing(service, node),
    })
    this.health = new NodeHealth({
      ...ports,
      ...parts,
      self,
      ownAddress: profile.gossip.address,
      checkProgram: ports.checkProgram,
      isHosted: (service) => this.hosting.isActive(service),
      onChanged: () => this.#onChanged(),
    })
    this.hosting = new Hosting({
      ...ports,
      ...parts,
      self,
      leaseMs: elections.leaseMs,
      reaches: (node) => elections.reaches(node),
      tenures: this.tenures,
      guards: ports.guards,
      ownHealth: (service) => this.health.ofOwn(service),
      onChanged: () => this.#onChanged(),
    })
    const hooks = new QuorumHooks(ports.logger)
    this.news = new BackendNews(
      knowledge,
      this.states,
      () => this.drains.whole(self) !== undefined,
      () => this.hosting.ending,
      later,
      ports.toLane,
      new Quorums((service) => directing.get(service) !== undefined, clock),
      {
        onPorts: () => directing.followPorts(),
        onQuorum: (service, change) => hooks.tell(service, change),
      },
    )
    const more = () => ({ health: this.health.rows(), hosting: this.hosting.rows(), release: ports.release })
    this.publication = new Publication(name, knowledge, directing, clock, later, more, (bytes) => {
      knowledge.setFacts(self, bytes)
      // Before others hear it: who has heard that a node is out may rely on it that no connection goes there.
      this.news.tell()
      parts.publish(bytes)
      this.onFacts()
    })
  }

  stop(): void {
    this.publication.stop()
    this.health.stop()
    this.hosting.stop()
    this.#closing.stop()
  }

  onListeners(sockets: readonly ListeningSocket[]): void {
    this.publication.setListeners(sockets)
  }

  /** Somebody has said something new. */
  onFacts(): void {
    this.news.plan()
    this.#planLook()
  }

  /** Services, members or orders of operators are others now. */
  follow(): void {
    this.onFacts()
    this.publication.plan()
  }

  #onChanged(): void {
    this.publication.plan()
    this.#planLook()
  }

  /** After the present turn: the machine that told us may not be fed meanwhile. */
  #planLook(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    this.parts.ports.later(() => {
      this.#isPlanned = false
      this.health.follow()
      this.hosting.follow()
      this.#closing.look()
    })
  }

  /** By what its node says of it; of this node, as it is. */
  #isUpOn(service: Service, node: NodeId): boolean {
    if (service.mode === 'single') {
      const present = this.tenures.present(service.name)
      if (present?.node !== node || present.tenure.state !== 'active') return false
    }
    return this.states.backends(service).some((backend) => backend.node === node && backend.state === 'healthy')
  }
}
