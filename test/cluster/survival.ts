/** Connections whose director fails: three nodes and their clients on hosts of their own, and how each client fared. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Child } from '../../src/lab/child.io.js'
import { type LabNode, LocalCluster } from '../../src/lab/cluster.io.js'
import type { Fates, TalkersReport } from '../../src/lab/fates.js'
import { HostTalkers } from '../../src/lab/host-talkers.io.js'
import { type Host, Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { Scope } from '../harness/suite.js'
import { ASKERS, Askers } from './askers.js'
import { Deaths } from './deaths.js'

export const ADDRESS = '10.77.9.9'
export const ADDRESS6 = 'fd77::9:9'
export const PORT = 7_777
const TALK_EVERY_MS = Number(process.env['TALK_EVERY_MS'] ?? 2)
const NAMES = ['a', 'b', 'c']
/** Leases of 400 ms in the long suite, whose figures are of these; of a second where tests share processors with others. */
export const PROFILE = process.env['PROFILE'] ?? 'lan'
/** Silent clients are woken so long after the fault: the next director has long been there. */
const DARK_MS_MAX = 2_000

/**
 * Before the fault. A young connection is acknowledged at once (quickack), and more of it is lost with a director: see the figures
 * of survival.long, which takes 0 from outside.
 */
const TALKED_MS = Number(process.env['TALKED_MS'] ?? 1_000)

const HOLDERS = fileURLToPath(new URL('./holders-main.ts', import.meta.url))

const app = (name: string) => fileURLToPath(new URL(`../../dist/lab/apps/${name}.io.js`, import.meta.url))

export class SurvivalSite {
  /** How old connections are when the fault comes. */
  talkedMs = TALKED_MS
  #rounds = 0

  private constructor(
    readonly lan: Lan,
    readonly cluster: LocalCluster,
    private readonly folder: string,
  ) {}

  static build(scope: Scope, address: string, ...more: string[]): Promise<SurvivalSite> {
    return SurvivalSite.of(NAMES, scope, address, ...more)
  }

  /** With nodes of these names. */
  static of(names: readonly string[], scope: Scope, address: string, ...more: string[]): Promise<SurvivalSite> {
    return SurvivalSite.buildMortal(scope, address, more, [], names).then(({ site }) => site)
  }

  /** With hosts beside them that have no node. */
  static among(others: readonly string[], scope: Scope, address: string, ...more: string[]): Promise<SurvivalSite> {
    return SurvivalSite.buildMortal(scope, address, more, [], NAMES, others).then(({ site }) => site)
  }

  /** Its nodes can be made to die in more ways than by signals. */
  static async buildMortal(
    scope: Scope,
    address: string,
    more: readonly string[],
    upArguments: readonly string[] = [],
    names: readonly string[] = NAMES,
    others: readonly string[] = [],
    programOf?: (name: string) => string,
  ): Promise<{ readonly site: SurvivalSite; readonly deaths: Deaths }> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-survival-'))
    const deaths = new Deaths(folder)
    const lan = await Lan.make(
      [...names, 'client', ...others].map((name, i) => ({ name, number: i + 1 })),
      folder,
    )
    scope.defer(async () => {
      await lan.remove()
      rmSync(folder, { recursive: true, force: true })
    })
    const cluster = await LocalCluster.start({
      addresses: names.map((name) => lan.named(name).address),
      names,
      untold: true,
      upArguments: upArguments.includes('--profile') ? upArguments : ['--profile', PROFILE, ...upArguments],
      folder: path.join(folder, 'state'),
      ...(programOf === undefined ? {} : { programOf }),
      start: (name, [program, ...args], output) => {
        return lan.named(name).start('baton', [program, ...deaths.nodeArguments, ...args], output)
      },
    })
    await cluster.settled()
    for (const name of names) startEcho(lan.named(name))
    const site = new SurvivalSite(lan, cluster, folder)
    await cluster.baton(site.#first, 'service', 'add', 'echo', '--address', address, '--ports', String(PORT), ...more)
    await cluster.serving('echo')
    await until(
      async () => ((await site.#first.client.service('echo')).backends.length === names.length ? true : undefined),
      5_000,
      'all hosts serve',
    )
    return { site, deaths }
  }

  async director(): Promise<{ readonly node: LabNode; readonly host: Host }> {
    const { name } = (await this.cluster.serving('echo')).director
    return { node: this.cluster.named(name), host: this.lan.named(name) }
  }

  /** Clients that say one thing and are silent then; the word of each whose connection ends is in what they print. */
  async hold(address: string, count: number): Promise<Child> {
    const command = [process.execPath, '--import', 'tsx', HOLDERS, address, String(PORT), String(count)]
    const holders = this.lan.named('client').start(`holders-${this.#rounds++}`, command)
    await until(() => (printedBy(holders).includes('all stand') ? true : undefined), 20_000, 'all clients stand')
    return holders
  }

  /** Clients that ask once more when they are told to. */
  async askers(address: string, count: number): Promise<Askers> {
    const command = [process.execPath, '--import', 'tsx', ASKERS, address, String(PORT), String(count)]
    return Askers.stand(this.lan.named('client').start(`askers-${this.#rounds++}`, command))
  }

  startProgram({ name }: { readonly name: string }): void {
    startEcho(this.lan.named(name))
  }

  /** By SIGKILL. */
  async killProgram({ name }: { readonly name: string }): Promise<void> {
    const line = await this.lan.named(name).run('ss', '-Hltnp', 'sport', '=', `:${PORT}`)
    const pid = line.match(/"node",pid=(\d+)/)?.[1] ?? line.match(/pid=(\d+)/)?.[1]
    if (pid === undefined) throw new Error(`no program on ${name}: ${line}`)
    process.kill(Number(pid), 'SIGKILL')
  }

  /** What crosses the client's cable and fits the filter (pcap-filter(7)): a line for each frame, with its link addresses. */
  async capture(...filter: string[]): Promise<Child> {
    const options = ['-l', '-n', '-e', '-tt', '--immediate-mode', '-i', 'eth0']
    const tcpdump = this.lan.named('client').start(`capture-${this.#rounds++}`, ['tcpdump', ...options, ...filter])
    await until(
      () => (readFileSync(tcpdump.output, 'utf8').includes('listening on') ? true : undefined),
      5_000,
      'it captures',
    )
    return tcpdump
  }

  /** Connections that the program of a host has. */
  async served(host: Host): Promise<number> {
    const lines = await host.run('ss', '-Htn', 'state', 'established', 'sport', '=', `:${PORT}`)
    return lines.split('\n').filter((line) => line !== '').length
  }

  /** What became of `count` connections, half of them talking, when `fault` was done; `mend` undoes it. */
  async fare(
    address: string,
    count: number,
    fault: () => unknown,
    mend: () => unknown = () => {},
    talkEveryMs = TALK_EVERY_MS,
  ): Promise<TalkersReport> {
    const output = path.join(this.folder, `talkers-${this.#rounds++}.log`)
    const talkers = new HostTalkers(this.lan.named('client'), { address, port: PORT }, count, talkEveryMs, output)
    await talkers.stand()
    await new Promise((resolve) => setTimeout(resolve, this.talkedMs))
    talkers.brace()
    await fault()
    await new Promise((resolve) => setTimeout(resolve, DARK_MS_MAX))
    await mend()
    return talkers.report()
  }

  /** A host that was without power is there again, with its program and its node. */
  async powerOn(node: LabNode): Promise<void> {
    const host = this.lan.named(node.name)
    await host.cableIn()
    startEcho(host)
    this.cluster.up(node)
  }

  /** Lines of the nodes' logs with that event; of one node alone, if it is named. */
  events(event: string, by = ''): Record<string, unknown>[] {
    const nodes = this.cluster.nodes.filter(({ name }) => by === '' || name === by)
    const lines = nodes.flatMap((node) => this.cluster.log(node).split('\n'))
    return lines.filter((line) => line.includes(`"event":"${event}"`)).map((line) => JSON.parse(line))
  }

  /** What lanes have counted in lines of that event, all together. */
  total(event: string, field: string): number {
    return this.events(event).reduce((sum, line) => sum + Number(line[field]), 0)
  }

  get #first(): LabNode {
    const [first] = this.cluster.nodes
    if (first === undefined) throw new Error('no node')
    return first
  }
}

function startEcho(host: Host): void {
  host.start('echo', [process.execPath, app('echo'), '::', String(PORT)])
}

export function printedBy({ output }: Child): string[] {
  return readFileSync(output, 'utf8').split('\n').slice(0, -1)
}

/** Of a capture. */
export function framesOf(capture: Child): string[] {
  return printedBy(capture).filter((line) => line.includes(' > '))
}

export function sumOf({ talking, silent }: TalkersReport, what: (fates: Fates) => number): number {
  return what(talking) + what(silent)
}

/** All that was lost, by the word for it. */
export function losses({ talking, silent }: TalkersReport): Record<string, number> {
  const all: Record<string, number> = { ...talking.lost }
  for (const [word, count] of Object.entries(silent.lost)) all[word] = (all[word] ?? 0) + count
  return all
}
