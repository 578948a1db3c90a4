import { formatEndpoint } from '../../src/base/address.js'
import { Prng } from '../../src/base/prng.js'
import { Absentees } from '../../src/gossip/absentees.js'
import { MemberTable } from '../../src/gossip/member-table.js'
import type { MemberState } from '../../src/gossip/messages.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId, profileOf } from './profiles.js'

const test = suite('gossip/absentees')

function absenteesOf(states: readonly MemberState[]): { absentees: Absentees; table: MemberTable } {
  const table = new MemberTable(nodeId(0), 8)
  for (const [index, state] of states.entries()) table.put({ profile: profileOf(index), state, incarnation: 0 }, 0)
  return { absentees: new Absentees(table, 4, new Prng(1)), table }
}

const asked = (absentees: Absentees, turns: number): string[] =>
  Array.from({ length: turns }, () => absentees.next()).flatMap((one) => (one ? [formatEndpoint(one.at)] : []))

test('each one is asked within two rounds, for ever', () => {
  const { absentees } = absenteesOf(['alive', 'down', 'alive', 'down', 'left', 'suspect'])
  absentees.remember(profileOf(7).gossip)
  for (let round = 0; round < 50; round++) {
    const addresses = new Set(asked(absentees, 6))
    assert.equal([...addresses].sort(), ['10.0.0.1:7000', '10.0.0.3:7000', '10.0.0.7:7000'])
  }
})

test('nobody is absent: nobody is asked', () => {
  assert.is(absenteesOf(['alive', 'suspect', 'left']).absentees.next(), undefined)
})

test('an address at which a member is known is left to the table', () => {
  const { absentees, table } = absenteesOf(['alive'])
  absentees.remember(profileOf(0).gossip)
  absentees.remember(profileOf(1).gossip)
  assert.equal(asked(absentees, 2), ['10.0.0.1:7000', '10.0.0.1:7000'])
  table.put({ profile: profileOf(1), state: 'alive', incarnation: 0 }, 0)
  assert.is(absentees.next(), undefined)
  table.put({ profile: profileOf(1), state: 'down', incarnation: 0 }, 0)
  assert.is(absentees.next()?.member?.profile.node, nodeId(1))
})

test('addresses beyond the bound are not taken', () => {
  const { absentees } = absenteesOf(['alive'])
  for (let index = 1; index < 8; index++) absentees.remember(profileOf(index).gossip)
  assert.is(new Set(asked(absentees, 50)).size, 4)
})

test.run()
