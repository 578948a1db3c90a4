/**
 * Ports that the kernel gives to nobody who asks for any port (`static` of TruCluster): so a service's own port is not in use by
 * somebody's outgoing connection when its program starts. What others have reserved stays reserved.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { errnoOf, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/log.js'

/** IPv6 has the same. */
const FILE = '/proc/sys/net/ipv4/ip_local_reserved_ports'

export class ReservedPorts {
  /** By us, and not by anybody before. */
  readonly #ours = new Set<number>()
  #told: string | undefined

  constructor(
    private readonly logger: Logger,
    private readonly warnings: Pick<Map<string, string>, 'set' | 'delete'>,
    private readonly file = FILE,
  ) {}

  /** Answers how it is told. `cleanups`: what is done when the node stops. */
  static begin(
    logger: Logger,
    warnings: Pick<Map<string, string>, 'set' | 'delete'>,
    cleanups: (() => Promise<void> | void)[],
  ): (wanted: readonly number[]) => void {
    const reserved = new ReservedPorts(logger, warnings)
    cleanups.push(() => reserved.follow([]))
    return (wanted) => reserved.follow(wanted)
  }

  /** These from now on; none, at the end. */
  follow(wanted: readonly number[]): void {
    if (wanted.length === 0 && this.#ours.size === 0) return this.#tell(undefined)
    try {
      const before = new Set(portsIn(readFileSync(this.file, 'utf8').trim()))
      const others = new Set([...before].filter((port) => !this.#ours.has(port)))
      const after = new Set([...others, ...wanted])
      if (textOf(after) !== textOf(before)) {
        // An empty write is none: the kernel takes a line without numbers for no ports.
        writeFileSync(this.file, `${textOf(after)}\n`)
        this.logger.log('info', 'ports-reserved', { ports: textOf(new Set(wanted)) })
      }
      this.#ours.clear()
      for (const port of wanted) if (!others.has(port)) this.#ours.add(port)
      this.#tell(undefined)
    } catch (error) {
      const way = 'run the node with CAP_NET_ADMIN, or set net.ipv4.ip_local_reserved_ports yourself'
      this.#tell(
        `ports that services reserve are not reserved on this host (${errnoOf(error) || messageOf(error)}): ${way}`,
      )
    }
  }

  #tell(why: string | undefined): void {
    if (why === undefined) this.warnings.delete('reserved-ports')
    else this.warnings.set('reserved-ports', why)
    if (why !== undefined && why !== this.#told) this.logger.log('warn', 'ports-not-reserved', { why })
    this.#told = why
  }
}

/** As the kernel writes it: `80,7000-7010`; nothing for none. */
function textOf(ports: ReadonlySet<number>): string {
  const ranges: [first: number, last: number][] = []
  for (const port of [...ports].sort((a, b) => a - b)) {
    const range = ranges.at(-1)
    if (range !== undefined && port === range[1] + 1) range[1] = port
    else ranges.push([port, port])
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join()
}

/** What the kernel has written; it may be longer than what a person writes. */
function portsIn(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.trim().split('-').map(Number)
    return first > 0 && last <= 65_535 ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : []
  })
}
