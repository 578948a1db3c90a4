/** Two lanes that end and begin connections of the same ends, in every order of their calls. */
import { leaveEntry } from '../../../src/kernel/bpf/held-entry.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('kernel/bpf/held-entry')
const [OLD, NEW] = [1, 2]

type Act = 'hold' | 'enter' | 'over' | 'remove'

/** `acts`: what the other lane does before each call of this one. */
function run(acts: readonly (readonly Act[])[]) {
  let entry: number | undefined = OLD
  const held = new Set<number>()
  let call = 0
  const does: Readonly<Record<Act, () => void>> = {
    hold: () => void held.add(NEW),
    enter: () => {
      entry = NEW
    },
    over: () => void held.delete(NEW),
    // The other lane's own call, in one.
    remove: () => {
      if (entry === NEW) entry = undefined
    },
  }
  const before = <T>(answer: () => T): T => {
    for (const act of acts[call++] ?? []) does[act]()
    return answer()
  }
  const take = () => {
    const was = entry
    entry = undefined
    return was
  }
  leaveEntry(
    {
      find: () => before(() => entry),
      takeOut: () => before(take),
      putBack: (slot) =>
        before(() => {
          entry ??= slot
        }),
      isHeld: (slot) => before(() => held.has(slot)),
    },
    OLD,
  )
  for (const rest of acts.slice(call)) for (const act of rest) does[act]()
  return { entry, isHeld: held.has(NEW) }
}

/** All ways to put `count` things in their order between so many calls. */
function* places(count: number, calls: number, from = 0): Generator<readonly number[]> {
  if (count === 0) return yield []
  for (let at = from; at < calls; at++) for (const rest of places(count - 1, calls, at)) yield [at, ...rest]
}

test('nobody else comes: it is there no more', () => {
  assert.equal(run([]), { entry: undefined, isHeld: false })
})

const CALLS = 9

/** Each act before the call of the same place. */
function inOrder(acts: readonly Act[], at: readonly number[]): Act[][] {
  return Array.from({ length: CALLS }, (_, call) => acts.filter((_act, i) => at[i] === call))
}

test('who begins and stays has the entry, and who begins and ends leaves none, whenever that is', () => {
  const [stays, ends]: [Act[], Act[]] = [
    ['hold', 'enter'],
    ['hold', 'enter', 'over', 'remove'],
  ]
  for (const at of places(stays.length, CALLS)) {
    assert.equal(run(inOrder(stays, at)), { entry: NEW, isHeld: true }, `it begins at ${at}`)
  }
  for (const at of places(ends.length, CALLS)) {
    assert.equal(run(inOrder(ends, at)), { entry: undefined, isHeld: false }, `it begins and ends at ${at}`)
  }
})

test('whoever enters before it says that it holds may be taken for one that is over', () => {
  const wrong: Act[] = ['enter', 'hold']
  const lost = [...places(wrong.length, CALLS)].filter((at) => run(inOrder(wrong, at)).entry !== NEW)
  assert.ok(lost.length > 0, 'this test sees it')
})

test.run()
