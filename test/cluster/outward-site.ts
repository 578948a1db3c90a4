/** Three nodes whose programs connect to a host of nobody's, as the service: there a server says from where it was called, and echoes, on two ports. */
import { chmodSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LabNode, LocalCluster } from '../../src/lab/cluster.io.js'
import { type Host, Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { Scope } from '../harness/suite.js'
import { Deaths } from './deaths.js'
import { Conversation } from './programs/conversation.js'
import { PROFILE } from './survival.js'

export const ADDRESS = '10.77.9.9'
export const ADDRESS6 = 'fd77::909'
export const DOOR = 1_080
export const FAR_PORT = 4_444
/** There a web server says by whom it was called. */
export const WEB_PORT = 8_080
const NAMES = ['a', 'b', 'c']
const SERVICE = 'out'

const BATON = fileURLToPath(new URL('../../bin/baton.js', import.meta.url))

const FAR = `
const serve = (socket) => {
  socket.on('error', () => socket.destroy())
  socket.write('called by ' + caller(socket) + ' ' + socket.remotePort + '\\n')
  socket.pipe(socket)
}
const caller = ({ remoteAddress }) => remoteAddress.replace(/^::ffff:/, '')
require('node:http').createServer((request, response) => {
  response.setHeader('Connection', 'close')
  response.end('as ' + caller(request.socket) + '\\n')
}).listen(${WEB_PORT}, '::')
for (const port of [${FAR_PORT}, ${FAR_PORT + 1}]) {
  require('node:net').createServer({ allowHalfOpen: true, noDelay: true }, serve).listen(port, '::')
}
`

export interface OutwardPlan {
  /** Settings of the service beside its door and where that leads. */
  readonly more?: readonly string[]
  readonly upArguments?: readonly string[]
  readonly family?: 4 | 6
  /** Before a node begins on it. */
  readonly prepare?: (host: Host) => Promise<unknown>
}

export class OutwardSite {
  private constructor(
    readonly lan: Lan,
    readonly cluster: LocalCluster,
    readonly folder: string,
    /** Has lanes die. */
    readonly deaths: Deaths,
    readonly family: 4 | 6,
  ) {}

  static build(scope: Scope, ...more: string[]): Promise<OutwardSite> {
    return OutwardSite.planned(scope, { more })
  }

  static async planned(scope: Scope, plan: OutwardPlan): Promise<OutwardSite> {
    const { more = [], upArguments = [], family = 4, prepare } = plan
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-outward-'))
    // Programs that refuse to be root's have folders in it.
    chmodSync(folder, 0o711)
    const deaths = new Deaths(folder)
    const cgroups: string[] = []
    scope.defer(() => removeCgroups(cgroups))
    const lan = await Lan.make(
      [...NAMES, 'far'].map((name, i) => ({ name, number: i + 1 })),
      folder,
    )
    scope.defer(async () => {
      await lan.remove()
      rmSync(folder, { recursive: true, force: true })
    })
    if (prepare !== undefined) await Promise.all(NAMES.map((name) => prepare(lan.named(name))))
    const cluster = await LocalCluster.start({
      addresses: NAMES.map((name) => lan.named(name).address),
      names: NAMES,
      untold: true,
      upArguments: upArguments.includes('--profile') ? upArguments : ['--profile', PROFILE, ...upArguments],
      folder: path.join(folder, 'state'),
      start: (name, [program, ...args], output) => {
        return lan.named(name).start('baton', [program, ...deaths.nodeArguments, ...args], output)
      },
    })
    await cluster.settled()
    const script = path.join(folder, 'far.cjs')
    writeFileSync(script, FAR)
    lan.named('far').start('far', [process.execPath, script])
    const site = new OutwardSite(lan, cluster, folder, deaths, family)
    const [first] = cluster.nodes as [LabNode]
    const outward = ['--outward', String(DOOR), '--outward-to', family === 4 ? '10.77.0.0/16' : 'fd77::/64']
    const own = ['--address', site.address, '--ports', '7777']
    await cluster.baton(first, 'service', 'add', SERVICE, ...own, ...outward, ...more)
    await cluster.serving(SERVICE)
    for (const node of cluster.nodes) cgroups.push(await site.cgroupOf(node))
    return site
  }

  /** Of the service. */
  get address(): string {
    return this.family === 4 ? ADDRESS : ADDRESS6
  }

  get far(): Host {
    return this.lan.named('far')
  }

  async director(): Promise<LabNode> {
    return this.cluster.named((await this.cluster.serving(SERVICE)).director.name)
  }

  /** A node that does not direct. */
  async other(): Promise<{ readonly node: LabNode; readonly host: Host }> {
    const director = await this.director()
    const node = this.cluster.nodes.find((one) => one !== director)
    if (node === undefined) throw new Error('no other node')
    return { node, host: this.lan.named(node.name) }
  }

  /** Of programs that are run as the service; as soon as it is there. */
  cgroupOf(node: LabNode): Promise<string> {
    return until(
      async () => {
        const { outward } = await node.client.service(SERVICE)
        if (outward !== undefined && !['', 'not yet'].includes(outward.whyNot)) throw new Error(outward.whyNot)
        return outward?.whyNot === '' ? outward.cgroup : undefined
      },
      5_000,
      `${node.name} leads connections`,
    )
  }

  /** Of the far host, as a URL has it; and of the door of every node. */
  get hosts(): { readonly far: string; readonly loopback: string } {
    const { address, address6 } = this.far
    return this.family === 4 ? { far: address, loopback: '127.0.0.1' } : { far: `[${address6}]`, loopback: '[::1]' }
  }

  /** Asks the web server again and again, each time over a connection of its own; a line for each. */
  curls(scope: Scope, node: LabNode, way: 'socks' | 'run'): Promise<Conversation> {
    const { far, loopback } = this.hosts
    const proxy = way === 'socks' ? `-x socks5h://${loopback}:${DOOR}` : ''
    const loop = `while :; do curl -sS -m 20 ${proxy} http://${far}:${WEB_PORT}/ 2>&1 || echo failed; done`
    if (way === 'run') return this.runAs(scope, node, 'sh', '-c', loop)
    return Promise.resolve(Conversation.start(scope, this.lan.named(node.name), 'sh', '-c', loop))
  }

  /** As if typed in a shell on the node's host. */
  async runAs(scope: Scope, node: LabNode, ...command: string[]): Promise<Conversation> {
    const cgroup = await this.cgroupOf(node)
    const run = [process.execPath, BATON, 'run', '--as', SERVICE, '--state', node.state, '--', ...command]
    const conversation = Conversation.start(scope, this.lan.named(node.name), ...run)
    // Whoever ends `baton run` by force does not end the program.
    scope.defer(() => writeFileSync(path.join(cgroup, 'cgroup.kill'), '1'))
    return conversation
  }

  /** The director is killed, the service moved, and the processes of both ends replaced; after each, and before, `prove` is asked. */
  async live(node: LabNode, prove: (word: string) => Promise<void>): Promise<void> {
    const { cluster } = this
    await prove('first')
    const killed = await this.director()
    await cluster.kill(killed)
    const second = await this.succeeded(killed)
    await prove('killed')
    cluster.up(killed)
    await cluster.settled()
    await cluster.baton(second, 'move', SERVICE)
    const third = await this.succeeded(second)
    await prove('moved')
    await cluster.replace(third)
    await prove('reloaded there')
    await cluster.replace(node)
    await prove('reloaded here')
  }

  /** Waits until another than `former` directs. */
  async succeeded(former: LabNode): Promise<LabNode> {
    return until(
      async () => {
        const now = await this.director()
        return now === former ? undefined : now
      },
      10_000,
      `another than ${former.name} directs`,
      10,
    )
  }

  /** What nodes have logged of the kind, all their processes together; one of them alone. */
  events(event: string, of?: LabNode): Record<string, unknown>[] {
    const nodes = of === undefined ? this.cluster.nodes : [of]
    const lines = nodes.flatMap((node) => this.cluster.log(node).split('\n'))
    return lines.filter((line) => line.includes(`"event":"${event}"`)).map((line) => JSON.parse(line))
  }

  async splices(node: LabNode): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { stdout } = await this.cluster.baton(node, 'splices', '--json')
    return (JSON.parse(stdout) as { splices: Record<string, unknown>[] }).splices
  }
}

/** Where a node was killed they stay. */
function removeCgroups(cgroups: readonly string[]): void {
  for (const folder of cgroups.flatMap((cgroup) => [cgroup, path.dirname(cgroup)])) {
    try {
      rmdirSync(folder)
    } catch {
      // It is gone already.
    }
  }
}
