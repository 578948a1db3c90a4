/** A process that is stopped always wakes: by its helper, or by the second one where the first has died. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { until } from '../../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../../harness/suite.js'

const test = suite('node/moves/pauser', 20_000)
const MAIN = fileURLToPath(new URL('../paused-main.ts', import.meta.url))
const PAUSE_MS = 600

interface Paused {
  readonly pid: number
  /** How long it stood still. */
  readonly stood: Promise<number>
}

function pausedProcess(scope: Scope): Paused {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, String(PAUSE_MS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  scope.defer(() => {
    child.kill('SIGCONT')
    child.kill('SIGKILL')
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const stood = new Promise<number>((resolve) =>
    child.once('close', () => resolve(Number(/stood (\d+)/.exec(said)?.[1] ?? -1))),
  )
  return { pid: child.pid ?? -1, stood }
}

function stateOf(pid: number): string {
  return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
}

const isStopped = (pid: number) => stateOf(pid) === 'T' || undefined

/** Of its children, the one that was started with this word. */
function helperOf(parent: number, word: string): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const isChild = new RegExp(`^PPid:\\s+${parent}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8'))
        return isChild && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word)
      } catch {
        return false
      }
    })
}

test('it stands still for as long as was asked, and goes on', async (scope) => {
  const { pid, stood } = pausedProcess(scope)
  await until(() => isStopped(pid), 10_000, 'it is stopped', 5)
  const ms = await stood
  assert.ok(ms >= PAUSE_MS - 50 && ms < PAUSE_MS + 900, `it stood still for ${ms} ms`)
})

test('the helper that stopped it is killed: the other one wakes it', async (scope) => {
  const { pid, stood } = pausedProcess(scope)
  await until(() => isStopped(pid), 10_000, 'it is stopped', 5)
  const helper = helperOf(pid, 'stop')
  assert.ok(helper !== undefined)
  process.kill(helper ?? -1, 'SIGKILL')
  const ms = await stood
  assert.ok(ms >= PAUSE_MS + 900, `it stood still for ${ms} ms: the first helper was gone`)
})

test.run()
