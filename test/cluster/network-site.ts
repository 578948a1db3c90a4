/** One host with a node and a program on port 8080, and one with clients. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LabNode, LocalCluster, type Start } from '../../src/lab/cluster.io.js'
import { type Host, Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope } from '../harness/suite.js'

const HELLO = fileURLToPath(new URL('../../dist/lab/apps/hello.io.js', import.meta.url))

export interface Site {
  readonly lan: Lan
  readonly cluster: LocalCluster
  readonly host: Host
  readonly node: LabNode
  readonly client: Host
  /** What is in the node's log. */
  readonly log: () => string
  add(address: string, ...more: string[]): Promise<void>
  /** Until a client is served at that address. */
  served(address: string): Promise<void>
}

/** One host with a node, one with clients. `prepare` before the node is up, `start` for how it comes up. */
export async function build(
  scope: Scope,
  prepare: (lan: Lan, host: Host) => Promise<void> = async () => {},
  before: readonly string[] = [],
): Promise<Site> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-networks-'))
  const plans = ['a', 'client'].map((name, i) => ({ name, number: i + 1 }))
  const lan = await Lan.make(plans, folder)
  scope.defer(async () => {
    await lan.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  const [host, client] = [lan.named('a'), lan.named('client')]
  await prepare(lan, host)
  const start: Start = (_name, command, output) => host.start('baton', [...before, ...command], output)
  const cluster = await LocalCluster.start({
    addresses: [host.address],
    names: ['a'],
    folder: path.join(folder, 'state'),
    start,
  })
  const [node] = cluster.nodes
  if (node === undefined) throw new Error('no node')
  host.start('hello', [process.execPath, HELLO, 'a', '0.0.0.0', '8080'])
  return {
    lan,
    cluster,
    host,
    node,
    client,
    log: () => cluster.log(node),
    add: async (address, ...more) => {
      await cluster.baton(node, 'service', 'add', 'web', '--address', address, '--ports', '8080', ...more)
    },
    served: async (address) => {
      const host = address.includes(':') ? `[${address}]` : address
      const get = () => client.run('curl', '-sS', '--max-time', '1', `http://${host}:8080/`).catch(() => undefined)
      assert.match(await until(get, 8_000, `a client is served at ${address}`), 'hello from a')
    },
  }
}
