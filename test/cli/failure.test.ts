import { BatonError } from '../../src/base/errors.js'
import { plain } from '../../src/cli/colour.js'
import { describeFailure, exitCodeOf, renderFailure } from '../../src/cli/failure.js'
import { editDistance, nearest } from '../../src/cli/nearest.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('cli/failure')

test('an exit code says what kind of failure it was', () => {
  const cases: [string, number][] = [
    ['ERR_STATE_UNWRITABLE', 1],
    ['ERR_INTERNAL', 1],
    ['ERR_USAGE', 2],
    ['ERR_SERVICE_INVALID', 2],
    ['ERR_NODE_NOT_RUNNING', 3],
    ['ERR_SERVICE_UNKNOWN', 4],
    ['ERR_SERVICE_EXISTS', 5],
    ['ERR_SERVICE_CONFLICT', 5],
    ['ERR_CONTROL_DENIED', 6],
    ['ERR_ABORTED', 130],
  ]
  for (const [code, exit] of cases) assert.is(exitCodeOf({ code, message: '' }), exit, code)
})

test('a token that was typed without its flag is not said again', () => {
  const error = Object.assign(new Error('Unexpected argument: baton-token-1-abc234abc'), { oclif: {} })
  assert.is(describeFailure(error).message, 'unexpected argument: baton-token-…')
})

test('a failure says what to try', () => {
  const error = new BatonError('ERR_X', 'first line\nsecond line that is a little longer than the screen', {
    hint: 'this',
  })
  assert.is(
    renderFailure(describeFailure(error), { width: 40, paint: plain }),
    ['Error: first line', '       second line that is a little', '       longer than the screen', 'Try:   this'].join(
      '\n',
    ),
  )
})

test('what a node says of fields is said of flags, as they were typed', () => {
  const said = (code: string, message: string, hint: string) => {
    const view = describeFailure(new BatonError(code, message, { hint }))
    return `${view.message} | ${view.hint}`
  }
  assert.is(
    said(
      'ERR_SERVICE_INVALID',
      "queueMs 99000 is not possible; sorry 'x' is no address",
      'give whole milliseconds from 100 to 60000, or 0',
    ),
    "--queue-timeout 99s is not possible; --sorry 'x' is no address | give a span from 100ms to 1m, or 0",
  )
  assert.is(
    said('ERR_ASSIGNMENT_INVALID', "routerPriority '-1' is not possible", 'give a whole number'),
    "--router-priority '-1' is not possible | give a whole number",
  )
  assert.is(
    said('ERR_SERVICE_CONFLICT', 'port 80 of 10.0.0.1 belongs to web', 'x'),
    'port 80 of 10.0.0.1 belongs to web | x',
  )
  assert.is(said('ERR_OTHER', 'queue x', 'x'), 'queue x | x')
})

test('an unexpected error is called a fault of ours', () => {
  const view = describeFailure(new TypeError('x is not a function'))
  assert.is(view.code, 'ERR_INTERNAL')
  assert.match(view.hint ?? '', 'fault of Baton')
})

test('a slip of the hand finds its word, another word does not', () => {
  const known = ['init', 'up', 'status', 'splices', 'why', 'demo', 'service add', 'service show']
  const cases: [string, string | undefined][] = [
    ['statsu', 'status'],
    ['stat', 'status'],
    ['splice', 'splices'],
    ['service ad', 'service add'],
    ['intit', 'init'],
    ['frobnicate', undefined],
  ]
  for (const [typed, meant] of cases) assert.is(nearest(typed, known), meant, typed)
})

test('the distance counts swaps of neighbours once', () => {
  assert.equal(
    [
      editDistance('', 'abc'),
      editDistance('abc', 'abc'),
      editDistance('status', 'statsu'),
      editDistance('kitten', 'sitting'),
    ],
    [3, 0, 1, 3],
  )
})

test.run()
