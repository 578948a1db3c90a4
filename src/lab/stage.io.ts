/**
 * Where the demo happens: on hosts of their own, network namespaces with a switch between them, where this user can have
 * such; else on loopback addresses of this host.
 */
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Endpoint } from '../base/address.js'
import { BatonError, errnoOf, messageOf } from '../base/errors.js'
import type { Child } from './child.io.js'
import { Clients } from './clients.io.js'
import { LocalCluster } from './cluster.io.js'
import { DemoFolder } from './demo-folder.io.js'
import { writeHosts } from './demo-hosts.io.js'
import { HostClients } from './host-clients.io.js'
import { HostTalkers } from './host-talkers.io.js'
import { Lan } from './hosts.io.js'
import type { Measure } from './measure.js'
import { findBusy, helloProgram } from './programs.io.js'
import { REDIS_PORT, RedisSession } from './redis-session.io.js'
import { until } from './wait.io.js'

const HELLO = fileURLToPath(new URL('../../dist/lab/apps/hello.io.js', import.meta.url))
const ECHO = fileURLToPath(new URL('../../dist/lab/apps/echo.io.js', import.meta.url))
const NODES = ['node1', 'node2', 'node3'] as const
const CLIENT = 'client'
const PORT = 8_080
const KEPT_PORT = 7_777
const TALK_EVERY_MS = 20
const TUN = '/dev/net/tun'

export interface Stage {
  /** One sentence for the log: where it is, and why not elsewhere. */
  readonly words: string
  readonly service: Endpoint
  /** Where `baton` finds the nodes; for each a way to walk in, on hosts of their own. */
  readonly visit: (cluster: LocalCluster) => readonly string[]
  startCluster(state: string | undefined): Promise<LocalCluster>
  startProgram(name: string, cluster: LocalCluster): Child
  startClients(measure: Measure, count: number, pauseMs: number): { stop(): Promise<void> }
  /** Clients that keep their connections, to a service of their own; missing where connections cannot outlive a director. */
  readonly keepers?: Keepers
  remove(): Promise<void>
}

export interface Keepers {
  /** Their service, and its program on each node. */
  add(cluster: LocalCluster): Promise<void>
  start(count: number): HostTalkers
  /** A program that everybody knows, counting over one connection; `undefined` where it is not installed. */
  count(): RedisSession | undefined
}

/** `where`: `hosts` and `loopback` refuse to be anywhere else. */
export async function openStage(where: 'auto' | 'hosts' | 'loopback'): Promise<Stage> {
  if (where === 'loopback') return loopbackStage('on loopback addresses of this host, as was asked for')
  try {
    return await hostsStage()
  } catch (error) {
    const why = messageOf(error).split('\n')[0] ?? ''
    if (where === 'hosts') {
      const hint =
        'as root, or where user namespaces are allowed; iproute2 and util-linux are needed. Or: --on loopback'
      throw new BatonError('ERR_LAB', `no hosts of their own can be made: ${why}`, { hint })
    }
    return loopbackStage(`on loopback addresses of this host, as no hosts of their own can be made: ${why}`)
  }
}

async function hostsStage(): Promise<Stage> {
  refuseWithoutTun()
  const folder = DemoFolder.make()
  const plans = [...NODES, CLIENT].map((name, i) => ({ name, number: i + 1 }))
  const lan = await Lan.make(plans, folder.path).catch((error: unknown) => {
    folder.remove()
    throw error
  })
  const service = { address: '10.77.0.100', port: PORT }
  return {
    words: 'on hosts of their own: network namespaces on one switch, and one more for the clients',
    service,
    visit: () => [
      `npx baton demo --shell ${CLIENT}      then: curl http://${service.address}:${service.port}/`,
      `npx baton demo --shell ${NODES[0]}       then: baton status`,
    ],
    startCluster: async (state) => {
      const cluster = await LocalCluster.start({
        addresses: NODES.map((name) => lan.named(name).address),
        names: NODES,
        untold: true,
        folder: state ?? path.join(folder.path, 'state'),
        start: (name, command, output) => lan.named(name).start('baton', command, output),
      })
      writeHosts(
        folder.path,
        lan.hosts.map(({ name, address, namespace }) => {
          return { name, address, enter: namespace.enter, state: cluster.nodes.find((one) => one.name === name)?.state }
        }),
      )
      return cluster
    },
    startProgram: (name) => {
      const host = lan.named(name)
      return host.start('hello', [process.execPath, HELLO, name, host.address, String(PORT), 'proxy'])
    },
    startClients: (measure, count, pauseMs) => new HostClients(lan.named(CLIENT), service, measure, count, pauseMs),
    keepers: {
      add: async (cluster) => {
        for (const name of NODES) {
          lan.named(name).start('echo', [process.execPath, ECHO, lan.named(name).address, String(KEPT_PORT)])
        }
        const [first] = cluster.nodes
        if (first === undefined) return
        const words = ['--address', service.address, '--ports', String(KEPT_PORT), '--local', 'last']
        await cluster.baton(first, 'service', 'add', 'echo', ...words)
        if (RedisSession.isThere) {
          for (const name of NODES) RedisSession.startServer(lan.named(name), folder.path)
          const at = ['--address', service.address, '--ports', String(REDIS_PORT), '--local', 'last']
          await cluster.baton(first, 'service', 'add', 'redis', ...at)
          const found = async () => (await first.client.service('redis')).backends.length === NODES.length || undefined
          await until(found, 5_000, 'the Redis servers are found')
        }
        const others = async () => (await first.client.service('echo')).backends.length === NODES.length || undefined
        await until(others, 5_000, 'the programs of the second service are found')
      },
      start: (count) => {
        const to = { address: service.address, port: KEPT_PORT }
        return new HostTalkers(lan.named(CLIENT), to, count, TALK_EVERY_MS)
      },
      count: () => (RedisSession.isThere ? RedisSession.start(lan.named(CLIENT), service.address) : undefined),
    },
    remove: async () => {
      await lan.remove()
      folder.remove()
    },
  }
}

/** Addresses of services are on such a device. */
function refuseWithoutTun(): void {
  try {
    accessSync(TUN, constants.R_OK | constants.W_OK)
  } catch (error) {
    throw new BatonError('ERR_LAB', `${TUN} may not be opened by this user (${errnoOf(error)})`)
  }
}

async function loopbackStage(words: string): Promise<Stage> {
  const addresses = NODES.map((_, i) => `127.0.0.${11 + i}`)
  const service = { address: '127.0.0.100', port: PORT }
  const wanted = addresses.flatMap((address) => [7440, 7441, PORT].map((port) => ({ address, port })))
  const busy = await findBusy([...wanted, service])
  if (busy !== undefined) {
    const hint = 'stop what listens there (`ss -ltnp` shows it; another demo?), then start the demo again'
    const message = `the demo needs ${busy.address}:${busy.port}, which is in use (${busy.code})`
    throw new BatonError('ERR_PORT_IN_USE', message, { hint })
  }
  const folder = DemoFolder.make()
  return {
    words,
    service,
    visit: (cluster) => [
      `curl http://${service.address}:${service.port}/`,
      ...['status', 'why web', 'splices'].map((command) => {
        return `npx baton ${command} --state ${cluster.live()[0]?.state}`
      }),
    ],
    startCluster: (state) => {
      return LocalCluster.start({ addresses, names: NODES, folder: state ?? path.join(folder.path, 'state') })
    },
    startProgram: (name, cluster) => {
      return helloProgram(name, { address: cluster.named(name).address, port: PORT }, cluster.folder)
    },
    startClients: (measure, count, pauseMs) => {
      const clients = new Clients(service, (outcome) => measure.add(outcome))
      clients.start(count, pauseMs)
      return clients
    },
    remove: async () => folder.remove(),
  }
}
