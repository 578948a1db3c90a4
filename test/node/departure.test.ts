/** Who can be given up, as `baton forget` finds them; the node itself is a stand-in that does what it is told. */
import type { NodeId } from '../../src/base/ids.js'
import { Departure } from '../../src/node/departure.io.js'
import type { Node } from '../../src/node/node.io.js'
import { assert, suite } from '../harness/suite.js'
import { A, B, C, member } from './sample.js'

const test = suite('node/departure')

/** At node A, which knows of B and has no link; C has a seat, and nobody knows more of it. */
function atNodeA(): { departure: Departure; told: string[] } {
  let voters: readonly NodeId[] = [A, B, C]
  const told: string[] = []
  const node = {
    self: { node: A },
    knowledge: { members: [member(A), member(B, 'down')] },
    machines: {
      elections: { electorate: () => ({ epoch: 3, voters }), hasForgotten: () => false, isAmnesiac: false },
    },
    forget: (nodes: readonly NodeId[], force: boolean) => {
      told.push(`${nodes.map((id) => id[0]).join('')} ${force}`)
      voters = voters.filter((voter) => !nodes.includes(voter))
    },
  } as unknown as Node
  const departure = new Departure({ node, clock: { now: () => 0, wall: () => 0 }, linked: () => [], stop: () => {} })
  return { departure, told }
}

test('a seat whose owner nobody knows any more is given up by its id, as `status` shows it', async () => {
  const { departure, told } = atNodeA()
  const { gone } = await departure.forget([C.slice(0, 8)], true)
  assert.equal([told, gone], [['c true'], [{ id: C, name: C.slice(0, 8) }]])
})

test('who is no member and has no seat is unknown', async () => {
  const { departure } = atNodeA()
  const said = await departure.forget(['d'.repeat(8)], true).catch((error: Error) => error.message)
  assert.is(said, `there is no node ${'d'.repeat(8)}`)
})

test.run()
