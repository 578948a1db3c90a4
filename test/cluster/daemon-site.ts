/**
 * A daemon that must never run twice, with its hook: each of its lives appends `begin` and `end` lines to one file that all nodes
 * share, and while it lives a line every few milliseconds. Two that live at the same time are seen there whatever the nodes believe.
 */
import { appendFileSync, chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import type { LabNode } from '../../src/lab/cluster.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope } from '../harness/suite.js'
import { tempDir } from '../peers/temp-dir.js'
import { type Fixture, startCluster } from './fixture.js'

export const PORT = 8_090
/** Here it says back what it hears, behind its name. */
export const TALK_PORT = 8_089
const BEAT_MS = 10

/** A line each: time (of one clock, since all is one host), pid, node, what. */
export interface Beat {
  readonly at: number
  readonly pid: number
  readonly node: string
  readonly what: string
}

export class DaemonSite {
  /** Of the client that was refused last. */
  #trouble = ''

  private constructor(
    readonly fixture: Fixture,
    readonly journal: string,
    readonly folder: string,
  ) {}

  static async build(scope: Scope, ...settings: readonly string[]): Promise<DaemonSite> {
    const folder = await tempDir(scope, 'daemon')
    const journal = path.join(folder, 'journal')
    writeFileSync(journal, '')
    const hook = path.join(folder, 'hook')
    writeFileSync(path.join(folder, 'daemon.mjs'), daemonText(journal))
    writeFileSync(hook, hookText(folder))
    chmodSync(hook, 0o755)
    const fixture = await startCluster(scope)
    const site = new DaemonSite(fixture, journal, folder)
    scope.defer(() => site.#killAll())
    const [node] = fixture.cluster.live()
    if (node === undefined) throw new Error('no node')
    const at = ['--address', fixture.serviceAddress, '--ports', `${TALK_PORT},${PORT}`]
    const hold = settings.includes('--hold') ? [] : ['--hold', '1s']
    const limits = ['--start-timeout', '5s', '--stop-timeout', '2s', ...hold]
    const single = ['--mode', 'single', '--program', hook, ...limits]
    await fixture.cluster.baton(node, 'service', 'add', 'daemon', ...at, ...single, ...settings)
    await site.active()
    return site
  }

  /** Waits until every live node says so of one and the same node. */
  async active(not: string | readonly string[] = [], limitMs = 20_000): Promise<string> {
    return until(
      async () => {
        const views = await Promise.all(
          this.fixture.cluster.live().map(({ client }) => client.service('daemon').catch(() => undefined)),
        )
        const [first] = views
        const name = first?.hosting?.node?.name
        const isSame = views.every((view) => view?.hosting?.state === 'active' && view.hosting.node?.name === name)
        const isServed = views.every((view) =>
          view?.backends.some(({ node, state }) => node.name === name && state === 'healthy'),
        )
        return isSame && isServed && name !== undefined && !not.includes(name) ? name : undefined
      },
      limitMs,
      () => `the daemon is active elsewhere than on '${not}'; ${this.#story()}`,
      20,
    )
  }

  /** What a client is told: the name of the node; empty: refused. */
  ask(): Promise<string> {
    return new Promise((resolve) => {
      const socket = net.connect({ host: this.fixture.serviceAddress, port: PORT })
      let answer = ''
      socket.setTimeout(2_000, () => socket.destroy(new Error('no answer within 2 s')))
      socket.on('data', (chunk) => {
        answer += chunk.toString()
      })
      socket.on('error', ({ message }) => {
        this.#trouble = message
        resolve('')
      })
      socket.on('close', () => resolve(answer.trim()))
    })
  }

  /** A client that comes now is served by that node. */
  async assertServes(name: string): Promise<void> {
    const answer = await this.ask()
    assert.is(answer, name, `asked, and heard '${answer}' ${answer === '' ? this.#trouble : ''}; ${this.#story()}`)
  }

  node(name: string): LabNode {
    return this.fixture.cluster.named(name)
  }

  /** What a real fault of the daemon would be; its hook still knows it. */
  setting(node: string, what: 'fails-to-start' | 'hangs-in-stop' | 'is-ill', isOn: boolean): void {
    const file = path.join(this.folder, `${what}-${node}`)
    if (isOn) writeFileSync(file, '')
    else if (existsSync(file)) writeFileSync(`${file}-off`, '')
  }

  beats(): Beat[] {
    return readFileSync(this.journal, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [at = '', pid = '', node = '', what = ''] = line.split(' ')
        return { at: Number(at), pid: Number(pid), node, what }
      })
  }

  /** Lives in their order, as their own beats say. */
  lives(): { pid: number; node: string; from: number; to: number }[] {
    const lives = new Map<number, { pid: number; node: string; from: number; to: number }>()
    for (const { pid, node, at } of this.beats()) {
      const life = lives.get(pid) ?? { pid, node, from: at, to: at }
      life.to = Math.max(life.to, at)
      lives.set(pid, life)
    }
    return [...lives.values()].sort((a, b) => a.from - b.from)
  }

  assertNeverTwo(): void {
    const lives = this.lives()
    lives.slice(1).forEach((life, i) => {
      const before = lives[i]
      assert.ok(
        before === undefined || life.from > before.to,
        `two at once: ${JSON.stringify([before, life])}\n${this.#story()}`,
      )
    })
  }

  /** Another life of it has begun on that node. */
  async reborn(node: string, pid: number): Promise<void> {
    await until(
      async () => this.pidOn(node) !== pid || undefined,
      20_000,
      () => `it is started again; ${this.#story()}`,
      20,
    )
  }

  /** Another life has begun, wherever. */
  async another(pid: number): Promise<void> {
    await until(
      async () => this.lives().at(-1)?.pid !== pid || undefined,
      30_000,
      () => `it is started again; ${this.#story()}`,
      20,
    )
  }

  pidOn(node: string): number {
    const life = this.lives()
      .filter((one) => one.node === node)
      .at(-1)
    return life?.pid ?? 0
  }

  note(what: string): void {
    appendFileSync(path.join(this.folder, 'notes'), `${Date.now()} ${what}\n`)
  }

  #story(): string {
    const words = [
      '"hosting"',
      '"hosting-given"',
      '"guard',
      '"hook"',
      'lease-lost',
      'lease-acquired',
      'serving',
      'link-down',
    ]
    const lines = this.fixture.cluster.nodes.flatMap((node) => {
      const log = existsSync(path.join(this.fixture.cluster.folder, `${node.name}.log`))
        ? this.fixture.cluster.log(node)
        : ''
      return log
        .split('\n')
        .filter((line) => words.some((word) => line.includes(word)))
        .map((line) => `${node.name} ${line.slice(0, 260)}`)
    })
    return [...lines.slice(-40), ...this.lives().map((life) => JSON.stringify(life))].join('\n')
  }

  async #killAll(): Promise<void> {
    await Promise.all(this.fixture.cluster.nodes.map((node) => this.fixture.cluster.stop(node)))
    for (const { pid } of this.lives()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended long ago.
      }
    }
  }
}

function daemonText(journal: string): string {
  return `
import { appendFileSync } from 'node:fs'
import net from 'node:net'
const [name, address] = process.argv.slice(2)
const say = (what) => appendFileSync(${JSON.stringify(journal)}, \`\${Date.now()} \${process.pid} \${name} \${what}\\n\`)
say('begin')
const talk = (socket) => socket.on('error', () => {}).on('data', (chunk) => socket.write(name + ' ' + chunk))
net.createServer(talk).listen(${TALK_PORT}, address, () => {
  net.createServer((socket) => socket.on('error', () => {}).end(name + '\\n')).listen(${PORT}, address, () => say('listens'))
})
setInterval(() => say('beat'), ${BEAT_MS})
process.on('SIGTERM', () => { say('end'); process.exit(0) })
`
}

/** As an init script: it leaves the daemon running, in a session of its own. Which node it is, it knows from its folder. */
function hookText(folder: string): string {
  return `#!/bin/sh
name=$BATON_NODE
is() { test -e "${folder}/$1-$name" -a ! -e "${folder}/$1-$name-off"; }
pidfile="${folder}/pid-$name"
case $1 in
start)
  is fails-to-start && { echo "no room for it" >&2; exit 1; }
  setsid ${process.execPath} "${folder}/daemon.mjs" "$name" "$BATON_ADDRESS" >/dev/null 2>&1 </dev/null &
  echo $! > "$pidfile"
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    grep -q "$name listens" "${folder}/journal" && kill -0 $(cat "$pidfile") 2>/dev/null && exit 0
    sleep 0.1
  done
  exit 0;;
stop)
  is hangs-in-stop && sleep 60
  pid=$(cat "$pidfile" 2>/dev/null) || exit 0
  kill $pid 2>/dev/null
  while kill -0 $pid 2>/dev/null; do sleep 0.02; done
  rm -f "$pidfile"
  exit 0;;
check)
  is is-ill && { echo "it is ill" >&2; exit 1; }
  kill -0 $(cat "$pidfile") 2>/dev/null || { echo "it does not run" >&2; exit 1; }
  exit 0;;
esac
exit 64
`
}
