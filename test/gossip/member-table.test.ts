import { MemberTable } from '../../src/gossip/member-table.js'
import type { Claim, MemberState } from '../../src/gossip/messages.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId, profileOf } from './profiles.js'

const test = suite('gossip/member-table')

const claim = (index: number, state: MemberState, incarnation = 0, boot = 1): Claim => ({
  profile: profileOf(index, boot),
  state,
  incarnation,
  accuser: nodeId(0),
})

function tableOf(membersMax: number): MemberTable {
  const table = new MemberTable(nodeId(0), membersMax)
  table.put(claim(0, 'alive'), 0)
  return table
}

test('a member lives in its newest claim', () => {
  const table = tableOf(8)
  assert.is(table.store(claim(1, 'alive'), 1).type, 'stranger')
  assert.is(table.store(claim(1, 'suspect'), 2).type, 'newer')
  assert.is(table.store(claim(1, 'alive'), 3).type, 'older')
  assert.is(table.store(claim(1, 'alive', 1), 4).type, 'newer')
  assert.is(table.store(claim(1, 'down', 9, 2), 5).type, 'new-life')
  assert.is(table.get(nodeId(1))?.state, 'down')
})

test('a state begins once, even if its incarnation changes', () => {
  const table = tableOf(8)
  table.store(claim(1, 'alive'), 10)
  table.store(claim(1, 'alive', 5), 20)
  assert.is(table.get(nodeId(1))?.since, 10)
  table.store(claim(1, 'alive', 0, 2), 30)
  assert.is(table.get(nodeId(1))?.since, 30)
})

test('peers are the living others', () => {
  const table = tableOf(8)
  for (const [index, state] of (['alive', 'suspect', 'down', 'left'] as const).entries())
    table.store(claim(index + 1, state), 1)
  assert.equal(
    table.peers().map(({ profile }) => profile.node),
    [nodeId(1), nodeId(2)],
  )
  assert.equal(
    table.down().map(({ profile }) => profile.node),
    [nodeId(3)],
  )
  assert.is(table.liveCount, 3)
})

test('when full, the one longest dead gives way, and a living one never', () => {
  const table = tableOf(3)
  table.store(claim(1, 'down'), 1)
  table.store(claim(2, 'left'), 2)
  assert.is(table.store(claim(3, 'alive'), 3).type, 'stranger')
  assert.is(table.get(nodeId(1)), undefined)
  assert.is(table.store(claim(4, 'alive'), 4).type, 'stranger')
  assert.is(table.store(claim(5, 'alive'), 5).type, 'full')
  assert.is(table.all().length, 3)
  assert.ok(table.get(nodeId(0)))
})

test('tables that hold the same have the same digest, however they came to it', () => {
  const [a, b] = [tableOf(3), tableOf(3)]
  for (const one of [claim(1, 'alive'), claim(2, 'suspect'), claim(1, 'down')]) a.store(one, 1)
  for (const one of [claim(2, 'alive'), claim(1, 'down'), claim(2, 'suspect')]) b.store(one, 2)
  assert.match(a.digest, /^[0-9a-f]{16}$/)
  assert.is(a.digest, b.digest)
  b.store(claim(2, 'alive', 1), 3)
  assert.is.not(a.digest, b.digest)
  a.store(claim(2, 'alive', 1), 4)
  assert.is(a.digest, b.digest)
})

test('who was forgotten is not in the digest', () => {
  const [a, b] = [tableOf(2), tableOf(2)]
  for (const one of [claim(1, 'down'), claim(2, 'alive')]) a.store(one, 1)
  b.store(claim(2, 'alive'), 1)
  assert.is(a.digest, b.digest)
})

test.run()
