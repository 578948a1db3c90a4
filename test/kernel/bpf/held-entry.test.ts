/** Two lanes that end and begin connections of the same ends, in every order of their calls. */
import { leaveEntry } from '../../../src/kernel/bpf/held-entry.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('kernel/bpf/held-entry')
const [OLD, NEW] = [1, 2]

/** `acts`: what the other lane does before each call of this one. */
function run(acts: readonly (readonly ('begin' | 'over' | 'remove')[])[]) {
  let entry: number | undefined = OLD
  const held = new Set<number>()
  let call = 0
  const does = {
    begin: () => {
      held.add(NEW)
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

test('who begins and stays has the entry, and who begins and ends leaves none, whenever that is', () => {
  const calls = 9
  for (const [at = 0] of places(1, calls)) {
    const acts = Array.from({ length: calls }, (_, i) => (i === at ? (['begin'] as const) : []))
    assert.equal(run(acts), { entry: NEW, isHeld: true }, `it begins before call ${at}`)
  }
  for (const [begin = 0, over = 0, remove = 0] of places(3, calls)) {
    const acts = Array.from({ length: calls }, (_, i) => [
      ...(i === begin ? (['begin'] as const) : []),
      ...(i === over ? (['over'] as const) : []),
      ...(i === remove ? (['remove'] as const) : []),
    ])
    assert.equal(run(acts), { entry: undefined, isHeld: false }, `${begin}, ${over}, ${remove}`)
  }
})

test.run()
