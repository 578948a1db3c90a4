/** A node in a PID namespace of its own, as containers have one: alone it is never replaced, by `containers/entry.sh` it is. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../../src/lab/wait.io.js'
import { ControlClient } from '../../src/node/control/control-client.io.js'
import { baton } from '../cli/baton.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('cluster/containers', 60_000)
const NEEDS = { root: true, needs: ['unshare', 'setpriv'] }
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BIND = `127.${10 + (process.pid % 200)}.${(process.pid >> 8) % 250}.15`

interface Container {
  readonly state: string
  readonly client: ControlClient
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  readonly isOver: () => boolean
  /** To its first process. */
  readonly signal: (signal: string) => void
}

async function contain(scope: Scope, first: readonly string[]): Promise<Container> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-contained-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  const state = path.join(folder, 'state')
  assert.is((await baton(['init', '--state', state, '--name', 'a'])).exit, 0)
  const command = path.join(folder, 'baton')
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/bin/baton.js' "$@"\n`)
  chmodSync(command, 0o755)
  const args = [
    '--pid',
    '--mount',
    '--fork',
    '--kill-child',
    'sh',
    '-ec',
    'mount -t proc proc /proc; exec "$@"',
    'sh',
    ...first,
    'up',
    '--bind',
    BIND,
  ]
  const child = spawn('unshare', args, {
    env: { ...process.env, PATH: `${folder}:${process.env['PATH']}`, BATON_STATE: state, BATON_AS_ROOT: '1' },
    stdio: 'ignore',
  })
  let over = false
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      over = true
      resolve({ code, signal })
    })
  })
  scope.defer(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const client = new ControlClient(path.join(state, 'control.sock'))
  await until(() => client.status().catch(() => undefined), 15_000, 'the node answers')
  const signal = (name: string) => {
    const [first = ''] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ')
    process.kill(Number(first), name)
  }
  return { state, client, ended, isOver: () => over, signal }
}

test(
  'as first process it refuses to be replaced, goes on, and ends in order by SIGTERM',
  async (scope) => {
    const container = await contain(scope, ['baton'])
    const { exit, stdout } = await baton(['reload', '--state', container.state, '--json'])
    assert.is(exit, 1)
    assert.match(stdout, /this node is the first process of its container/)
    assert.is((await container.client.status()).node.replaced, undefined)
    container.signal('SIGTERM')
    assert.equal(await container.ended, { code: 0, signal: null })
  },
  NEEDS,
)

test(
  'by entry.sh it is replaced, twice, and the container lives until SIGTERM reaches whoever is the node by then',
  async (scope) => {
    const container = await contain(scope, [path.join(ROOT, 'containers/entry.sh')])
    for (const _ of [1, 2]) {
      const { exit, stderr } = await baton(['reload', '--state', container.state])
      assert.is(exit, 0, stderr)
      await until(() => container.client.status().catch(() => undefined), 5_000, 'the next process answers')
      assert.not(container.isOver())
    }
    assert.is((await container.client.status()).node.replaced?.times, 2)
    container.signal('SIGTERM')
    assert.equal(await container.ended, { code: 0, signal: null })
  },
  NEEDS,
)

test.run()
