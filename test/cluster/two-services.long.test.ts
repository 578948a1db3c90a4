/** Two hosts direct a service each, by IPv4 and IPv6, and each takes over the other's; a third only votes. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { type Host, Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('cluster/two-services', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl'], root: true }
const HELLO = fileURLToPath(new URL('../../dist/lab/apps/hello.io.js', import.meta.url))
const [DIRECTORS, WITNESS] = [['a', 'b'], 'w']
/** Who directs an address is a draw of hashes: with so many it is not the same host for all. */
const ADDRESSES_MAX = 16

function startHello(host: Host): void {
  host.start('hello', [process.execPath, HELLO, host.name, '0.0.0.0', '8080'])
  host.start('hello6', [process.execPath, HELLO, host.name, '::1', '8080'])
}

test(
  'each of two hosts takes over what the other directs, and gets its own again when that one dies',
  async (scope) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-two-'))
    const names = [...DIRECTORS, WITNESS]
    const lan = await Lan.make(
      [...names, 'client'].map((name, i) => ({ name, number: i + 1 })),
      folder,
    )
    scope.defer(async () => {
      await lan.remove()
      rmSync(folder, { recursive: true, force: true })
    })
    const cluster = await LocalCluster.start({
      addresses: names.map((name) => lan.named(name).address),
      names,
      witnesses: [WITNESS],
      untold: true,
      folder: path.join(folder, 'state'),
      start: (name, command, output) => lan.named(name).start('baton', command, output),
    })
    await cluster.settled()
    for (const name of DIRECTORS) startHello(lan.named(name))
    const [a, b] = [cluster.named('a'), cluster.named('b')]

    const addressOf = new Map<string, string>()
    const directorOf = async (service: string) => (await cluster.serving(service)).director.name
    const add = async (family: 4 | 6): Promise<void> => {
      const found = new Set<string>()
      for (let i = 1; i <= ADDRESSES_MAX && found.size < 2; i++) {
        const [name, address] = [`s${family}-${i}`, family === 4 ? `10.77.9.${i}` : `fd77::9:${i}`]
        await cluster.baton(cluster.live()[0] ?? a, 'service', 'add', name, '--address', address, '--ports', '8080')
        addressOf.set(name, address)
        found.add(await directorOf(name))
      }
      assert.equal([...found].sort(), DIRECTORS, 'both direct something')
    }
    await add(4)
    await add(6)

    const answersAt = async (address: string) => {
      const host = address.includes(':') ? `[${address}]` : address
      const get = () => {
        return lan
          .named('client')
          .run('curl', '-sS', '--max-time', '1', `http://${host}:8080/`)
          .catch(() => undefined)
      }
      return until(get, 8_000, `a client is served at ${address}`)
    }
    const allBy = async (director: string) => {
      for (const [service, address] of addressOf) {
        assert.match(await answersAt(address), 'hello from')
        await until(
          async () => ((await directorOf(service)) === director ? true : undefined),
          5_000,
          `${director} directs ${service}`,
        )
      }
    }
    await cluster.kill(a)
    await allBy('b')
    cluster.up(a)
    await cluster.answers(a)
    await cluster.settled()
    await cluster.kill(b)
    await allBy('a')
  },
  NEEDS,
)

test.run()
