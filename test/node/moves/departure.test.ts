/** Who leaves and who can be given up; the node itself is a stand-in that does what it is told. */
import type { NodeId } from '../../../src/base/ids.js'
import { realClock } from '../../../src/base/real-clock.io.js'
import { Departure } from '../../../src/node/moves/departure.io.js'
import type { Node } from '../../../src/node/node.io.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B, C, member } from '../sample.js'

const test = suite('node/moves/departure', 5_000)

/** Node A is the only voter of an electorate that a test changes; the others are members that do not vote. */
function oneVoter(linked: readonly NodeId[], others: readonly NodeId[]) {
  const electorate = { epoch: 1, voters: [A] }
  const asked: boolean[] = []
  const node = {
    self: member(A).profile,
    knowledge: { members: [A, ...others].map((node) => member(node)) },
    machines: { elections: { electorate: () => electorate }, registry: { get: () => undefined, entries: () => [] } },
    prepareToLeave: (leaving: boolean) => {
      asked.push(leaving)
      electorate.voters = electorate.voters.slice(1)
    },
  } as unknown as Node
  let stopped = false
  const dismissed: NodeId[] = []
  const departure = new Departure({
    node,
    keys: { dismiss: (nodes) => void dismissed.push(...nodes) },
    clock: realClock(undefined),
    linked: () => linked,
    stop: () => {
      stopped = true
    },
  })
  return { departure, electorate, asked, dismissed, stopped: () => stopped }
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
  const { departure, electorate, asked, dismissed, stopped } = oneVoter([B], [B])
  const left = departure.leave()
  assert.equal(asked, [], 'who leaves gives no seats to others')
  electorate.voters.push(B)
  await left
  assert.equal([asked, stopped(), dismissed], [[true], true, [A]], 'its place in the keyring goes with it')
})

/** At node A, which knows of B and has no link; C has a seat, and nobody knows more of it. */
function atNodeA(): { departure: Departure; told: string[] } {
  let voters: readonly NodeId[] = [A, B, C]
  const told: string[] = []
  const node = {
    self: { node: A },
    knowledge: { members: [member(A), member(B, 'down')] },
    machines: {
      elections: { electorate: () => ({ epoch: 3, voters }), hasForgotten: () => false, isAmnesiac: false },
      registry: { get: () => undefined, entries: () => [] },
    },
    forget: (nodes: readonly NodeId[], force: boolean) => {
      told.push(`${nodes.map((id) => id[0]).join('')} ${force}`)
      voters = voters.filter((voter) => !nodes.includes(voter))
    },
  } as unknown as Node
  const departure = new Departure({
    node,
    keys: { dismiss: (nodes) => void told.push(`dismissed ${nodes.map((id) => id[0]).join('')}`) },
    clock: { now: () => 0, wall: () => 0 },
    linked: () => [],
    stop: () => {},
  })
  return { departure, told }
}

test('a seat whose owner nobody knows any more is given up by its id, as `status` shows it', async () => {
  const { departure, told } = atNodeA()
  const { gone } = await departure.forget([C.slice(0, 8)], true)
  assert.equal([told, gone], [['c true', 'dismissed c'], [{ id: C, name: C.slice(0, 8) }]])
})

test('who is no member and has no seat is unknown', async () => {
  const { departure } = atNodeA()
  const said = await departure.forget(['d'.repeat(8)], true).catch((error: Error) => error.message)
  assert.is(said, `there is no node ${'d'.repeat(8)}`)
})

test.run()
