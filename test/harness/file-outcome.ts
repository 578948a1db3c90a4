/** What became of one test file, judged by its output and its end: the two must agree. */

const COMPLAINTS_MAX = 5
const COMPLAINT_CHARS_MAX = 400
/** uvu shows a difference over some lines. */
const WHY_LINES = 8

export interface FileRun {
  readonly output: string
  /** `null` if a signal ended it. */
  readonly exitCode: number | null
  /** The runner's limit that it passed, if it did. */
  readonly limitMs?: number
  /** Tests that stand in its text: fewer may not come out of it. */
  readonly written: number
}

export interface FileOutcome {
  readonly passed: number
  /** At least 1 if there is a problem. */
  readonly failed: number
  readonly skipped: number
  readonly problem: string | undefined
}

export function judge(run: FileRun): FileOutcome {
  const [total, passed, skipped] = [lastCount(run, 'Total'), lastCount(run, 'Passed'), lastCount(run, 'Skipped')]
  const problem = problemOf(run, total, passed, skipped)
  const failed = problem === undefined ? 0 : Math.max(1, total - passed)
  return { passed, failed, skipped, problem }
}

/** The names of tests that failed, each with the first words of why, in lines of at most `COMPLAINT_CHARS_MAX` characters. */
export function complaints(output: string): string[] {
  return output
    .split(/^ {3}FAIL {2}/m)
    .slice(1, 1 + COMPLAINTS_MAX)
    .map((text) => {
      const [name = '', ...more] = text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '')
      return `${name}: ${more.slice(0, WHY_LINES).join(' ')}`.slice(0, COMPLAINT_CHARS_MAX)
    })
}

/** Calls at the left margin; those in loops come on top, so it is a lower bound. */
export function writtenTests(text: string): number {
  return text.match(/^test\(/gm)?.length ?? 0
}

function problemOf(run: FileRun, total: number, passed: number, skipped: number): string | undefined {
  if (run.limitMs !== undefined) return `no end after ${run.limitMs} ms`
  if (passed < total) return `${total - passed} of ${total} failed`
  if (run.exitCode !== 0) return `${passed} of ${total} passed, yet it ended with ${run.exitCode ?? 'a signal'}`
  if (total + skipped === 0) return 'no test ran'
  if (total + skipped < run.written) return `${total + skipped} tests ran, ${run.written} are written in the file`
  return undefined
}

/** uvu's closing lines are the last of their kind; a test may print the same. */
function lastCount(run: FileRun, label: 'Total' | 'Passed' | 'Skipped'): number {
  const lines = [...run.output.matchAll(new RegExp(`^ {2}${label}: +(\\d+)$`, 'gm'))]
  return Number(lines.at(-1)?.[1] ?? 0)
}
