/** Clients that no program serves yet, and what becomes of them. */
import { fileURLToPath } from 'node:url'
import type { Child } from '../../src/lab/child.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { PlacementReport } from '../../src/proxy/lane-report.js'
import { assert, type Scope } from '../harness/suite.js'
import { ADDRESS, PORT, printedBy, SurvivalSite } from './survival.js'

const WAITERS = fileURLToPath(new URL('./waiters-main.ts', import.meta.url))

/** Its leases are long enough for a busy host: a takeover would lose whoever waits. */
export async function siteOf(scope: Scope, address: string, ...settings: string[]): Promise<SurvivalSite> {
  const { site } = await SurvivalSite.buildMortal(scope, address, settings, ['--profile', 'wan'])
  return site
}

export class Waiters {
  private constructor(
    private readonly child: Child,
    readonly count: number,
  ) {}

  /** All have said so many bytes each; `front`: see waiters-main. */
  static async of(
    site: SurvivalSite,
    count: number,
    bytes: number,
    address = ADDRESS,
    ...front: string[]
  ): Promise<Waiters> {
    const what = [address, String(PORT), String(count), String(bytes), ...front]
    const command = [process.execPath, '--import', 'tsx', WAITERS, ...what]
    const child = site.lan.named('client').start(`waiters-${what.join('-').replaceAll(':', '-')}`, command)
    const waiters = new Waiters(child, count)
    await until(() => printedBy(child).includes('all have spoken') || undefined, 10_000, 'all have spoken', 20)
    return waiters
  }

  /** The rest of what was to be said. */
  goOn(): void {
    this.child.kill('SIGUSR2')
  }

  /** What is known of them so far, in the order in which it came to be. */
  get fates(): string[] {
    return printedBy(this.child).filter((line) => line !== 'all have spoken')
  }

  /** Those whose every byte came back. */
  get served(): number {
    return this.fates.filter((line) => line.endsWith(' served')).length
  }

  async allServed(limitMs = 10_000): Promise<void> {
    await until(
      () => this.served === this.count || undefined,
      limitMs,
      () => `${this.served} of ${this.count} are served; ${this.fates.filter((line) => !line.endsWith(' served'))}`,
      20,
    )
  }
}

/** So many are in the queue of the director, or parked there, or whatever else it counts. */
export async function countedAt(site: SurvivalSite, what: keyof PlacementReport, count: number): Promise<void> {
  let last: PlacementReport | undefined
  await until(
    async () => {
      const { node } = await site.director()
      last = (await node.client.service('echo')).choice.placement
      return last?.[what] === count ? true : undefined
    },
    10_000,
    () => `${count} ${what}; ${JSON.stringify(last)}; ${storyOf(site)}`,
    20,
  )
}

/** What nodes have logged of moves. */
function storyOf(site: SurvivalSite): string {
  const events = ['moved-out', 'unserved-lost', 'readmitted', 'not-rebuilt', 'ledger-told', 'lease-lost', 'replaced']
  const lines = events.flatMap((event) => site.events(event))
  return lines
    .map((line) => JSON.stringify(line))
    .sort()
    .join('\n')
}

/** To another node, with `baton move`. */
export async function moved(site: SurvivalSite): Promise<void> {
  const { node } = await site.director()
  await site.cluster.baton(node, 'move', 'echo')
  assert.is.not((await site.director()).node.name, node.name)
}
