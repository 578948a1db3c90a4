/**
 * The runner behind `npm test` and `npm run test:long`: every file in a process of its own, under a limit
 * (docs/decisions/0002-uvu-behind-a-wrapper.md says why). The last line is `N passed, N failed`, followed by
 * `, N skipped` if there were any; the exit code is 1 if anything failed.
 *
 * usage: node --import tsx test/run.ts fast|long [PART-OF-A-FILE-NAME …]
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { complaints } from './harness/file-outcome.js'
import { endRunning, type FileReport, runFile } from './harness/run-file.js'

const ROOT = fileURLToPath(new URL('.', import.meta.url))
/** Per file, and the least number of tests in all: fewer were lost, not passed. Raise it when many are added. */
const TIERS = {
  fast: { limitMs: 150_000, testsMin: 2_450 },
  long: { limitMs: 900_000, testsMin: 1 },
} as const
/** The development machine and CI have two cores. */
const PARALLEL = 2
/** Characters of a failed file's output that the summary repeats. */
const REPEATED = 2_500
/** These start clusters and daemons or measure time: they run one at a time, after the rest. */
const ALONE = /^(cluster|peers)\/|^kernel\/packet-trap\.|^node\/lanes\/lane-group\./
/** Of these, those that measure no time run two at a time, or CI would take half as long again. */
const PAIRED =
  /^cluster\/(address-faults|addresses|config|deposed|drain|drill|farewells|health|hosts|identity|links|minimum-rights|moves|outward|containers|natives|peers|program-drain|programs|replaced|single|uploads)\./

const [tier = 'fast', ...parts] = process.argv.slice(2)
if (tier !== 'fast' && tier !== 'long') throw new Error(`there is no tier ${tier}: say fast or long`)
const { limitMs, testsMin } = TIERS[tier]
/** Figures of the long suite are of leases of 400 ms (test/cluster/survival.ts). */
const environment = tier === 'long' ? { PROFILE: 'fast', ...process.env } : { ...process.env, TESTS: 'fast' }

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    endRunning()
    process.exit(1)
  })
}

const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter(
    (file) => file.endsWith('.test.ts') && (file.endsWith('.long.test.ts') === (tier === 'long') || hasLong(file)),
  )
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort()
/** A file of the short suite with tests of the long one. */
function hasLong(file: string): boolean {
  return tier === 'long' && readFileSync(path.join(ROOT, file), 'utf8').includes('test.long')
}
const isPaired = (file: string) => tier !== 'long' && PAIRED.test(file)
const isAlone = (file: string) => tier === 'long' || (ALONE.test(file) && !isPaired(file))
const reports = new Map<string, FileReport>()
await runAll(
  files.filter((file) => !isAlone(file) && !isPaired(file)),
  PARALLEL,
)
await runAll(files.filter(isPaired), PARALLEL)
await runAll(files.filter(isAlone), 1)
process.exitCode = summarize()

async function runAll(queue: string[], parallel: number): Promise<void> {
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const report = await runFile(path.join(ROOT, file), limitMs, environmentOf(file))
      reports.set(file, report)
      print(file, report)
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
}

function environmentOf(file: string): NodeJS.ProcessEnv {
  return tier === 'long' && !file.endsWith('.long.test.ts') ? { ...environment, TESTS: 'long' } : environment
}

function print(file: string, { passed, failed, skipped, ms, problem, output }: FileReport): void {
  const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} SKIPPED`]
  const mark = problem === undefined ? 'ok  ' : 'FAIL'
  console.log(`${mark} ${file.padEnd(44)} ${seconds(ms).padStart(7)}  ${counts.filter(Boolean).join(', ')}`)
  if (problem !== undefined) console.log(`\n${problem}\n${output}\n`)
  else if (skipped > 0) console.log((output.match(/^(SKIPPED|\s+install) .*$/gm) ?? []).join('\n'))
}

function summarize(): number {
  const sum = (key: 'passed' | 'failed' | 'skipped') => [...reports.values()].reduce((all, one) => all + one[key], 0)
  const [passed, skipped] = [sum('passed'), sum('skipped')]
  let failed = sum('failed')
  const slowest = [...reports].sort(([, a], [, b]) => b.ms - a.ms).slice(0, 5)
  console.log(`\nslowest: ${slowest.map(([file, { ms }]) => `${file} ${seconds(ms)}`).join(', ')}`)
  const ran = passed + failed + skipped
  if (parts.length === 0 && ran < testsMin) {
    console.log(`${ran} tests ran, and there were ${testsMin} once: some are lost`)
    failed++
  } else if (ran === 0) {
    console.log(`no test of the tier ${tier} lies in a file whose name has ${parts.join(' or ')}`)
    failed++
  }
  // Once more at the end: of a log that is cut in its middle, this is what is read.
  const broken = [...reports].filter(([, { problem }]) => problem !== undefined)
  for (const [file, { problem, output }] of broken)
    console.log(`\nFAIL ${file}: ${problem}\n${output.slice(0, REPEATED)}`)
  for (const [file, { output, problem }] of broken)
    console.log([`FAIL ${file}: ${problem}`, ...complaints(output)].join('\n  '))
  if (skipped > 0) console.log(`${skipped} tests were SKIPPED because programs are missing: see above`)
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failed > 0 ? 1 : 0
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
