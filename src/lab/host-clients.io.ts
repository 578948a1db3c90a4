import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Endpoint } from '../base/address.js'
import type { Child } from './child.io.js'
import type { Host } from './hosts.io.js'
import type { Measure, Outcome } from './measure.js'

const PROGRAM = fileURLToPath(new URL('../../dist/lab/apps/clients.io.js', import.meta.url))
const READ_EVERY_MS = 100

/** Clients on a host of their own; what they say is read as they go. */
export class HostClients {
  readonly #child: Child
  readonly #timer: NodeJS.Timeout
  #read = 0

  constructor(
    host: Host,
    to: Endpoint,
    private readonly measure: Measure,
    count: number,
    pauseMs: number,
  ) {
    const words = [to.address, to.port, count, pauseMs].map(String)
    this.#child = host.start('clients', [process.execPath, PROGRAM, ...words])
    this.#timer = setInterval(() => this.#readOn(), READ_EVERY_MS)
  }

  async stop(): Promise<void> {
    await this.#child.stop()
    clearInterval(this.#timer)
    this.#readOn()
  }

  /** Whole lines only; their times are those of this host's wall clock. */
  #readOn(): void {
    const text = readFileSync(this.#child.output, 'utf8')
    const end = text.lastIndexOf('\n') + 1
    for (const line of text.slice(this.#read, end).split('\n')) {
      if (!line.startsWith('{')) continue
      const { startedAt, endedAt, ...rest } = JSON.parse(line) as Outcome
      const here = -performance.timeOrigin
      this.measure.add({ startedAt: startedAt + here, endedAt: endedAt + here, ...rest })
    }
    this.#read = end
  }
}
