/** Baton as a user runs it: `init`, `up` and `service add` of a built tree, on one node or on two. */
import { existsSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'

import { type Addresses, type Peer, PORTS, type RunningPeer } from '../peer.js'
import { accepts, type Child, until, type Workshop } from '../workshop.io.js'

export interface Variant {
  readonly name: string
  readonly what: string
  readonly hops: 1 | 2
  /** Further arguments of `baton up` on every node. */
  readonly up: readonly string[]
  /** The director brings the service's address itself, and its connections would outlive it. */
  readonly isSurvivable?: boolean
}

/** Of what `baton status --json` tells, what is looked at here. */
interface Status {
  readonly survival?: { readonly directed: number; readonly survivable: number }
  readonly services: readonly {
    readonly serving: string
    readonly director?: { readonly name: string }
    readonly backends: readonly { readonly node: { readonly name: string }; readonly port: number }[]
  }[]
}

/** Why what would be measured is not what is meant: a connection that would outlive its director. */
async function mortality(service: string, status: () => Promise<Status | undefined>): Promise<string | undefined> {
  const socket = net.connect({ host: service, port: PORTS.http })
  socket.on('error', () => {})
  const survives = async () => (((await status())?.survival?.survivable ?? 0) > 0 ? true : undefined)
  try {
    await until('a connection that would outlive its director', 5_000, survives)
    return undefined
  } catch {
    return 'no connection would outlive its director'
  } finally {
    socket.destroy()
  }
}

export function batonPeer(variant: Variant, tree: string): Peer {
  const program = path.join(tree, 'bin/baton.js')
  return {
    ...variant,
    missing: () => {
      if (!existsSync(path.join(tree, 'dist/cli/main.js'))) return 'npm run build'
      const mayOwn = variant.isSurvivable !== true || process.getuid?.() === 0
      return mayOwn ? undefined : 'run as root: it brings an address of its own to this host'
    },
    start: (shop, at) => startBaton(shop, at, variant, program),
    ...(variant.isSurvivable === true && { ownAddress: true }),
  }
}

async function startBaton(shop: Workshop, at: Addresses, variant: Variant, program: string): Promise<RunningPeer> {
  const names = variant.hops === 1 ? ['director'] : ['director', 'backend']
  const folder = shop.fresh(variant.name)
  const state = (name: string) => path.join(folder, name)
  const baton = (...args: string[]) => [process.execPath, program, ...args]
  const nodes: Child[] = []
  for (const name of names) {
    const isFirst = name === 'director'
    const key = isFirst ? [] : ['--key-file', path.join(state('director'), 'cluster.key')]
    await shop.must(baton('init', '--state', state(name), '--name', name, ...key))
    const place = isFirst
      ? ['--bind', at.edge, '--priority', '200']
      : ['--bind', at.program, '--seed', `${at.edge}:7440`]
    nodes.push(shop.start(`${variant.name}-${name}`, baton('up', '--state', state(name), ...place, ...variant.up)))
  }
  const status = async () => {
    const { code, stdout } = await shop.run(baton('status', '--json', '--state', state('director')))
    return code === 0 ? (JSON.parse(stdout) as Status & { readonly members: readonly { state: string }[] }) : undefined
  }
  await until(`${variant.name}: ${names.length} nodes`, 30_000, async () => {
    const members = (await status())?.members ?? []
    return members.filter((member) => member.state === 'alive').length === names.length ? true : undefined
  })
  const ports = Object.values(PORTS)
  const service = ['--address', at.service, '--ports', ports.join(','), '--proxy-protocol', 'off', '--force']
  await shop.must(baton('service', 'add', 'bench', '--state', state('director'), ...service))

  const problem = async () => {
    const found = (await status())?.services[0]
    const last = names.at(-1)
    if (found?.serving !== 'yes' || found.director?.name !== 'director') return 'the first node does not direct'
    for (const port of ports) {
      const where = found.backends.filter((backend) => backend.port === port).map(({ node }) => node.name)
      if (where.length !== 1 || where[0] !== last) return `port ${port} is served by ${where.join(', ') || 'nobody'}`
    }
    return variant.isSurvivable === true ? await mortality(at.service, status) : undefined
  }
  await until(`${variant.name} to serve`, 30_000, async () =>
    (await problem()) === undefined && (await accepts(at.service, PORTS.http)) ? true : undefined,
  )
  return {
    processes: nodes.map(({ pid }, index) => ({ role: names[index] ?? '', pid })),
    check: async () => {
      const found = await problem()
      if (found !== undefined) throw new Error(`${variant.name}: ${found}`)
    },
    stop: async () => {
      for (const node of nodes.reverse()) await node.end()
    },
  }
}
