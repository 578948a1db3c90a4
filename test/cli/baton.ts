/** The real program as a child process. It runs what was built: `npm test` builds first, and a stale build is refused. */
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BATON = path.join(ROOT, 'bin', 'baton.js')

export interface Ran {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

export async function baton(
  args: readonly string[],
  input = '',
  environment: Record<string, string> = {},
): Promise<Ran> {
  refuseStaleBuild()
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', COLUMNS: '80', ...environment }
  const child = spawn(process.execPath, [BATON, ...args], { env })
  const ran = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text) => {
      ran[stream] += text
    })
  }
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const exit = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { exit, ...ran }
}

let isFresh = false

export function refuseStaleBuild(): void {
  if (isFresh) return
  for (const folder of ['cli', 'commands', 'node']) {
    for (const file of readdirSync(path.join(ROOT, 'src', folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue
      const built = path.join(ROOT, 'dist', folder, file.replace(/\.ts$/, '.js'))
      const builtMs = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0
      if (builtMs < statSync(path.join(ROOT, 'src', folder, file)).mtimeMs) {
        throw new Error(`${built} is older than its source: npm run build`)
      }
    }
  }
  isFresh = true
}
