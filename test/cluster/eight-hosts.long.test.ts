/** Eight hosts, each with a node that was told nothing and the programs that it has always had; one address for all of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { type Host, Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('cluster/eight-hosts, long', 180_000)
const PROGRAMS = ['nginx', 'redis-server', 'redis-cli', 'sshd', 'ssh-keygen', 'ssh-keyscan', 'curl']
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', ...PROGRAMS], root: true }
const [ADDRESS, ADDRESS6] = ['10.77.9.9', 'fd77::9:9']
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

async function startPrograms(host: Host, folder: string): Promise<void> {
  mkdirSync(folder)
  const nginx = path.join(folder, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/t;`)
  writeFileSync(
    nginx,
    `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log; events {}
     http { access_log off; ${temporary.join(' ')} server { listen 80; listen [::]:80; return 200 "nginx of ${host.name}\\n"; } }`,
  )
  host.start('nginx', ['nginx', '-c', nginx])
  const redis = ['--port', '6379', '--bind', '*', '--protected-mode', 'no', '--save', '', '--dir', folder]
  host.start('redis', ['redis-server', ...redis])
  const key = path.join(folder, 'key')
  await host.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key)
  mkdirSync('/run/sshd', { recursive: true })
  host.start('sshd', ['/usr/sbin/sshd', '-D', '-e', '-f', '/dev/null', '-h', key, '-o', `PidFile=${folder}/sshd.pid`])
}

test(
  'one command gives eight hosts an address; clients reach every program by it, and a program that stops or starts is noticed',
  async (scope) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-eight-'))
    const lan = await Lan.make(
      [...NAMES, 'client'].map((name, i) => ({ name, number: i + 1 })),
      folder,
    )
    scope.defer(async () => {
      await lan.remove()
      rmSync(folder, { recursive: true, force: true })
    })
    await Promise.all(NAMES.map((name) => startPrograms(lan.named(name), path.join(folder, `programs-${name}`))))
    const cluster = await LocalCluster.start({
      addresses: NAMES.map((name) => lan.named(name).address),
      names: NAMES,
      untold: true,
      folder: path.join(folder, 'state'),
      start: (name, command, output) => lan.named(name).start('baton', command, output),
    })
    await cluster.settled(60_000)
    const [first] = cluster.nodes
    if (first === undefined) throw new Error('no node')
    for (const [name, address] of [
      ['all', ADDRESS],
      ['all6', ADDRESS6],
    ] as const) {
      await cluster.baton(first, 'service', 'add', name, '--address', address, '--ports', 'any', '--local', 'equal')
      await cluster.serving(name)
    }
    const client = lan.named('client')
    const curl = (address: string) => client.run('curl', '-sS', '--max-time', '2', `http://${address}/`)
    for (const address of [ADDRESS, `[${ADDRESS6}]`]) {
      const seen = new Set<string>()
      for (let i = 0; i < 24; i++) seen.add(/nginx of (\w)/.exec(await curl(address))?.[1] ?? 'nobody')
      assert.equal([...seen].sort(), NAMES, address)
    }
    for (const address of [ADDRESS, ADDRESS6]) {
      assert.match(await client.run('redis-cli', '-h', address, 'ping'), 'PONG')
      assert.match(await client.run('ssh-keyscan', '-t', 'ed25519', address), 'ssh-ed25519')
    }
    const refused = await client
      .run('curl', '-sS', `http://${ADDRESS}:81/`)
      .catch((error: { code?: number }) => error.code)
    assert.is(refused, 7, 'refused at once')

    // Every host but one loses its nginx: 200 ms later all connections go to that one.
    const stopping = lan.hosts.filter(({ name }) => name !== 'h' && name !== 'client')
    for (const host of stopping)
      await host.run('sh', '-c', `kill -QUIT $(cat ${folder}/programs-${host.name}/nginx.pid)`)
    await new Promise((resolve) => setTimeout(resolve, 200))
    for (let i = 0; i < 16; i++) assert.match(await curl(ADDRESS), 'nginx of h')
    // One comes back: it gets connections within a second.
    const back = lan.named('b')
    back.start('nginx', ['nginx', '-c', path.join(folder, 'programs-b', 'nginx.conf')])
    await until(
      async () => ((await curl(ADDRESS)).includes('nginx of b') ? true : undefined),
      1_000,
      'the program that has started is served',
      20,
    )
  },
  NEEDS,
)

test.run()
