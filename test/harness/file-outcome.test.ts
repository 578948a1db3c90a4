import { complaints, judge, writtenTests } from './file-outcome.js'
import { assert, suite } from './suite.js'

const test = suite('harness/file-outcome')

const closing = (total: number, passed: number, skipped = 0) =>
  `noise\n\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   ${skipped}\n  Duration:  1.00ms\n\n`

test('counts and exit code agree: passed', () => {
  const outcome = judge({ output: closing(3, 3, 1), exitCode: 0, written: 4 })
  assert.equal(outcome, { passed: 3, failed: 0, skipped: 1, problem: undefined })
})

test('a failed test counts as many as failed', () => {
  assert.is(judge({ output: closing(5, 3), exitCode: 1, written: 5 }).failed, 2)
})

test('a failed test fails the file even where the exit code is 0', () => {
  assert.is(judge({ output: closing(5, 4), exitCode: 0, written: 5 }).failed, 1)
})

test('an exit code other than 0 fails the file whatever the counts say', () => {
  assert.is(judge({ output: closing(5, 5), exitCode: 1, written: 5 }).failed, 1)
  assert.is(judge({ output: closing(5, 5), exitCode: null, written: 5 }).failed, 1)
})

test('a file in which nothing ran is a failure', () => {
  assert.match(judge({ output: closing(0, 0), exitCode: 0, written: 0 }).problem ?? '', 'no test ran')
  assert.match(judge({ output: '', exitCode: 0, written: 0 }).problem ?? '', 'no test ran')
})

test('a file of which every test was skipped is none', () => {
  assert.is(judge({ output: closing(0, 0, 2), exitCode: 0, written: 2 }).problem, undefined)
})

test('a test that is written and does not come out is missed', () => {
  assert.match(judge({ output: closing(2, 2), exitCode: 0, written: 3 }).problem ?? '', '3 are written')
})

test('the limit is named', () => {
  assert.match(judge({ output: '', exitCode: null, limitMs: 60_000, written: 1 }).problem ?? '', '60000 ms')
})

test('only the last closing lines count', () => {
  const outcome = judge({ output: closing(9, 9) + closing(2, 1), exitCode: 1, written: 2 })
  assert.is(outcome.passed, 1)
})

test('who failed is named with its first words, and a long story is cut', () => {
  const said = complaints(
    `suite ✘\n   FAIL  a/b  "one"\n    refused\n\n    at here\n   FAIL  a/b  "two"\n    ${'x'.repeat(900)}\n`,
  )
  assert.is(said[0], 'a/b  "one": refused at here')
  assert.is(said[1]?.length, 400)
  assert.equal(complaints(closing(2, 2)), [])
})

test('written tests are those at the margin', () => {
  assert.is(writtenTests("test('a', () => {\n  test('no', x)\n})\n\ntest(\n  'b',\n)\nconst test = 1\n"), 2)
})

test.run()
