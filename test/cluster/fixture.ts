/** Three real nodes for one test, on loopback addresses that no other test run uses. */
import { mkdtempSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Child } from '../../src/lab/child.io.js'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { helloProgram } from '../../src/lab/programs.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { Scope } from '../harness/suite.js'

/** 127/8 is all loopback on Linux: a block for each process that runs tests. */
const BLOCK = `127.${10 + (process.pid % 200)}.${(process.pid >> 8) % 250}`

export interface Fixture {
  readonly cluster: LocalCluster
  /** Address of the service that tests add; nobody else listens there. */
  readonly serviceAddress: string
  readonly addresses: readonly string[]
}

export async function startCluster(
  scope: Scope,
  nodes = 3,
  upArguments: readonly string[] = [],
  witnesses: readonly string[] = [],
): Promise<Fixture> {
  const addresses = Array.from({ length: nodes }, (_, i) => `${BLOCK}.${11 + i}`)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-test-'))
  const cluster = await LocalCluster.start({ addresses, folder, upArguments, witnesses })
  scope.defer(() => cluster.remove())
  await cluster.settled()
  return { cluster, addresses, serviceAddress: `${BLOCK}.100` }
}

/** `baton service add`, and waits until a director serves it with so many backends. */
export async function addService(
  { cluster, serviceAddress }: Fixture,
  name: string,
  ports: string,
  backends: number,
  ...more: string[]
): Promise<void> {
  const node = cluster.live()[0]
  if (node === undefined) throw new Error('no node is up')
  await cluster.baton(node, 'service', 'add', name, '--address', serviceAddress, '--ports', ports, ...more)
  await cluster.serving(name)
  await until(
    async () => {
      const view = await node.client.service(name)
      return view.backends.length >= backends ? true : undefined
    },
    5_000,
    `${backends} backends of ${name} are known`,
  )
}

/** The small HTTP server on every node; without PROXY protocol unless told. */
export function startHello(
  scope: Scope,
  { cluster }: Fixture,
  port: number,
  proxy = false,
  only?: string[],
): Map<string, Child> {
  const programs = new Map<string, Child>()
  for (const { name, address } of cluster.nodes) {
    if (only !== undefined && !only.includes(name)) continue
    const program = helloProgram(name, { address, port }, cluster.folder, proxy)
    programs.set(name, program)
    scope.defer(() => program.stop())
  }
  return programs
}
