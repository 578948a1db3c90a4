/**
 * The runner behind `npm test` and `npm run test:long`. Each file runs in a process of its own: bare uvu runs all of them
 * in one, where a leaked socket reaches the next file and a hang ends the rest. What a file says of its tests must agree
 * with how it exited, and a file that ran none is a failure.
 *
 * usage: node --import tsx test/run.ts fast|long [PART-OF-A-FILE-NAME …]
 */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('.', import.meta.url))
const FILE_MS_MAX = { fast: 120_000, long: 900_000 } as const
const PARALLEL = 2
/** Fewer tests than this were lost, not passed. Raise it when many are added. */
const TESTS_MIN = { fast: 500, long: 1 } as const
/** These start whole clusters and daemons or measure time: they run alone, after the rest. */
const ALONE = ['cluster/', 'demo/']

interface Outcome {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly ms: number
  readonly output: string
  readonly problem: string | undefined
}

const [tier = 'fast', ...parts] = process.argv.slice(2)
if (tier !== 'fast' && tier !== 'long') throw new Error(`no tier ${tier}: say fast or long`)

const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && file.endsWith('.long.test.ts') === (tier === 'long'))
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort()
const isAlone = (file: string) => tier === 'long' || ALONE.some((folder) => file.startsWith(folder))
const outcomes: Outcome[] = []
await runAll(
  files.filter((file) => !isAlone(file)),
  PARALLEL,
)
await runAll(files.filter(isAlone), 1)
process.exitCode = summarize()

async function runAll(queue: string[], parallel: number): Promise<void> {
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const outcome = await runFile(file)
      outcomes.push(outcome)
      const mark = outcome.problem === undefined ? 'ok  ' : 'FAIL'
      const skipped = outcome.skipped > 0 ? `, ${outcome.skipped} skipped` : ''
      console.log(
        `${mark} ${file.padEnd(44)} ${String(outcome.passed).padStart(4)} tests ${(outcome.ms / 1000).toFixed(1)} s${skipped}`,
      )
      if (outcome.problem !== undefined) console.log(`\n${outcome.problem}\n${outcome.output}\n`)
      else if (outcome.skipped > 0)
        console.log(
          outcome.output
            .split('\n')
            .filter((line) => /SKIPPED|install /.test(line))
            .join('\n'),
        )
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
}

function runFile(file: string): Promise<Outcome> {
  const startedAt = performance.now()
  const limitMs = FILE_MS_MAX[tier as 'fast' | 'long']
  // A group of its own, so that what hangs can be ended with all that it started, and nothing else.
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(ROOT, file)], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-100_000)
    })
  }
  let late = false
  const limit = setTimeout(() => {
    late = true
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, limitMs)
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      const count = (label: string) => Number(new RegExp(`^ {2}${label}:\\s+(\\d+)`, 'm').exec(output)?.[1] ?? 0)
      const [total, passed] = [count('Total'), count('Passed')]
      const skipped = (output.match(/^SKIPPED /gm) ?? []).length
      const ms = performance.now() - startedAt
      const problem = late
        ? `no end after ${limitMs} ms`
        : total === 0 && skipped === 0
          ? 'no test ran: is test.run() missing?'
          : passed < total || code !== 0
            ? `${total - passed} of ${total} failed, exit ${code ?? signal}`
            : undefined
      const failed = problem === undefined ? 0 : Math.max(1, total - passed)
      resolve({ file, passed, failed, skipped, ms, output, problem })
    })
  })
}

function summarize(): number {
  const sum = (key: 'passed' | 'failed' | 'skipped') => outcomes.reduce((total, one) => total + one[key], 0)
  const passed = sum('passed')
  let failed = sum('failed')
  const slowest = [...outcomes].sort((a, b) => b.ms - a.ms).slice(0, 5)
  console.log(`\nslowest: ${slowest.map(({ file, ms }) => `${file} ${(ms / 1000).toFixed(1)} s`).join(', ')}`)
  const wanted = TESTS_MIN[tier as 'fast' | 'long']
  if (parts.length === 0 && passed + failed + sum('skipped') < wanted) {
    console.log(`only ${passed} tests ran, at least ${wanted} exist: some were lost`)
    failed++
  }
  const skipped = sum('skipped')
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failed > 0 ? 1 : 0
}
