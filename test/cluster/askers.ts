/** Clients of askers-main, as a test sees them. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from '../../src/lab/child.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { Scope } from '../harness/suite.js'
import { type DaemonSite, TALK_PORT } from './daemon-site.js'

export const ASKERS = fileURLToPath(new URL('./askers-main.ts', import.meta.url))
/** What was said last is known to have come then, and is no end of an answer any more. */
export const CALM_MS = 300

export class Askers {
  #round = 1

  private constructor(private readonly child: Child) {}

  static async stand(child: Child): Promise<Askers> {
    const askers = new Askers(child)
    await askers.#answered()
    return askers
  }

  /** All of them, over the connections that they have; throws if one is not answered. */
  async ask(limitMs?: number): Promise<void> {
    this.#round++
    this.child.kill('SIGUSR2')
    await this.#answered(limitMs)
  }

  /** How their connections ended, by the word for it. */
  get ends(): string[] {
    return readFileSync(this.child.output, 'utf8')
      .split('\n')
      .filter((line) => /^\d+ /.test(line))
      .map((line) => line.replace(/^\d+ /, ''))
  }

  async #answered(limitMs = 10_000): Promise<void> {
    const word = `answered ${this.#round}`
    const isSo = () => (readFileSync(this.child.output, 'utf8').split('\n').includes(word) ? true : undefined)
    await until(isSo, limitMs, () => `${word}; ${this.child.tail(20)}`, 20)
  }
}

/** Of a daemon, on loopback. */
export function askersOf(scope: Scope, { folder, fixture }: DaemonSite, count: number): Promise<Askers> {
  const at = [fixture.serviceAddress, String(TALK_PORT), String(count)]
  const child = new Child('askers', [process.execPath, '--import', 'tsx', ASKERS, ...at], path.join(folder, 'askers'))
  scope.defer(() => child.stop())
  return Askers.stand(child)
}

/** Its director says that so many wait. */
export async function parkedAt(site: DaemonSite, count: number): Promise<void> {
  const { cluster } = site.fixture
  await until(
    async () => {
      const { director } = await cluster.serving('daemon')
      const { choice } = await site.node(director.name).client.service('daemon')
      return choice.placement?.parked === count ? true : undefined
    },
    10_000,
    `${count} are parked`,
    20,
  )
}
