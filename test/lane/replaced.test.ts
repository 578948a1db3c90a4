/** A lane whose process is replaced, again and again: the laws of splices hold as if nothing had been. */
import { assert, suite } from '../harness/suite.js'
import { RUNS, runs } from './laws.js'

const test = suite('lane/replaced', 60_000)

test('processes that take the place of others cost no splice a byte', () => {
  const sum = runs('replaced')
  assert.ok(sum.replaced > RUNS && sum.whole > RUNS, JSON.stringify(sum))
})

test.run()
