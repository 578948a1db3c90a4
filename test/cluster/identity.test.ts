/** Who the client is, on hosts of their own: a proxy in front whose connections outlive a director, and programs that know no PROXY. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Host } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { CLIENTS, fareByProxy, folderFor, NEEDS } from './identity-site.js'
import { ADDRESS, losses, SurvivalSite } from './survival.js'

const test = suite('cluster/identity', 90_000)
const WEB = '10.77.9.8'
const WEB6 = 'fd77::9:8'
const WEB_PORT = 8_080

test.long(
  'HAProxy in front with version 2: connections outlive the director',
  (scope) => fareByProxy(scope, (site, node) => site.cluster.kill(node), { lostMax: CLIENTS / 10, moves: true }),
  { needs: [...NEEDS, 'haproxy'], root: true },
)

/** On each of the nodes' hosts, as somebody set it up who knows nothing of a director. */
async function startWeb(site: SurvivalSite, folder: string): Promise<void> {
  for (const { name } of site.cluster.nodes) {
    const home = mkdtempSync(path.join(folder, `${name}-`))
    const file = path.join(home, 'nginx.conf')
    const lines = [
      'daemon off; master_process off;',
      `pid ${home}/pid; error_log ${home}/error.log;`,
      'events { worker_connections 64; }',
      'http {',
      ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${home}/${kind};`),
      `  access_log ${home}/access.log;`,
      `  server { listen ${WEB_PORT}; listen [::]:${WEB_PORT};`,
      `    location / { return 200 "$remote_addr $remote_port ${name}\\n"; } }`,
      '}',
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    site.lan.named(name).start('nginx', ['nginx', '-p', home, '-e', `${home}/error.log`, '-c', file])
  }
  const [node] = site.cluster.nodes
  if (node === undefined) throw new Error('no node')
  for (const [name, address] of [
    ['web', WEB],
    ['web6', WEB6],
  ] as const) {
    const words = ['--address', address, '--ports', String(WEB_PORT), '--source', 'client', '--local', 'equal']
    await site.cluster.baton(node, 'service', 'add', name, ...words)
    await site.cluster.serving(name)
    await until(
      async () => ((await node.client.service(name)).backends.length === site.cluster.nodes.length ? true : undefined),
      5_000,
      'all hosts serve',
    )
  }
}

const rules = (host: Host) =>
  host.run('sh', '-c', 'ip rule show | grep 0xb7; ip -6 rule show | grep 0xb7; ip route show table 47728; true')

test(
  'a program that knows no PROXY sees the client’s own address, from whichever node, and directly as ever',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'last', '--source', 'client')
    const client = site.lan.named('client')
    await startWeb(site, folderFor(scope))
    for (const [at, own, firstPort] of [
      [WEB, client.address, 40_000],
      [`[${WEB6}]`, client.address6, 41_000],
    ] as const) {
      const seen: string[] = []
      for (let i = 0; i < 6; i++) {
        const local = String(firstPort + i)
        const answer = await client.run('curl', '-sS', '-m', '5', '--local-port', local, `http://${at}:${WEB_PORT}/`)
        const [address, port, name = ''] = answer.trim().split(' ')
        assert.equal([address, port], [own, local])
        seen.push(name)
      }
      assert.equal([...new Set(seen)].sort(), ['a', 'b', 'c'])
    }
    const direct = await client.run('curl', '-sS', '-m', '5', `http://${site.lan.named('a').address}:${WEB_PORT}/`)
    assert.match(direct, new RegExp(`^${client.address} \\d+ a$`, 'm'))

    // The client's socket is another's; the program's is not touched.
    const { node } = await site.director()
    const report = await site.fare(ADDRESS, CLIENTS, () => site.cluster.kill(node))
    const lost = Object.values(losses(report)).reduce((sum, count) => sum + count, 0)
    assert.ok(lost <= CLIENTS / 10, JSON.stringify(losses(report)))
    assert.is(report.silent.alive, CLIENTS / 2)

    // What a node that was killed has left is taken away by its next start, where nobody wants it any more.
    const host = site.lan.named(node.name)
    const other = site.cluster.live()[0]
    if (other === undefined) throw new Error('no node')
    assert.match(await rules(host), /fwmark 0xb7 lookup 47728[\s\S]*local default dev lo/)
    for (const name of ['echo', 'web', 'web6']) await site.cluster.baton(other, 'service', 'rm', name)
    site.cluster.up(node)
    await site.cluster.answers(node)
    await until(
      async () => ((await node.client.services()).length === 0 ? true : undefined),
      10_000,
      'it knows that they are gone',
    )
    assert.match(await rules(host), /0xb7/, 'connections may stand that need it')
    await site.cluster.kill(node)
    site.cluster.up(node)
    await site.cluster.answers(node)
    assert.is(await rules(host), '')
    await site.cluster.stop(other)
    assert.is(await rules(site.lan.named(other.name)), '', 'and by an orderly stop')
  },
  { needs: [...NEEDS, 'nginx', 'curl'], root: true },
)

test.run()
