/** Connections of a cgroup's programs end at a door of this process, which knows where they were to go. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { type Endpoint, formatEndpoint } from '../../../src/base/address.js'
import { Origins, Steering } from '../../../src/kernel/bpf/steering.io.js'
import { cgroupRoot } from '../../../src/node/outward/cgroup-root.js'
import { assert, type Scope, suite } from '../../harness/suite.js'
import { permitted } from './permitted.js'

const test = suite('kernel/bpf/steering', 20_000)
const NEEDS = { needs: ['sh'], root: true }

/** Connects to each and says what came of it; `bound`: from an address of its own choice. */
const CLIENT = `
const net = require('node:net')
const [address, port, from] = process.argv.slice(1)
const socket = net.connect({ host: address, port: Number(port), ...(from && { localAddress: from }) })
const timer = setTimeout(() => { console.log('nobody'); process.exit() }, 300)
socket.on('error', (error) => { console.log(error.code); process.exit() })
socket.on('data', (bytes) => { console.log(String(bytes)); process.exit() })
`

class Site {
  readonly cgroup: string

  constructor(
    scope: Scope,
    readonly port: number,
  ) {
    const root = cgroupRoot(readFileSync('/proc/self/mountinfo', 'utf8')) ?? ''
    this.cgroup = path.join(root, `baton-test-${process.pid}-${port}`)
    mkdirSync(this.cgroup)
    scope.defer(() => rmdirSync(this.cgroup))
  }

  /** Says where each was to go. */
  static async open(scope: Scope, host: string): Promise<{ readonly site: Site; readonly maps: number[] }> {
    const maps: number[] = []
    const origins = new Origins()
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      const found = maps.map((map) => origins.take(map, socket.remotePort ?? 0)).find((one) => one !== undefined)
      socket.end(found === undefined ? 'by itself' : `to ${formatEndpoint(found)}`)
    })
    server.listen(0, host)
    await once(server, 'listening')
    scope.defer(() => void server.close())
    return { site: new Site(scope, (server.address() as AddressInfo).port), maps }
  }

  async ask({ address, port }: Endpoint, from = ''): Promise<string> {
    const command = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
    const args = ['-c', command, this.cgroup, process.execPath, '-e', CLIENT, address, String(port), from]
    const child = spawn('/bin/sh', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += String(chunk)
    })
    await once(child, 'close')
    return said.trim()
  }
}

test(
  'IPv4: led to the door, on sockets of both families; loopback stays, the other family is forbidden',
  async (scope) => {
    const { site, maps } = await Site.open(scope, '127.0.0.1')
    const steering = permitted(scope, Steering.open({ cgroup: site.cgroup, family: 4, port: site.port }))
    if (steering === undefined) return
    maps.push(steering.origins)
    const far = { address: '198.51.100.7', port: 443 }
    assert.is(await site.ask(far), 'to 198.51.100.7:443')
    assert.is(await site.ask({ ...far, address: '::ffff:198.51.100.8' }), 'to 198.51.100.8:443')
    assert.is(await site.ask({ address: '127.0.0.1', port: site.port }), 'by itself')
    assert.is(await site.ask({ address: '2001:db8::7', port: 443 }), 'EPERM')
    // Another process of the node: its own take the place of those.
    const next = permitted(scope, Steering.open({ cgroup: site.cgroup, family: 4, port: site.port }))
    maps.splice(0, 1, next?.origins ?? -1)
    assert.is(await site.ask(far), 'to 198.51.100.7:443')
  },
  NEEDS,
)

test(
  'IPv6: the same the other way round',
  async (scope) => {
    const { site, maps } = await Site.open(scope, '::1')
    const steering = permitted(scope, Steering.open({ cgroup: site.cgroup, family: 6, port: site.port }))
    if (steering === undefined) return
    maps.push(steering.origins)
    assert.is(await site.ask({ address: '2001:db8::7', port: 443 }), 'to [2001:db8::7]:443')
    assert.is(await site.ask({ address: '::1', port: site.port }), 'by itself')
    for (const address of ['198.51.100.7', '::ffff:198.51.100.7']) {
      assert.is(await site.ask({ address, port: 443 }), 'EPERM', address)
    }
  },
  NEEDS,
)

test(
  'programs stay with the cgroup when nobody holds them, and lead to nobody',
  async (scope) => {
    const { site } = await Site.open(scope, '127.0.0.1')
    const steering = Steering.open({ cgroup: site.cgroup, family: 4, port: 1 })
    if (permitted(scope, steering) === undefined || 'why' in steering) return
    steering.close()
    assert.is(await site.ask({ address: '198.51.100.7', port: 443 }), 'ECONNREFUSED')
  },
  NEEDS,
)

test(
  'only some: by port, by network, by a source that was not chosen; all others as ever, and all when it is closed',
  async (scope) => {
    const { site, maps } = await Site.open(scope, '127.0.0.1')
    const networks = [
      { net: { address: '198.51.100.0', prefix: 25 }, first: 1, last: 65_535 },
      { net: { address: '203.0.113.200', prefix: 32 }, first: 1, last: 65_535 },
      { net: { address: '2001:db8::', prefix: 33 }, first: 1, last: 65_535 },
      { net: undefined, first: 26, last: 26 },
    ]
    const only = {
      ports: [
        { first: 24, last: 26 },
        { first: 587, last: 587 },
      ],
      networks,
    }
    const steering = permitted(scope, Steering.open({ cgroup: site.cgroup, family: 4, port: site.port, only }))
    if (steering === undefined) return
    maps.push(steering.origins)
    const led = async (address: string, port: number, from?: string) =>
      (await site.ask({ address, port }, from)).startsWith('to ')
    assert.ok(await led('198.51.100.7', 25))
    assert.ok(await led('198.51.100.127', 587))
    assert.ok(await led('203.0.113.200', 24))
    assert.ok(await led('192.0.2.1', 26), 'any address at that port')
    assert.not(await led('198.51.100.128', 25), 'another network')
    assert.not(await led('203.0.113.201', 25))
    assert.not(await led('198.51.100.7', 27), 'another port')
    assert.not(await led('198.51.100.7', 586))
    assert.not(await led('2001:db8::7', 25), 'the other family')
    assert.not(await led('198.51.100.7', 25, '127.0.0.1'), 'it has chosen where it comes from')
    steering.close()
    assert.not(await led('198.51.100.7', 25))
  },
  NEEDS,
)

test(
  'IPv6 networks, by their first words and bits',
  async (scope) => {
    const { site, maps } = await Site.open(scope, '::1')
    const networks = [{ net: { address: '2001:db8:ffff::', prefix: 41 }, first: 1, last: 65_535 }]
    const only = { ports: [{ first: 25, last: 25 }], networks }
    const steering = permitted(scope, Steering.open({ cgroup: site.cgroup, family: 6, port: site.port, only }))
    if (steering === undefined) return
    maps.push(steering.origins)
    const ask = (address: string) => site.ask({ address, port: 25 })
    assert.not((await ask('2001:db8:ff00::7')).startsWith('to '), 'of another bit')
    assert.is(await ask('2001:db8:ff80::7'), 'to [2001:db8:ff80::7]:25')
    assert.is(await ask('2001:db8:ffff::7'), 'to [2001:db8:ffff::7]:25')
  },
  NEEDS,
)

test('no destination of the family: it says so', (scope) => {
  const only = { ports: [{ first: 25, last: 25 }], networks: [] }
  const opened = Steering.open({ cgroup: '/', family: 4, port: 1, only })
  if (!('why' in opened)) scope.defer(() => opened.close())
  assert.ok('why' in opened)
})

test.run()
