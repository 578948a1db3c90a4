/** A node as the unit of `baton install` runs it: an ordinary user with four capabilities and no more. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemdUnit } from '../../src/cli/systemd-unit.js'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('cluster/minimum-rights', 60_000)
const NEEDS = { needs: ['ip', 'unshare', 'nsenter', 'setpriv', 'mount', 'mknod', 'chown', 'curl'], root: true }
const HELLO = fileURLToPath(new URL('../../dist/lab/apps/hello.io.js', import.meta.url))
const NOBODY = '65534'
const ADDRESS = '10.77.9.9'

/** What stands before the command: the rights of the unit, and a /dev/net/tun as systems have it. */
function asUser(): string[] {
  const unit = systemdUnit({ command: ['baton'], reload: ['baton', 'reload'], user: 'baton' })
  const rights = /^AmbientCapabilities=(.*)$/m.exec(unit)?.[1] ?? ''
  const names = rights.split(' ').map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)
  const caps = ['-all', ...names].join(',')
  const who = ['--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', '--no-new-privs']
  const setpriv = ['setpriv', ...who, '--bounding-set', caps, '--inh-caps', caps, '--ambient-caps', caps]
  const tun = 'mount -t tmpfs none /mnt; mknod -m 666 /mnt/tun c 10 200; mount --bind /mnt/tun /dev/net/tun; exec "$@"'
  return ['unshare', '--mount', 'sh', '-ec', tun, 'sh', ...setpriv]
}

test(
  'with the rights of the unit and no others a node owns its address, on ports below 1024 beside a program there, and keeps its lease in the kernel',
  async (scope) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-rights-'))
    const lan = await Lan.make(
      [
        { name: 'a', number: 1 },
        { name: 'client', number: 2 },
      ],
      folder,
    )
    scope.defer(async () => {
      await lan.remove()
      rmSync(folder, { recursive: true, force: true })
    })
    const [host, client] = [lan.named('a'), lan.named('client')]
    const cluster = await LocalCluster.start({
      addresses: [host.address],
      names: ['a'],
      folder: path.join(folder, 'state'),
      untold: true,
      start: (_name, command, output) => {
        // Root has made the state folder.
        const give = `chown -R ${NOBODY}:${NOBODY} "$0"; chmod 755 "$(dirname "$0")"; exec "$@"`
        return host.start('baton', ['sh', '-ec', give, path.join(folder, 'state'), ...asUser(), ...command], output)
      },
    })
    const [node] = cluster.nodes
    if (node === undefined) throw new Error('no node')
    host.start('hello', [process.execPath, HELLO, 'a', '0.0.0.0', '80'])
    await cluster.baton(node, 'service', 'add', 'web', '--address', ADDRESS, '--ports', '80')
    await cluster.serving('web')
    const get = () => client.run('curl', '-sS', '--max-time', '1', `http://${ADDRESS}/`).catch(() => undefined)
    assert.match(await until(get, 10_000, 'a client is served'), 'hello from a')
    const log = cluster.log(node)
    assert.match(log, /"event":"addresses".*"device":"baton0","anyPort":"sk_lookup","leaseGate":"(tcx|clsact)"/)
    assert.not(log.includes('"level":"error"'), log)
  },
  NEEDS,
)

test.run()
