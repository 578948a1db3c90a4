/** A cluster of three whose programs say their name, and what its director says. */
import type { Child } from '../../src/lab/child.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { ServiceView } from '../../src/node/control/control-protocol.js'
import type { Scope } from '../harness/suite.js'
import { Callers, startNamed } from './callers.js'
import { addService, type Fixture, startCluster } from './fixture.js'

/** Rotations are exact for each lane, and which lane accepts a client is the kernel's choice. */
export const ONE_LANE = ['--lanes', '1']
export const NODES = ['node1', 'node2', 'node3']

export interface Served {
  readonly programs: ReadonlyMap<string, Child>
  readonly callers: Callers
}

export class Bench {
  private constructor(
    readonly scope: Scope,
    readonly fixture: Fixture,
  ) {}

  static async start(scope: Scope, lanes = ONE_LANE): Promise<Bench> {
    return new Bench(scope, await startCluster(scope, 3, lanes))
  }

  get cluster(): Fixture['cluster'] {
    return this.fixture.cluster
  }

  /** A service with a program on each node, and its clients. */
  async serve(name: string, port: number, ...settings: string[]): Promise<Served> {
    const { cluster, scope, fixture } = this
    const programs = new Map(
      cluster.nodes.map((node) => [node.name, startNamed(scope, node, port, cluster.folder)] as const),
    )
    await addService(fixture, name, String(port), 3, ...settings)
    return { programs, callers: this.callersOf(port) }
  }

  callersOf(port: number): Callers {
    return new Callers(this.scope, { host: this.fixture.serviceAddress, port })
  }

  startNamed(node: string, port: number, backlog?: number): Child {
    return startNamed(this.scope, this.cluster.named(node), port, this.cluster.folder, backlog)
  }

  /** As the director says it. */
  async view(name: string): Promise<ServiceView> {
    const { director } = await this.cluster.serving(name)
    return this.cluster.named(director.name).client.service(name)
  }

  baton(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return this.cluster.baton(this.cluster.live()[0] ?? this.cluster.named('node1'), ...args)
  }

  /** `baton service node`, and the director has heard it. */
  async assign(service: string, node: string, ...flags: string[]): Promise<void> {
    await this.baton('service', 'node', service, node, ...flags)
    const said = JSON.stringify((await this.cluster.live()[0]?.client.service(service))?.choice.assignments)
    await until(
      async () => JSON.stringify((await this.view(service)).choice.assignments) === said || undefined,
      5_000,
      'the director has heard it',
    )
  }

  /** The director sees so many that listen. */
  async seen(service: string, backends: number): Promise<void> {
    await until(
      async () => (await this.view(service)).backends.length === backends || undefined,
      5_000,
      `${backends} backends of ${service} are seen`,
    )
  }
}
