/** Cables as they are between buildings: 30 ms each way, give or take ten, and one frame in a hundred lost. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('cluster/slow-links', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl'], root: true }
const HELLO = fileURLToPath(new URL('../../dist/lab/apps/hello.io.js', import.meta.url))
const RELAY = fileURLToPath(new URL('../lab/relay-main.ts', import.meta.url))
const NAMES = ['a', 'b', 'c']
const ADDRESS = '10.77.9.9'
const WATCH_MS = 20_000

test(
  'two of three hosts are far away: they meet, one directs and goes on directing, clients are served',
  async (scope) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-slow-'))
    const plans = [...NAMES, 'client'].map((name, i) => ({ name, number: i + 1 }))
    const lan = await Lan.make(plans, folder)
    scope.defer(async () => {
      await lan.remove()
      rmSync(folder, { recursive: true, force: true })
    })
    for (const [i, name] of ['b', 'c'].entries()) {
      const command = [process.execPath, '--import', 'tsx', RELAY, '30', '10', '0.01', String(i + 1)]
      await lan.addRelay(lan.named(name), command)
    }
    for (const name of NAMES) lan.named(name).start('hello', [process.execPath, HELLO, name, '0.0.0.0', '8080'])
    const connect = async () => {
      const url = `http://${lan.named('b').address}:8080/`
      const said = await lan
        .named('a')
        .run('curl', '-s', '-o', '/dev/null', '-w', '%{time_connect}', url)
        .catch(() => '0')
      return Number(said) > 0 ? Number(said) * 1_000 : undefined
    }
    const tripMs = await until(connect, 10_000, 'b is reached')
    assert.ok(tripMs > 40, `a round trip takes ${tripMs} ms`)

    const cluster = await LocalCluster.start({
      addresses: NAMES.map((name) => lan.named(name).address),
      names: NAMES,
      untold: true,
      folder: path.join(folder, 'state'),
      start: (name, command, output) => lan.named(name).start('baton', command, output),
    })
    await cluster.settled()
    const [first] = cluster.nodes
    if (first === undefined) throw new Error('no node')
    await cluster.baton(first, 'service', 'add', 'web', '--address', ADDRESS, '--ports', '8080')
    const { director, term } = await cluster.serving('web')
    const get = () => lan.named('client').run('curl', '-sS', '--max-time', '3', `http://${ADDRESS}:8080/`)
    await until(() => get().catch(() => undefined), 10_000, 'a client is served')
    const endAt = Date.now() + WATCH_MS
    let served = 0
    while (Date.now() < endAt) {
      assert.match(await get(), 'hello from')
      served++
    }
    assert.ok(served > 20, `${served} were served`)
    const after = await cluster.serving('web')
    assert.equal([after.director.name, after.term?.number], [director.name, term?.number], 'the same term')
    for (const node of cluster.nodes) {
      const states = (await node.client.status()).members.map(({ state }) => state)
      assert.equal(states, ['alive', 'alive', 'alive'])
    }
  },
  NEEDS,
)

test.run()
