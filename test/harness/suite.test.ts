/** The harness against files that go wrong on purpose: each must fail, and say why. */
import { fileURLToPath } from 'node:url'

import { type FileReport, runFile } from './run-file.js'
import { assert, suite } from './suite.js'

const test = suite('harness/suite', 20_000)
const LIMIT_MS = 10_000
const { CI: _ci, ...user } = process.env

function run(fixture: string, env: NodeJS.ProcessEnv = user, limitMs = LIMIT_MS): Promise<FileReport> {
  return runFile(fileURLToPath(new URL(`fixtures/${fixture}.ts`, import.meta.url)), limitMs, env)
}

test('sound tests pass', async () => {
  const { passed, failed, problem } = await run('sound')
  assert.equal({ passed, failed, problem }, { passed: 2, failed: 0, problem: undefined })
})

interface Expected {
  readonly passed: number
  readonly failed: number
  readonly says: readonly (string | RegExp)[]
}

const BROKEN: readonly [title: string, fixture: string, expected: Expected][] = [
  [
    'a test that hangs fails under its title, and the next one runs',
    'hang',
    { passed: 1, failed: 1, says: ['"hangs with a socket open"', 'no end after 100 ms'] },
  ],
  [
    'a clean-up that hangs fails its test',
    'hanging-clean-up',
    { passed: 0, failed: 1, says: ['"cleans up for ever"', 'no end of the clean-up after 100 ms'] },
  ],
  [
    'a clean-up that throws fails its test; the other clean-ups run; the error of the body goes first',
    'throwing-clean-up',
    {
      passed: 1,
      failed: 2,
      says: ['cannot close', /"hears of the body first"\n\s+the body/, 'the clean-up failed as well'],
    },
  ],
  [
    'a rejection that nobody awaits fails the running test, and the next one runs',
    'floating-rejection',
    { passed: 1, failed: 1, says: ['nobody looks', '"awaits nothing"'] },
  ],
  [
    'an exception in a callback fails the running test, and the next one runs',
    'stray-exception',
    { passed: 1, failed: 1, says: ['thrown where nobody looks', '"throws in a callback"'] },
  ],
  ['a rejection after the last test fails the file', 'late-rejection', { passed: 1, failed: 1, says: ['too late'] }],
  [
    'a socket that is left open fails the file by name',
    'left-open',
    { passed: 1, failed: 1, says: ['left open by a test', 'TCPServerWrap'] },
  ],
  [
    'a suite that is never run fails the file',
    'never-run',
    { passed: 0, failed: 1, says: ['fixture: test.run() was never called'] },
  ],
  ['a set-up that throws fails the file', 'throwing-set-up', { passed: 0, failed: 1, says: ['no set-up, no tests'] }],
  ['what is thrown and no error is shown', 'thrown-text', { passed: 0, failed: 1, says: ['no error: a text'] }],
]

for (const [title, fixture, { passed, failed, says }] of BROKEN) {
  test(title, async () => {
    const report = await run(fixture)
    assert.equal({ passed: report.passed, failed: report.failed }, { passed, failed }, report.output)
    for (const text of says) assert.match(report.output, text)
  })
}

test('a test whose program is missing is skipped aloud for a user, and counted', async () => {
  const { passed, failed, skipped, output } = await run('missing-program')
  assert.equal({ passed, failed, skipped }, { passed: 1, failed: 0, skipped: 1 })
  assert.match(output, /SKIPPED {2}fixture: talks to nobody\n\s+install baton-no-such-program/)
})

test('a test whose program is missing fails in CI', async () => {
  const { passed, failed, skipped, output } = await run('missing-program', { ...user, CI: 'true' })
  assert.equal({ passed, failed, skipped }, { passed: 1, failed: 1, skipped: 0 })
  assert.match(output, 'CI must install baton-no-such-program')
})

test('a process that does not end by itself is ended', async () => {
  const { failed, problem, ms } = await run('busy', user, 1_500)
  assert.is(failed, 1)
  assert.match(problem ?? '', 'no end after 1500 ms')
  assert.ok(ms < 8_000)
})

test.run()
