/** PostgreSQL on a folder that all nodes share, which one node at a time runs, with a hook as an administrator would write it. */
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { until } from '../../src/lab/wait.io.js'
import { programPath } from '../harness/programs.js'
import { assert, type Scope } from '../harness/suite.js'
import { tempDir } from '../peers/temp-dir.js'
import { type Fixture, startCluster } from './fixture.js'

const run = promisify(execFile)
export const PORT = 5_434
/** It refuses to be root's: nobody (Debian Policy 9.2.2). */
const [UID, GID] = [65_534, 65_534]
const AS_NOBODY = ['setpriv', `--reuid=${UID}`, `--regid=${GID}`, '--clear-groups']
const ASK_MS_MAX = 5_000

export class PostgresSite {
  private constructor(
    readonly fixture: Fixture,
    private readonly folder: string,
  ) {}

  static async build(scope: Scope, ...settings: readonly string[]): Promise<PostgresSite> {
    const folder = await tempDir(scope, 'postgres')
    chmodSync(folder, 0o755)
    const data = path.join(folder, 'data')
    await run('install', ['-d', '-m', '700', '-o', String(UID), '-g', String(GID), data, path.join(folder, 'logs')])
    const made = ['--auth', 'trust', '--username', 'baton', '--encoding', 'UTF8', '--no-locale', data]
    await run('setpriv', [...AS_NOBODY.slice(1), programPath('initdb'), ...made])
    writeFileSync(path.join(data, 'pg_hba.conf'), 'host all all all trust\n')
    const hook = path.join(folder, 'hook')
    writeFileSync(hook, hookText(folder))
    chmodSync(hook, 0o755)
    const fixture = await startCluster(scope)
    const site = new PostgresSite(fixture, folder)
    scope.defer(() => site.#stop())
    const [node] = fixture.cluster.live()
    if (node === undefined) throw new Error('no node')
    const at = ['--address', fixture.serviceAddress, '--ports', `${PORT}`]
    const limits = ['--start-timeout', '20s', '--stop-timeout', '5s', '--hold', '1s']
    const program = ['--mode', 'single', '--program', hook, ...limits]
    await fixture.cluster.baton(node, 'service', 'add', 'postgres', ...at, ...program, ...settings)
    await site.active()
    return site
  }

  /** Waits until every live node says so of one and the same node. */
  active(not = ''): Promise<string> {
    return until(
      async () => {
        const views = await Promise.all(
          this.fixture.cluster.live().map(({ client }) => client.service('postgres').catch(() => undefined)),
        )
        const names = new Set(views.map((view) => (view?.hosting?.state === 'active' ? view.hosting.node?.name : '')))
        const [name = ''] = names
        return names.size === 1 && name !== '' && name !== not ? name : undefined
      },
      60_000,
      () => `PostgreSQL is active elsewhere than on '${not}'; ${this.logs.slice(-2_000)}`,
      20,
    )
  }

  /** `undefined`: nobody answers, or it did not go well. */
  async ask(sql: string): Promise<string | undefined> {
    const to = ['-h', this.fixture.serviceAddress, '-p', String(PORT), '-U', 'baton', '-d', 'postgres']
    const options = { timeout: ASK_MS_MAX, env: { ...process.env, PGCONNECT_TIMEOUT: '2' } }
    const asked = run('psql', ['-X', '-A', '-t', '-q', ...to, '-c', sql], options)
    return asked.then(({ stdout }) => stdout.trim()).catch(() => undefined)
  }

  /** Of its postmaster, as it says itself; `undefined`: none runs. */
  get pid(): number | undefined {
    const file = path.join(this.folder, 'data', 'postmaster.pid')
    return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined
  }

  get logs(): string {
    const folder = path.join(this.folder, 'logs')
    return readdirSync(folder)
      .map((file) => readFileSync(path.join(folder, file), 'utf8'))
      .join('\n')
  }

  /** It has locks of its own against a second one on its folder, and says so when it meets them. */
  assertNeverTwo(): void {
    assert.not.match(this.logs, /another postmaster|lock file .* already exists|pre-existing shared memory block/)
  }

  async #stop(): Promise<void> {
    const { cluster } = this.fixture
    await Promise.all(cluster.nodes.map((node) => cluster.stop(node)))
    await run(path.join(this.folder, 'hook'), ['stop', 'postgres'], { env: { ...process.env, BATON_NODE: 'test' } })
  }
}

function hookText(folder: string): string {
  const [control, ready] = [programPath('pg_ctl'), programPath('pg_isready')]
  return `#!/bin/sh
as="${AS_NOBODY.join(' ')}"
data="${folder}/data"
case $1 in
start)
  exec $as ${control} start -s -w -t 15 -D "$data" -l "${folder}/logs/$BATON_NODE" \\
    -o "-p ${PORT} -c listen_addresses=$BATON_ADDRESS -c unix_socket_directories= -c shared_buffers=16MB -c autovacuum=off";;
stop)
  $as ${control} status -s -D "$data" >/dev/null || exit 0
  exec $as ${control} stop -s -w -t 4 -m fast -D "$data";;
check)
  exec ${ready} -q -h "$BATON_ADDRESS" -p ${PORT};;
esac
exit 64
`
}
