/**
 * Brings the services to what the file of `baton up --config` declares: once, after the start, and not before this node
 * knows what the others have. Until then a service that is merely not known yet would be written anew, over what an
 * operator had set. Only differences are written.
 */
import { messageOf } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import type { DeclaredServices } from '../config-schema.js'
import type { ElectorateView, ImportRequest, ImportView } from '../control/control-protocol.js'
import { Names } from '../control/status.js'
import { electorateView } from '../control/why.js'
import type { Node } from '../node.io.js'

const LOOK_EVERY_MS: Millis = 100
/** A node whose peers are up has met them by then. */
const TELL_AFTER_MS: Millis = 5_000

export interface DeclaringParts {
  /** `undefined`: nothing is declared, and nothing is done. */
  readonly declared: DeclaredServices | undefined
  readonly node: Node
  readonly logger: Logger
  /** Control links that are up. */
  readonly linked: () => readonly NodeId[]
  readonly apply: (request: ImportRequest) => Promise<ImportView>
}

export class Declaring {
  #timer: NodeJS.Timeout | undefined
  #waitedMs: Millis = 0
  #problem: string | undefined

  constructor(private readonly parts: DeclaringParts) {}

  start(): void {
    const { declared } = this.parts
    if (declared !== undefined) this.#timer = setInterval(() => this.#look(declared), LOOK_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** For `baton status`. */
  warnings(): string[] {
    return this.#problem === undefined ? [] : [this.#problem]
  }

  #look(declared: DeclaredServices): void {
    const { node, logger, linked } = this.parts
    const { elections, sync } = node.machines
    this.#waitedMs += LOOK_EVERY_MS
    const links = linked()
    const electorate = electorateView(elections, node.self.node, links, new Names([]))
    const obstacle = findObstacle(electorate, links.length, sync.hasCaughtUp)
    if (obstacle === undefined) {
      this.stop()
      this.#apply(declared).catch((error: unknown) => this.#fail(declared, [messageOf(error)]))
    } else if (this.#problem === undefined && this.#waitedMs >= TELL_AFTER_MS) {
      this.#problem = `the services of ${declared.file} are not applied yet: ${obstacle}`
      logger.log('warn', 'config-waits', { file: declared.file, why: obstacle })
    }
  }

  async #apply(declared: DeclaredServices): Promise<void> {
    const { apply, logger } = this.parts
    // Whether the address is here is no question: the file may be the same on all nodes, and the address on a few.
    const { services, prune, file } = declared
    const { applied, changes, problems } = await apply({ services, prune, dryRun: false, force: true })
    if (!applied)
      return this.#fail(
        declared,
        problems.map(({ service, field, problem }) => `${service}: ${field} ${problem}`),
      )
    this.#problem = undefined
    for (const { service, change, fields } of changes) {
      if (change === 'unchanged' || change === 'kept') continue
      const words = fields.map(({ field, from, to }) => (from === null ? `${field} ${to}` : `${field} ${from} → ${to}`))
      logger.log('info', 'config-service', { service, change, fields: words.join(', ') })
    }
    logger.log('info', 'config-applied', { file, services: services.length })
  }

  #fail({ file }: DeclaredServices, problems: readonly string[]): void {
    this.#problem = `the services of ${file} are not applied: ${problems.join('; ')}`
    for (const why of problems) this.parts.logger.log('error', 'config-refused', { file, why })
  }
}

/** What keeps this node from knowing what the cluster has, in words; `undefined` if nothing does. */
export function findObstacle(
  { voters, quorum, reachable }: Pick<ElectorateView, 'voters' | 'quorum' | 'reachable'>,
  links: number,
  hasCaughtUp: boolean,
): string | undefined {
  if (voters.length === 0) return 'this node has not joined its cluster yet'
  if (reachable < quorum) return `${reachable} of ${voters.length} voters are reachable, ${quorum} are needed`
  return links > 0 && !hasCaughtUp ? 'this node has not heard all services from another node yet' : undefined
}
