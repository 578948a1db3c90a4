import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Endpoint } from '../base/address.js'
import type { Child } from './child.io.js'
import type { TalkersReport } from './fates.js'
import type { Host } from './hosts.io.js'
import { until } from './wait.io.js'

const PROGRAM = fileURLToPath(new URL('../../dist/lab/apps/talkers.io.js', import.meta.url))
/** Ten thousand on a busy machine. */
const STAND_MS_MAX = 60_000

/** Clients on a host of their own that keep their connections over a fault: see apps/talkers. */
export class HostTalkers {
  readonly #child: Child

  constructor(
    host: Host,
    to: Endpoint,
    readonly count: number,
    pauseMs: number,
    output?: string,
  ) {
    const words = [to.address, to.port, count, pauseMs].map(String)
    this.#child = host.start('talkers', [process.execPath, PROGRAM, ...words], output)
  }

  async stand(): Promise<void> {
    const all = () => (readFileSync(this.#child.output, 'utf8').includes('all stand') ? true : undefined)
    await until(all, STAND_MS_MAX, () => `all clients stand: ${this.#child.tail()}`)
  }

  /** A fault is about to happen. */
  brace(): void {
    this.#child.kill('SIGUSR2')
  }

  /** It is over: the silent speak again, and each is judged. */
  async report(): Promise<TalkersReport> {
    this.#child.kill('SIGUSR2')
    await this.#child.ended
    return JSON.parse(readFileSync(this.#child.output, 'utf8').trim().split('\n').at(-1) ?? '') as TalkersReport
  }

  async stop(): Promise<void> {
    await this.#child.stop()
  }
}
