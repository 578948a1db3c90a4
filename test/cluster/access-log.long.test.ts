/** Lines of the access log of connections that have seen an own restart, a kill of their director and a move. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { NEEDS } from './identity-site.js'
import { ADDRESS, PORT, SurvivalSite } from './survival.js'

const test = suite('cluster/access-log', 60_000)
const COUNT = 6

test(
  'one line a connection, from whoever directs at its end: how often it was moved and taken over, and what a proxy in front has named it',
  async (scope) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-access-'))
    scope.defer(() => rmSync(folder, { recursive: true, force: true }))
    const file = path.join(folder, 'access.log')
    // All nodes append to one file: each line says whose it is.
    const { site } = await SurvivalSite.buildMortal(
      scope,
      ADDRESS,
      ['--local', 'last', '--accept-proxy', '10.77.0.0/16'],
      ['--profile', 'fast', '--access-log', file],
    )
    const { cluster } = site
    await startFront(scope, site, folder)
    const holders = await site.hold(site.lan.named('client').address, COUNT)
    const first = await site.director()
    await cluster.replace(first.node)
    await cluster.kill(first.node)
    const second = await until(
      async () => (await site.director().catch(() => undefined)) ?? undefined,
      10_000,
      'another node directs',
    )
    const alive = async () => (await second.node.client.splices({ limit: 100 })).total
    await until(async () => ((await alive()) === COUNT ? true : undefined), 5_000, 'all live on')
    await cluster.baton(second.node, 'move', 'echo')
    const third = await site.director()
    assert.is.not(third.node.name, second.node.name)
    renameSync(file, `${file}.1`)
    await holders.stop()
    const lines = await until(
      () => {
        const told = linesOf(file)
        return told.length >= COUNT ? told : undefined
      },
      5_000,
      () => `${COUNT} lines in a file that was begun anew: ${JSON.stringify(linesOf(file))}`,
    )
    assert.is(lines.length, COUNT)
    for (const line of lines) {
      const { by, host, moves, takeovers, outcome, uniqueId, client, via, node, bytesUp } = line
      assert.equal({ by, host, moves, takeovers }, { by: 'director', host: third.node.name, moves: 1, takeovers: 1 })
      assert.match(String(uniqueId), /^front-/)
      assert.ok(
        ['ended', 'reset'].includes(String(outcome)) && client !== via && node !== undefined && Number(bytesUp) > 0,
      )
    }
    assert.is(new Set(lines.map(({ splice }) => splice)).size, COUNT)
    const metrics = await cluster.baton(third.node, 'metrics')
    assert.match(metrics.stdout, new RegExp(`^baton_access_log_lines_total ${COUNT}$`, 'm'))
  },
  { needs: [...NEEDS, 'haproxy'], root: true },
)

function linesOf(file: string): Record<string, unknown>[] {
  try {
    const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    return whole.map((line) => JSON.parse(line))
  } catch {
    return []
  }
}

async function startFront(_scope: Scope, site: SurvivalSite, folder: string): Promise<void> {
  const client = site.lan.named('client')
  const file = path.join(folder, 'haproxy.cfg')
  const config = `defaults
  mode tcp
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend main
  bind ${client.address}:${PORT}
  unique-id-format front-%rt
  default_backend baton
backend baton
  server baton ${ADDRESS}:${PORT} send-proxy-v2 proxy-v2-options unique-id
`
  writeFileSync(file, config)
  client.start('haproxy', ['haproxy', '-db', '-f', file])
  await until(
    async () => ((await client.run('ss', '-Htln', 'sport', '=', `:${PORT}`)) === '' ? undefined : true),
    5_000,
    'HAProxy listens',
  )
}

test.run()
