/** What services ask of the host's network beside their addresses; what cannot be had is logged when that is news. */
import type { Logger } from '../../base/log.js'
import { portsOfText } from '../../proxy/port-list.js'
import { isOwned, type Service } from '../../proxy/service.js'

export interface NetworkWishesParts {
  readonly logger: Logger
  /** Ports of this node itself, which others need whatever a service says. */
  readonly keepOpen: readonly number[]
}

/** Each answers what is in the way. */
export interface WishedNetwork {
  hide(ports: readonly number[], addresses: readonly string[]): string | undefined
  holdAcks(): string | undefined
}

export class NetworkWishes {
  /** What is in the way, by wish. */
  readonly #problems = new Map<string, string | undefined>()

  constructor(private readonly parts: NetworkWishesParts) {}

  follow(services: readonly Service[], network: WishedNetwork): void {
    const { keepOpen } = this.parts
    const ports = services.flatMap(({ hide }) => portsOfText(hide)).filter((port) => !keepOpen.includes(port))
    const addresses = services.map(({ address }) => address)
    this.#tell('error', 'ports-not-hidden', network.hide(ports, addresses))
    const holds = services.some((service) => service.uploads === 'survive' && isOwned(service))
    this.#tell('warn', 'no-ack-hold', holds ? network.holdAcks() : undefined)
  }

  #tell(level: 'warn' | 'error', event: string, why: string | undefined): void {
    if (why !== undefined && why !== this.#problems.get(event)) this.parts.logger.log(level, event, { why })
    this.#problems.set(event, why)
  }
}
