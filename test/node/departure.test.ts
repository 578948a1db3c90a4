import type { NodeId } from '../../src/base/ids.js'
import { realClock } from '../../src/base/real-clock.io.js'
import { Departure } from '../../src/node/departure.io.js'
import type { Node } from '../../src/node/node.io.js'
import { assert, suite } from '../harness/suite.js'
import { A, B, C, member } from './sample.js'

const test = suite('node/departure', 5_000)

/** Node A is the only voter of an electorate that a test changes; the others are members that do not vote. */
function oneVoter(linked: readonly NodeId[], others: readonly NodeId[]) {
  const electorate = { epoch: 1, voters: [A] }
  const asked: boolean[] = []
  const node = {
    self: member(A).profile,
    knowledge: { members: [A, ...others].map((node) => member(node)) },
    machines: { elections: { electorate: () => electorate } },
    prepareToLeave: (leaving: boolean) => {
      asked.push(leaving)
      electorate.voters = electorate.voters.slice(1)
    },
  } as unknown as Node
  let stopped = false
  const departure = new Departure({
    node,
    clock: realClock(undefined),
    linked: () => linked,
    stop: () => {
      stopped = true
    },
  })
  return { departure, electorate, asked, stopped: () => stopped }
}

test('the only voter does not leave while nobody can take its vote, and says what to do', async () => {
  const { departure, asked } = oneVoter([], [B, C])
  const refused = await departure.leave().then(
    () => undefined,
    (error: { code: string; hint: string }) => error,
  )
  assert.is(refused?.code, 'ERR_LEAVE_NO_QUORUM')
  assert.match(refused?.hint ?? '', 'start node-b, node-c')
  assert.equal(asked, [], 'it goes on as before')
})

test('the only voter waits until another votes, and leaves then', async () => {
  const { departure, electorate, asked, stopped } = oneVoter([B], [B])
  const left = departure.leave()
  assert.equal(asked, [], 'who leaves gives no seats to others')
  electorate.voters.push(B)
  await left
  assert.equal([asked, stopped()], [[true], true])
})

test.run()
