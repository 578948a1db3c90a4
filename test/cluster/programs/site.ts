/** Real programs whose clients keep a session while the director fails: three nodes, and a host for the clients. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type LabNode, LocalCluster } from '../../../src/lab/cluster.io.js'
import { type Host, Lan } from '../../../src/lab/hosts.io.js'
import { until } from '../../../src/lab/wait.io.js'
import { assert, type Scope } from '../../harness/suite.js'
import type { Program, Whereabouts } from './program.js'

const ADDRESS = '10.77.9.9'
const NAMES = ['a', 'b', 'c']
/** What is at full speed fills the clients' cable, and leaves the two cores that all hosts share time for leases. */
const CABLE_MBIT = Number(process.env['CABLE_MBIT'] ?? 400)
const FOUND_MS_MAX = 10_000

/** What a site itself needs, beside what its programs do. */
export const SITE_NEEDS = ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'tc']

export class ProgramSite {
  private constructor(
    readonly cluster: LocalCluster,
    readonly at: Whereabouts,
    private readonly lan: Lan,
  ) {}

  /** All programs are on one host, and another one directs. */
  static async build(
    scope: Scope,
    programs: readonly Pick<Program, 'name' | 'port' | 'serve'>[],
    uploads = 'survive',
  ): Promise<ProgramSite> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-programs-'))
    // Programs that refuse to be root's have folders in it.
    chmodSync(folder, 0o711)
    const lan = await Lan.make(
      [...NAMES, 'client'].map((name, i) => ({ name, number: i + 1 })),
      folder,
    )
    if (CABLE_MBIT > 0) await lan.limit(lan.named('client'), CABLE_MBIT)
    scope.defer(async () => {
      await lan.remove()
      rmSync(folder, { recursive: true, force: true })
    })
    const cluster = await LocalCluster.start({
      addresses: NAMES.map((name) => lan.named(name).address),
      names: NAMES,
      untold: true,
      folder: path.join(folder, 'state'),
      start: (name, command, output) => lan.named(name).start('baton', command, output),
    })
    await cluster.settled()
    const [first] = cluster.nodes as [LabNode]
    const ports = [...new Set(programs.map(({ port }) => port))]
    await cluster.baton(
      first,
      'service',
      'add',
      'all',
      '--address',
      ADDRESS,
      '--ports',
      ports.join(),
      '--uploads',
      uploads,
    )
    const { director } = await cluster.serving('all')
    const server = lan.named(NAMES.find((name) => name !== director.name) ?? '')
    await Promise.all(programs.map((program) => program.serve?.(server, folder)))
    await until(
      async () => ((await first.client.service('all')).backends.length >= ports.length ? true : undefined),
      FOUND_MS_MAX,
      () => `all programs are found:\n${programs.map(({ name }) => name).join(', ')}`,
    )
    return new ProgramSite(cluster, { client: lan.named('client'), server, address: ADDRESS, folder }, lan)
  }

  host(node: LabNode): Host {
    return this.lan.named(node.name)
  }

  async director(): Promise<LabNode> {
    return this.cluster.named((await this.cluster.serving('all')).director.name)
  }

  /** Waits until another than `former` directs. */
  async succeeded(former: LabNode): Promise<void> {
    const isOther = async () => ((await this.director()) === former ? undefined : true)
    await until(isOther, FOUND_MS_MAX, `another than ${former.name} directs`, 10)
  }

  /** All nodes run again, and another than the programs' own host directs. */
  async mend(): Promise<void> {
    for (const node of this.cluster.nodes) await this.host(node).cableIn()
    for (const node of this.cluster.nodes) if (node.child?.isOver !== false) this.cluster.up(node)
    await this.cluster.settled()
    const director = await this.director()
    if (director.name !== this.at.server.name) return
    await this.cluster.baton(director, 'move', 'all')
    await this.succeeded(director)
  }

  /** Of connections that were rebuilt, so far. */
  verdicts(): Readonly<Record<string, number>> {
    const sums: Record<string, number> = {}
    for (const line of this.#lines('"event":"verdicts"')) {
      const told = JSON.parse(line) as Record<string, unknown>
      for (const word of ['proven', 'filled', 'reset', 'gone']) sums[word] = (sums[word] ?? 0) + Number(told[word])
    }
    return sums
  }

  /** What nodes have warned of. */
  warnings(): string[] {
    return this.#lines('"level":"warn"')
  }

  #lines(part: string): string[] {
    return this.cluster.nodes.flatMap((node) => {
      return this.cluster
        .log(node)
        .split('\n')
        .filter((line) => line.includes(part))
    })
  }

  /** The programs' connections went by the director and by another host, or nothing is shown. */
  async assertRemote(sessions: number): Promise<void> {
    const { stdout } = await this.cluster.baton(await this.director(), 'splices', '--json')
    const { splices } = JSON.parse(stdout) as { splices: readonly { here: string }[] }
    const remote = splices.filter(({ here }) => here === 'client').length
    assert.ok(remote >= sessions, `${remote} connections to another host, at least ${sessions} expected`)
  }
}
