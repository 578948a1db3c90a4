/** Clients and echo programs on this very host: see src/lab/apps. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Endpoint } from '../../src/base/address.js'
import { Child } from '../../src/lab/child.io.js'
import type { TalkersReport } from '../../src/lab/fates.js'
import { until } from '../../src/lab/wait.io.js'
import type { Scope } from '../harness/suite.js'
import type { Fixture } from './fixture.js'

const app = (name: string) => fileURLToPath(new URL(`../../dist/lab/apps/${name}.io.js`, import.meta.url))
const TALK_EVERY_MS = 2

export function startEcho(scope: Scope, { cluster }: Fixture, port: number): void {
  for (const { name, address } of cluster.nodes) {
    const command: [string, ...string[]] = [process.execPath, app('echo'), address, String(port)]
    const program = new Child('echo', command, path.join(cluster.folder, `echo-${name}.log`))
    scope.defer(() => program.stop())
  }
}

export class LoopbackTalkers {
  readonly #child: Child

  constructor(folder: string, { address, port }: Endpoint, count: number) {
    const words = [address, port, count, TALK_EVERY_MS].map(String)
    this.#child = new Child('talkers', [process.execPath, app('talkers'), ...words], path.join(folder, 'talkers.log'))
  }

  async stand(): Promise<void> {
    const all = () => (readFileSync(this.#child.output, 'utf8').includes('all stand') ? true : undefined)
    await until(all, 15_000, () => `all clients stand: ${this.#child.tail()}`)
  }

  brace(): void {
    this.#child.kill('SIGUSR2')
  }

  async report(): Promise<TalkersReport> {
    this.#child.kill('SIGUSR2')
    await this.#child.ended
    return JSON.parse(readFileSync(this.#child.output, 'utf8').trim().split('\n').at(-1) ?? '') as TalkersReport
  }

  stop(): Promise<void> {
    return this.#child.stop()
  }
}
