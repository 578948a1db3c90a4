import { Registry } from '../../../src/gossip/registry.js'
import {
  drainKey,
  drainKeysOf,
  type ProgramDrain,
  ProgramDrains,
  programDrainChanges,
  programDrainFrom,
  shareLeft,
} from '../../../src/node/programs/program-drains.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B } from '../sample.js'

const test = suite('node/programs/program-drains')
const DRAIN: ProgramDrain = { sinceMs: 1_000, deadlineMs: 11_000, isGradual: true, boot: undefined }

function written(...rows: readonly [string, ProgramDrain | undefined][]): Registry {
  const registry = new Registry(A)
  for (const [name, drain] of rows) {
    const changes = programDrainChanges(drain)
    if (changes === undefined) registry.remove(name, 6)
    else {
      assert.equal(registry.check(name, changes), [])
      registry.write(name, changes, 5)
    }
  }
  return registry
}

test('an order comes back from the registry as it was given, and what is no order is none', () => {
  for (const drain of [DRAIN, { ...DRAIN, deadlineMs: undefined, isGradual: false, boot: 7 }]) {
    assert.equal(programDrainFrom(written([drainKey(A), drain]).get(drainKey(A))), drain)
  }
  assert.is(programDrainFrom(undefined), undefined)
  assert.is(programDrainFrom({ sinceMs: 'soon' }), undefined)
  assert.equal(programDrainFrom({ sinceMs: 1, deadlineMs: 'x', gradual: 'x', boot: 'x', mood: 3 }), {
    ...DRAIN,
    sinceMs: 1,
    deadlineMs: undefined,
    isGradual: false,
  })
})

test('for a node or for one service there; undone it is over', () => {
  const drains = new ProgramDrains(written([drainKey(A, 'web'), DRAIN]), () => 1)
  assert.equal(
    [drains.isDrained('web', A), drains.isDrained('db', A), drains.isDrained('web', B)],
    [true, false, false],
  )
  assert.is(drains.standing('web', A)?.state, 'draining')
  const whole = new ProgramDrains(
    written([drainKey(A), DRAIN], [drainKey(B), DRAIN], [drainKey(B), undefined]),
    () => 1,
  )
  assert.equal([whole.isDrained('web', A), whole.isDrained('db', A), whole.isDrained('web', B)], [true, true, false])
})

test('orders are forgotten with the node or the service that they are about', () => {
  const keys = [drainKey(A), drainKey(A, 'web'), drainKey(B, 'web'), drainKey(B, 'db'), 'service/web', `node/${A}`]
  assert.equal(drainKeysOf(keys, { node: A }), keys.slice(0, 2))
  assert.equal(drainKeysOf(keys, { service: 'web' }), keys.slice(1, 3))
})

test('an order for one life of a node is over with its next start', () => {
  let boot = 7
  const drains = new ProgramDrains(written([drainKey(A), { ...DRAIN, boot: 7 }]), () => boot)
  assert.ok(drains.isDrained('web', A))
  boot = 8
  assert.not(drains.isDrained('web', A))
})

test('what may still stand: all until the deadline, or ever less; nothing after it', () => {
  const at = [0, 1_000, 6_000, 10_999, 11_000, 99_000]
  assert.equal(
    at.map((ms) => Number(shareLeft(DRAIN, ms).toFixed(2))),
    [1, 1, 0.5, 0, 0, 0],
  )
  assert.equal(
    at.map((ms) => shareLeft({ ...DRAIN, isGradual: false }, ms)),
    [1, 1, 1, 1, 0, 0],
  )
  assert.is(shareLeft({ ...DRAIN, deadlineMs: undefined }, 1e15), 1)
})

test.run()
