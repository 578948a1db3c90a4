import type { LocalPreference } from '../../src/proxy/schedule/rules.js'
import type { Candidate } from '../../src/proxy/schedule/scheduler.js'
import { assert, suite } from '../harness/suite.js'
import { chooserOf, NONE, nodeOf } from './choosers.js'

const test = suite('proxy/schedule/local-policy')

/** Capital letters are the director's own host. */
function candidates(nodes: string): Candidate[] {
  return [...nodes].map((node) => ({ node, name: node, port: 80, local: node < 'a' }))
}

function picks(local: LocalPreference, nodes: string, count: number): string {
  const { chooser } = chooserOf({ local })
  const among = candidates(nodes)
  return Array.from({ length: count }, () => nodeOf(chooser.pick(among, NONE, ''))).join('')
}

test('last: the own host serves only alone', () => {
  assert.is(picks('last', 'Lab', 4), 'abab')
  assert.is(picks('last', 'L', 2), 'LL')
  assert.is(picks('last', '', 1), '-')
})

test('first: the own host serves alone', () => {
  assert.is(picks('first', 'LMab', 4), 'LMLM')
  assert.is(picks('first', 'ab', 4), 'abab')
})

test('equal: the own host is one of all', () => {
  assert.is(picks('equal', 'Lab', 6), 'LabLab')
})

test('those less wanted serve a connection that all others refused', () => {
  const rows: [LocalPreference, string, string][] = [
    ['last', 'ab', 'L'],
    ['first', 'L', 'a'],
  ]
  for (const [local, refused, expected] of rows) {
    const { chooser } = chooserOf({ local })
    assert.is(nodeOf(chooser.pick(candidates('Lab'), new Set(refused), '')), expected, local)
  }
})

test('what the own host serves does not disturb the rotation of the others', () => {
  const { chooser } = chooserOf({ local: 'last' })
  const all = candidates('Labc')
  const turns = [all, candidates('L'), all, candidates('L'), all].map((among) => nodeOf(chooser.pick(among, NONE, '')))
  assert.is(turns.join(''), 'aLbLc')
})

test.run()
