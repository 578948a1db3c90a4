/**
 * Whether a process that is killed here dies without a word to its clients: nobody promises that kernels release descriptors
 * from the highest down, so it is tried, once, with a process that is like ours, in a network namespace of its own.
 */
import { spawn } from 'node:child_process'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Millis } from '../../base/time.js'
import type { Silence } from './outcome.js'

/** Of sources only: other options of this process are for it alone. */
export const LOADER: readonly string[] = import.meta.url.endsWith('.ts') ? process.execArgv : []
const WATCHER = fileURLToPath(new URL(`./watcher-main.io${import.meta.url.slice(-3)}`, import.meta.url))
/** It takes half a second where nothing else runs. */
const TEST_MS_MAX: Millis = 10_000
const SAID_BYTES_MAX = 4_096

/** Never rejects. `lowest`: with the device where it is of no use, to see the test fail. */
export function testSilence(place: 'highest' | 'lowest' = 'highest'): Promise<Silence> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...LOADER, WATCHER, place], { stdio: ['pipe', 'pipe', 'ignore'] })
    // Whatever else begins now comes first.
    if (child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL)
    let said = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), TEST_MS_MAX).unref()
    child.on('error', (error) => resolve({ type: 'untested', why: `no process can be started: ${error.message}` }))
    child.stdout.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(0, SAID_BYTES_MAX)
    })
    child.on('close', () => {
      clearTimeout(timer)
      resolve(read(said))
    })
  })
}

function read(said: string): Silence {
  try {
    const { type, why } = JSON.parse(said) as { type?: unknown; why?: unknown }
    if (type === 'silent') return { type }
    if (type === 'heard' || type === 'untested') return { type, why: String(why) }
  } catch {
    // It was stopped half-way.
  }
  return { type: 'untested', why: `it did not end within ${TEST_MS_MAX / 1_000} s` }
}
