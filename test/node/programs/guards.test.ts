/** Real guards of real programs: daemons that leave their parents, hooks that hang, a node that says nothing any more. */
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { silentLogger } from '../../../src/base/log.js'
import { realClock } from '../../../src/base/real-clock.io.js'
import type { GuardEvent } from '../../../src/hosting/ports.js'
import { loadLibc } from '../../../src/kernel/libc.io.js'
import { until } from '../../../src/lab/wait.io.js'
import { Guards } from '../../../src/node/programs/guards.io.js'
import { assert, type Scope, suite } from '../../harness/suite.js'
import { tempDir } from '../../peers/temp-dir.js'

const test = suite('node/programs/guards', 40_000)
const libc = loadLibc()
const clock = realClock('why' in libc ? undefined : libc.boottime)
const LONG_MS = 60_000

/** One whose program could not be stopped stays, as it has to. */
function guardsOf(folder: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(path.join(folder, 'guards'))
    } catch {
      return false
    }
  })
}

/** Its hook starts a daemon that leaves its session, and a child of that one. */
class Site {
  readonly events: string[] = []
  guards: Guards

  private constructor(
    readonly folder: string,
    guards: Guards,
    private readonly stopMs: number,
  ) {
    this.guards = guards
    this.#attach()
  }

  static async build(scope: Scope, hook: string, stopMs = 1_500): Promise<Site> {
    const folder = await tempDir(scope, 'guards')
    writeFileSync(path.join(folder, 'hook'), `#!/bin/sh\ncd ${folder}\n${hook}\n`)
    chmodSync(path.join(folder, 'hook'), 0o755)
    const site = new Site(folder, await open(folder), stopMs)
    scope.defer(async () => {
      site.guards.stop(site.job)
      await new Promise((resolve) => setTimeout(resolve, 200))
      site.guards.close()
      for (const pid of [...site.pids('pid'), ...site.pids('child'), ...guardsOf(folder)]) kill(pid)
    })
    return site
  }

  get job() {
    return { service: 'db', program: path.join(this.folder, 'hook'), startMs: 5_000, stopMs: this.stopMs, term: 3 }
  }

  start(untilMs = LONG_MS): void {
    this.guards.until('db', clock.now() + untilMs)
    this.guards.start(this.job)
  }

  async said(text: string, limitMs = 12_000): Promise<void> {
    await until(
      async () => this.events.includes(text) || undefined,
      limitMs,
      () => `'${text}' among: ${this.events.join(', ')}`,
      10,
    )
  }

  /** As another process of the same node. */
  async again(): Promise<void> {
    this.guards.close()
    this.guards = await open(this.folder)
    this.#attach()
  }

  pids(name: string): number[] {
    const file = path.join(this.folder, name)
    return existsSync(file) ? [Number(readFileSync(file, 'utf8'))] : []
  }

  get runs(): boolean {
    return [...this.pids('pid'), ...this.pids('child')].some(isAlive)
  }

  #attach(): void {
    this.guards.attach((_service, event) => void this.events.push(wordsOf(event)))
  }
}

function open(folder: string): Promise<Guards> {
  return Guards.open(folder, { BATON_NODE: 'a', BATON_ADDRESS: '127.0.0.1' }, silentLogger)
}

/** What another process of the node would find. */
async function remains(folder: string) {
  const guards = await open(folder)
  guards.close()
  return guards.remains.get('db')
}

function wordsOf(event: GuardEvent): string {
  const what = event.type === 'done' ? event.verb : event.type
  return `${what} ${event.isGood ? 'good' : 'bad'}`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

const DAEMON = `start() {
  setsid sh -c 'echo $$ > pid; sh -c "echo \\$\\$ > child; exec sleep 600" & wait' >/dev/null 2>&1 </dev/null &
  while ! test -s child; do sleep 0.02; done
}`
const KIND = `${DAEMON}
case $1 in
start) start;;
stop) kill $(cat pid) $(cat child);;
esac`
const NEEDS = { needs: ['setsid'] }

test(
  'started and stopped when asked; the hook is told who and where; the record says how it stands',
  async (scope) => {
    const site = await Site.build(scope, `echo "$1 $2 $BATON_SERVICE $BATON_NODE $BATON_TERM" >> calls\n${KIND}`)
    site.start()
    await site.said('start good')
    assert.ok(site.runs)
    assert.is((await remains(site.folder))?.state, 'running')
    site.guards.stop(site.job)
    await site.said('stop good')
    assert.not(site.runs)
    assert.equal(site.guards.remains.get('db'), { term: 3, state: 'stopped' })
    assert.equal(readFileSync(path.join(site.folder, 'calls'), 'utf8').trim().split('\n'), [
      'start db db a 3',
      'stop db db a 3',
    ])
    assert.equal(await remains(site.folder), { term: 3, state: 'stopped' })
    site.start()
    await until(
      async () => site.events.filter((one) => one === 'start good').length === 2 || undefined,
      8_000,
      'again',
      10,
    )
  },
  NEEDS,
)

test(
  'nobody lets it run on: it is stopped in time, by a kill where its stop hangs or fails',
  async (scope) => {
    const site = await Site.build(scope, `${DAEMON}\ncase $1 in start) start;; stop) echo busy >&2; sleep 60;; esac`)
    site.start(2_500)
    const begun = clock.now()
    await site.said('start good')
    await until(async () => !site.runs || undefined, 8_000, 'it is killed', 5)
    const took = clock.now() - begun
    assert.ok(took > 2_400 && took < 2_500 + 1_500 + 1_000, `${took} ms`)
    await site.said('fenced good')
  },
  NEEDS,
)

test(
  'another process of the node finds it running, and lets it run on; without one it is stopped all the same',
  async (scope) => {
    const site = await Site.build(scope, KIND)
    site.start(3_000)
    await site.said('start good')
    await site.again()
    assert.is(site.guards.remains.get('db')?.state, 'running')
    site.guards.until('db', clock.now() + 6_000)
    await new Promise((resolve) => setTimeout(resolve, 3_500))
    assert.ok(site.runs)
    await until(async () => !site.runs || undefined, 8_000, 'it is stopped', 10)
    await site.said('fenced good')
    assert.equal(await remains(site.folder), { term: 3, state: 'stopped' })
  },
  NEEDS,
)

test(
  'a start that fails, prints without end, or never returns, and a hook that is none',
  async (scope) => {
    const bad = await Site.build(
      scope,
      'test $1 = stop && exit 0; head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2; exit 1',
    )
    bad.start()
    await bad.said('start bad')
    bad.guards.stop(bad.job)
    await bad.said('stop good')
    const none = await Site.build(scope, 'exit 0')
    chmodSync(path.join(none.folder, 'hook'), 0o644)
    none.start()
    await none.said('start bad')
    none.guards.stop(none.job)
    // It has begun nothing, so nothing is left that would have to be stopped: another node may have its turn.
    await none.said('stop good')
    const lost = await Site.build(scope, 'exit 0')
    lost.start()
    await lost.said('start good')
    chmodSync(path.join(lost.folder, 'hook'), 0o644)
    lost.guards.stop(lost.job)
    await lost.said('stop bad')
  },
  NEEDS,
)

test(
  'a daemon that has died is no zombie: a stop that waits for its pid to be gone does not wait for ever',
  async (scope) => {
    const waits = 'stop) for one in pid child; do while kill -0 $(cat $one) 2>/dev/null; do sleep 0.02; done; done;;'
    const site = await Site.build(scope, `${DAEMON}\ncase $1 in start) start;; ${waits} esac`, 4_000)
    site.start()
    await site.said('start good')
    for (const pid of [...site.pids('pid'), ...site.pids('child')]) kill(pid)
    const begun = clock.now()
    site.guards.stop(site.job)
    await site.said('stop good')
    assert.ok(clock.now() - begun < 2_500, `${clock.now() - begun} ms`)
  },
  NEEDS,
)

test(
  'a daemon that has died and whose stop fails is known to be gone all the same',
  async (scope) => {
    const site = await Site.build(scope, `${DAEMON}\ncase $1 in start) start;; stop) exit 3;; esac`)
    site.start()
    await site.said('start good')
    for (const pid of [...site.pids('pid'), ...site.pids('child')]) kill(pid)
    await new Promise((resolve) => setTimeout(resolve, 300))
    site.guards.stop(site.job)
    await site.said('stop good')
  },
  NEEDS,
)

test(
  'a stop that comes while it still starts ends both',
  async (scope) => {
    const site = await Site.build(scope, `${DAEMON}\ncase $1 in start) start; sleep 30;; stop) exit 0;; esac`)
    site.start()
    await until(async () => site.runs || undefined, 8_000, 'it begins', 10)
    site.guards.stop(site.job)
    await site.said('stop good', 4_000)
    assert.not(site.runs)
    assert.not(site.events.some((one) => one.startsWith('start')))
  },
  NEEDS,
)

test(
  'a guard that is killed is told of; the next one has the hook stop what it left',
  async (scope) => {
    const site = await Site.build(scope, KIND)
    site.start()
    await site.said('start good')
    const { pid } = JSON.parse(readFileSync(recordIn(site.folder), 'utf8')).body
    kill(pid)
    await site.said('health bad')
    assert.is((await remains(site.folder))?.state, 'unknown')
    site.guards.stop(site.job)
    await site.said('stop good')
    assert.not(site.runs)
  },
  NEEDS,
)

function recordIn(folder: string): string {
  const guards = path.join(folder, 'guards')
  return path.join(guards, readdirSync(guards).find((name) => name.endsWith('.json')) ?? '')
}

test.run()
