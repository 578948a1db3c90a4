import { assert, suite } from '../harness/suite.js'
import { RUNS, runs } from './laws.js'

const test = suite('lane/laws', 60_000)

test('links that break and come back soon cost no splice a byte', () => {
  const sum = runs('fair')
  assert.ok(
    sum.breaks > RUNS && sum.resumed > RUNS / 2 && sum.whole > RUNS && sum.crossings > RUNS && sum.called > RUNS / 4,
    JSON.stringify(sum),
  )
})

test('links that stay away, and nodes that go, end splices at both ends or at none', () => {
  const sum = runs('foul')
  assert.ok(sum.reset > RUNS / 10 && sum.whole > RUNS / 2, JSON.stringify(sum))
})

test.run()
