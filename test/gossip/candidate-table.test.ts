import { CandidateTable } from '../../src/gossip/candidate-table.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('gossip/candidate-table')
const TIMES = { candidateIntervalMs: 500, candidateExpiryMs: 30_000 }
const at = (i: number) => ({ address: `10.0.0.${i}`, port: 7_440 })

function filled(count: number): CandidateTable {
  const table = new CandidateTable(TIMES)
  for (let i = 0; i < count; i++) table.add(at(i), i, undefined, 0)
  return table
}

const due = (table: CandidateTable, now: number) => table.due(now).map(({ seq }) => seq)

test('an address is pinged at once and again until it expires, under one number', () => {
  const table = filled(1)
  for (const now of [0, 500, 1_000]) assert.equal(due(table, now), [0])
  assert.equal(due(table, 1_001), [])
  table.add(at(0), 7, undefined, 1_001)
  assert.equal(due(table, 1_500), [0])
  assert.equal(due(table, 40_000), [])
  assert.is(table.nextDeadline(), undefined)
})

test('a full table has room for one that is new, in place of the first that was pinged', () => {
  const table = filled(64)
  assert.is(due(table, 0).length, 64)
  table.add(at(100), 100, undefined, 10)
  assert.equal(due(table, 10), [100])
  const next = due(table, 500)
  assert.is(next.length, 63)
  assert.not(next.includes(0))
})

test('nobody gives way who was not pinged yet', () => {
  const table = filled(65)
  assert.equal(
    due(table, 0),
    Array.from({ length: 64 }, (_, i) => i),
  )
})

test.run()
