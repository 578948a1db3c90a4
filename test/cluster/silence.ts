/** A director alone on its host, with clients on another: how its death is heard by them. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Child } from '../../src/lab/child.io.js'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { Scope } from '../harness/scope.js'

const TALKERS = fileURLToPath(new URL('./talkers-main.ts', import.meta.url))
const ADDRESS = '10.77.9.9'
const ECHO = `require('node:net').createServer((s) => s.on('error', () => {}).pipe(s)).listen(8080, '10.77.0.1')`
/** Longer than any death takes, and shorter than a client's patience. */
const LISTEN_MS = 3_000

export interface Death {
  readonly signal: NodeJS.Signals
  /** Of the director, beyond what it is. */
  readonly ballastBytes?: number
  readonly descriptors?: number
  /** It takes memory at this signal until the kernel kills it. */
  readonly isGreedy?: boolean
  /** The address is on the host's own interface, and no device of the process. */
  readonly isPlain?: boolean
}

/** What clients heard of the director's end: connections that were ended or reset. */
export async function hearDeath(scope: Scope, death: Death): Promise<string[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-silence-'))
  const plans = ['a', 'client'].map((name, i) => ({ name, number: i + 1 }))
  const lan = await Lan.make(plans, folder)
  scope.defer(async () => {
    await lan.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  const [host, client] = [lan.named('a'), lan.named('client')]
  const ballast = path.join(folder, 'ballast.cjs')
  writeFileSync(ballast, ballastOf(death))
  const confined = death.isGreedy ? confine(scope) : []
  const cluster = await LocalCluster.start({
    addresses: [host.address],
    names: ['a'],
    folder: path.join(folder, 'state'),
    start: (_name, [program, ...args], output) => {
      return host.start('baton', [...confined, program, '--require', ballast, ...args], output)
    },
  })
  const [node] = cluster.nodes
  if (node?.child === undefined) throw new Error('no node')
  if (death.isPlain) await host.namespace.ip(`addr add ${ADDRESS}/32 dev eth0`)
  host.start('echo', [process.execPath, '-e', ECHO])
  const own = death.isPlain ? ['--own', 'none'] : []
  await cluster.baton(node, 'service', 'add', 'web', '--address', ADDRESS, '--ports', '8080', ...own)
  await cluster.serving('web')
  await until(
    async () => ((await node.client.service('web')).backends.length > 0 ? true : undefined),
    5_000,
    'the program is found',
  )
  const command = [process.execPath, '--import', 'tsx', TALKERS, ADDRESS, '8080', '50']
  const talkers = client.start('talkers', command)
  await until(() => (heard(talkers).includes('all stand') ? true : undefined), 20_000, 'all clients stand')
  node.child.kill(death.signal)
  const end = await node.child.ended
  if (death.isGreedy && end.signal !== 'SIGKILL')
    throw new Error(`not killed for want of memory: ${JSON.stringify(end)}`)
  await new Promise((resolve) => setTimeout(resolve, LISTEN_MS))
  return heard(talkers).filter((line) => line !== 'all stand')
}

/** Where memory is limited: of either kind of control groups. */
const [MEMORY_V1, MEMORY_V2] = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup']
const MEMORY_BYTES = 2 ** 30

/** What stands before a command that the kernel is to kill when it takes more memory than it may. */
function confine(scope: Scope): string[] {
  const isV1 = existsSync(`${MEMORY_V1}/cgroup.procs`)
  const group = path.join(isV1 ? MEMORY_V1 : MEMORY_V2, `baton-lab-${process.pid}-${++groups}`)
  mkdirSync(group)
  scope.defer(() => rmdirSync(group))
  writeFileSync(path.join(group, isV1 ? 'memory.limit_in_bytes' : 'memory.max'), String(MEMORY_BYTES))
  return ['sh', '-ec', `echo $$ > ${group}/cgroup.procs; exec "$@"`, 'sh']
}

let groups = 0

function heard(talkers: Child): string[] {
  return readFileSync(talkers.output, 'utf8').split('\n').slice(0, -1)
}

/** Lanes are threads of the same process: once is enough. */
function ballastOf({ signal, isGreedy = false, ballastBytes = 0, descriptors = 0 }: Death): string {
  return `
if (require('node:worker_threads').isMainThread) {
  global.ballast = []
  for (let left = ${ballastBytes}; left > 0; left -= 2 ** 27) global.ballast.push(Buffer.alloc(2 ** 27, 1))
  for (let i = 0; i < ${descriptors}; i++) require('node:fs').openSync('/dev/null')
  if (${isGreedy}) process.on('${signal}', () => { for (;;) global.ballast.push(Buffer.alloc(2 ** 24, 1)) })
}`
}
