import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

import { type FileOutcome, judge, writtenTests } from './file-outcome.js'

export interface FileReport extends FileOutcome {
  readonly ms: number
  readonly output: string
}

const OUTPUT_CHARS_MAX = 200_000
const running = new Set<number>()

/** Runs one test file in a process, and a process group, of its own; past the limit it ends the group. */
export function runFile(file: string, limitMs: number, env: NodeJS.ProcessEnv = process.env): Promise<FileReport> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, NO_COLOR: '1' },
  })
  const group = child.pid
  if (group !== undefined) running.add(group)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-OUTPUT_CHARS_MAX)
    })
  }
  let late = false
  const limit = setTimeout(() => {
    late = true
    if (group !== undefined) endGroup(group)
  }, limitMs)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    // Not 'exit': what a child of the file still holds open is output too, and a leak that the limit finds.
    child.on('close', (exitCode) => {
      clearTimeout(limit)
      if (group !== undefined) running.delete(group)
      const written = writtenTests(readFileSync(file, 'utf8'))
      const outcome = judge({ output, exitCode, written, ...(late && { limitMs }) })
      resolve({ ...outcome, ms: performance.now() - startedAt, output })
    })
  })
}

/** For a runner that is told to stop: nothing that it started outlives it. */
export function endRunning(): void {
  for (const group of running) endGroup(group)
}

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // it has just ended by itself
  }
}
