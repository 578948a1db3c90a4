/**
 * Real nodes as separate processes on loopback addresses of one host, made and joined with the same commands that an
 * operator types. The demo and the tests use it; it leaves nothing behind.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { ControlClient } from '../node/control/control-client.io.js'
import type { ServiceView, StatusView } from '../node/control/control-protocol.js'
import type { Child } from './child.io.js'
import { programFromOutside } from './cluster-programs.io.js'
import { childHere } from './programs.io.js'
import { until } from './wait.io.js'

const run = promisify(execFile)

/** As many as an electorate takes: election/config. */
const VOTERS_MAX = 7

export interface ClusterOptions {
  /** Addresses of the nodes, one each; all must be local. */
  readonly addresses: readonly string[]
  readonly names?: readonly string[]
  /** Names of those that only vote. */
  readonly witnesses?: readonly string[]
  /** Nodes are told nothing but where their state is: they choose their address and find each other. */
  readonly untold?: boolean
  /** More arguments for every `baton up`. */
  readonly upArguments?: readonly string[]
  /** Where state and logs go, and stay at the end; a new temporary folder that is removed if not given. */
  readonly folder?: string
  /** How a node's process is started, such as on a host of its own; as a process of this host if not given. */
  readonly start?: Start
  /** The `bin/baton.js` of a node at this moment, where nodes are of several releases; if not given, see cluster-programs. */
  readonly programOf?: (name: string) => string
}

/** `command` with its output to the end of the file `output`. */
export type Start = (name: string, command: readonly [string, ...string[]], output: string) => Child

export interface LabNode {
  readonly name: string
  readonly address: string
  readonly state: string
  readonly client: ControlClient
  child: Child | undefined
}

export class LocalCluster {
  readonly nodes: LabNode[] = []

  private constructor(
    readonly folder: string,
    private readonly upArguments: readonly string[],
    private readonly witnesses: readonly string[],
    private readonly start: Start,
    private readonly untold: boolean,
    private readonly isFolderOurs: boolean,
    private readonly programOf: (name: string) => string,
  ) {}

  /** Founds the cluster and starts all nodes; returns when each answers on its control socket. */
  static async start(options: ClusterOptions): Promise<LocalCluster> {
    const folder = options.folder ?? mkdtempSync(path.join(os.tmpdir(), 'baton-'))
    const cluster = new LocalCluster(
      folder,
      options.upArguments ?? [],
      options.witnesses ?? [],
      options.start ?? childHere,
      options.untold ?? false,
      options.folder === undefined,
      options.programOf ?? programFromOutside(),
    )
    try {
      const nameOf = (i: number) => options.names?.[i] ?? `node${i + 1}`
      const [founder = '', ...others] = options.addresses
      cluster.nodes.push(await cluster.#init(nameOf(0), founder))
      cluster.nodes.push(...(await Promise.all(others.map((address, i) => cluster.#init(nameOf(i + 1), address)))))
      for (const node of cluster.nodes) cluster.up(node)
      await Promise.all(cluster.nodes.map((node) => cluster.answers(node)))
      return cluster
    } catch (error) {
      await cluster.remove()
      throw error
    }
  }

  /** One command of the CLI, as a user would run it on that node. */
  async baton(node: LabNode, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return run(process.execPath, [this.programOf(node.name), ...args, '--state', node.state], { timeout: 20_000 })
  }

  /** Another process takes the place of the node's, with all its connections. */
  async replace(node: LabNode): Promise<void> {
    const before = node.child
    this.up(node, '--replace')
    await until(
      () => {
        if (node.child?.isOver === true) throw new Error(`${node.name} was not replaced:\n${node.child.tail()}`)
        return before?.isOver === true ? true : undefined
      },
      30_000,
      () => `${node.name} is replaced; it said:\n${node.child?.tail() ?? ''}`,
      5,
    )
  }

  up(node: LabNode, ...more: string[]): void {
    const seeds = this.nodes.filter((other) => other !== node).flatMap((other) => ['--seed', `${other.address}:7440`])
    const args = [
      this.witnesses.includes(node.name) ? 'witness' : 'up',
      '--state',
      node.state,
      '--log-format',
      'json',
      ...(this.untold ? [] : ['--bind', node.address, ...seeds]),
      ...this.upArguments,
      ...more,
    ]
    const command = [process.execPath, this.programOf(node.name), ...args] as const
    node.child = this.start(node.name, command, path.join(this.folder, `${node.name}.log`))
  }

  async answers(node: LabNode): Promise<StatusView> {
    return until(
      () => {
        if (node.child?.isOver === true) throw new Error(`${node.name} has ended:\n${node.child.tail()}`)
        return node.client.status().catch(() => undefined)
      },
      15_000,
      () => `${node.name} answers; it said:\n${node.child?.tail() ?? ''}`,
    )
  }

  /** Waits until every live node sees every live node and all of them vote. */
  async settled(limitMs = 20_000): Promise<void> {
    const live = this.live()
    const isSettled = (status: StatusView) =>
      status.electorate.voters.length >= Math.min(this.nodes.length, VOTERS_MAX) &&
      status.electorate.reachable >= Math.min(live.length, VOTERS_MAX) &&
      status.members.filter((member) => member.state === 'alive').length >= live.length
    await until(
      async () => {
        const views = await Promise.all(live.map((node) => node.client.status().catch(() => undefined)))
        if (this.live().length === 0) throw new Error('all nodes have ended')
        return views.every((view) => view !== undefined && isSettled(view)) ? true : undefined
      },
      limitMs,
      'all nodes see each other and vote',
    )
  }

  live(): LabNode[] {
    return this.nodes.filter((node) => node.child !== undefined && !node.child.isOver)
  }

  /** Waits until some live node says that the service is directed and served; returns that view. */
  async serving(service: string, limitMs = 10_000): Promise<ServiceView & { director: { id: string; name: string } }> {
    let last = 'no answer'
    return until(
      async () => {
        for (const node of this.live()) {
          const view = await node.client.service(service).catch(() => undefined)
          if (view === undefined) continue
          last = view.why
          const { director } = view
          if (director === null || view.serving !== 'yes') continue
          if (this.live().some((other) => other.name === director.name)) return { ...view, director }
        }
        return undefined
      },
      limitMs,
      () => `service ${service} is served (${last})`,
    )
  }

  named(name: string): LabNode {
    const node = this.nodes.find((one) => one.name === name)
    if (node === undefined) throw new Error(`no node ${name} in this lab`)
    return node
  }

  async kill(node: LabNode): Promise<void> {
    node.child?.kill('SIGKILL')
    await node.child?.ended
  }

  async stop(node: LabNode): Promise<void> {
    await node.child?.stop()
  }

  log(node: LabNode): string {
    return readFileSync(path.join(this.folder, `${node.name}.log`), 'utf8')
  }

  /** Stops everything and removes what was made; a folder that was given may have more in it than ours. */
  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => this.stop(node)))
    if (this.isFolderOurs) rmSync(this.folder, { recursive: true, force: true })
  }

  async #init(name: string, address: string): Promise<LabNode> {
    const state = path.join(this.folder, name)
    mkdirSync(this.folder, { recursive: true })
    const first = this.nodes[0]
    const key = first === undefined ? [] : ['--key-file', path.join(first.state, 'cluster.key')]
    const words = [this.programOf(name), 'init', '--name', name, '--state', state, ...key]
    await run(process.execPath, words, { timeout: 20_000 })
    return { name, address, state, client: new ControlClient(path.join(state, 'control.sock')), child: undefined }
  }
}
