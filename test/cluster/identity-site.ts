/** A proxy in front of the service, on the host of its clients, and what becomes of their connections. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { LabNode } from '../../src/lab/cluster.io.js'
import type { Host } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope } from '../harness/suite.js'
import { ADDRESS, losses, PORT, PROFILE, SurvivalSite, sumOf } from './survival.js'

export const NEEDS = ['ip', 'nft', 'unshare', 'nsenter', 'setpriv']
export const CLIENTS = 40

export function folderFor(scope: Scope): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-identity-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** On the host of the clients, who connect to it as to the service. */
async function startFront(host: Host, folder: string): Promise<void> {
  const file = path.join(folder, 'haproxy.cfg')
  const lines = [
    'defaults',
    '  mode tcp',
    '  timeout client 60s',
    '  timeout server 60s',
    '  timeout connect 5s',
    'frontend main',
    `  bind ${host.address}:${PORT}`,
    '  default_backend baton',
    'backend baton',
    `  server baton ${ADDRESS}:${PORT} send-proxy-v2 proxy-v2-options crc32c,unique-id`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  host.start('haproxy', ['haproxy', '-db', '-f', file])
  await until(
    async () => ((await host.run('ss', '-Htln', 'sport', '=', `:${PORT}`)) === '' ? undefined : true),
    5_000,
    'HAProxy listens',
  )
}

/** Nobody loses more than `lostMax` connections by the fault, and who directs afterwards knows who its clients are. */
export async function fareByProxy(
  scope: Scope,
  fault: (site: SurvivalSite, node: LabNode) => Promise<unknown>,
  {
    lostMax,
    moves,
    profile = PROFILE,
  }: { readonly lostMax: number; readonly moves: boolean; readonly profile?: string },
): Promise<void> {
  const settings = ['--local', 'last', '--accept-proxy', '10.77.0.0/16']
  const { site } = await SurvivalSite.buildMortal(scope, ADDRESS, settings, ['--profile', profile])
  const client = site.lan.named('client')
  await startFront(client, folderFor(scope))
  const { node } = await site.director()
  const seen: { readonly from: string; readonly via?: string }[] = []
  const report = await site.fare(
    client.address,
    CLIENTS,
    () => fault(site, node),
    async () => {
      const after = await site.director()
      assert.is(after.node.name !== node.name, moves)
      const { stdout } = await site.cluster.baton(after.node, 'splices', '--limit', '100', '--json')
      const view = JSON.parse(stdout) as { splices: { client: (typeof seen)[number] }[] }
      seen.push(...view.splices.map((splice) => splice.client))
    },
  )
  const lost = Object.values(losses(report)).reduce((sum, count) => sum + count, 0)
  assert.ok(lost <= lostMax, JSON.stringify(losses(report)))
  assert.is(report.silent.alive, CLIENTS / 2, 'who says nothing loses nothing')
  assert.is(sumOf(report, ({ alive }) => alive) + lost, CLIENTS)
  assert.is(seen.length, CLIENTS - lost)
  for (const { from, via } of seen) {
    assert.match(from, new RegExp(`^${client.address}:`))
    assert.match(via ?? '', new RegExp(`^${client.address}:`), 'it is known who they are')
    assert.is.not(from, via)
  }
}
