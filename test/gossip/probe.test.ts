import { Prober } from '../../src/gossip/probe.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId, profileOf } from './profiles.js'

const test = suite('gossip/probe')
const target = { node: nodeId(1), boot: 1 }
const times = { deadline: 100, failsAt: 300 }
const asker = profileOf(2).gossip

test('a probe goes from direct to helpers to failed', () => {
  const prober = new Prober(0)
  prober.begin(target, times)
  assert.equal(prober.expire(99), [])
  assert.equal(
    prober.expire(100).map(({ type }) => type),
    ['ask-helpers'],
  )
  assert.is(prober.nextDeadline(), 300)
  assert.equal(
    prober.expire(300).map(({ type }) => type),
    ['failed'],
  )
  assert.is(prober.nextDeadline(), undefined)
})

test('only the target in its own life answers a probe', () => {
  const prober = new Prober(0)
  const { seq } = prober.begin(target, times)
  assert.is(prober.ack(seq, { node: nodeId(3), boot: 1 }), undefined)
  assert.is(prober.ack(seq, { ...target, boot: 2 }), undefined)
  assert.is(prober.ack(seq + 1, target), undefined)
  assert.ok(prober.ack(seq, target))
  assert.equal(prober.expire(1_000), [])
})

test('a nack counts for a helper that was asked, once', () => {
  const prober = new Prober(0)
  const { seq } = prober.begin(target, times)
  prober.nack(seq)
  prober.expire(100)
  prober.askedHelpers(seq, 2)
  for (let i = 0; i < 3; i++) prober.nack(seq)
  const [failed] = prober.expire(300)
  assert.ok(failed?.type === 'failed' && failed.probe.nacksHeard === 2)
})

test('a helper says when it got no answer', () => {
  const prober = new Prober(0)
  const errand = prober.run({ target, asker, askerSeq: 77, deadline: 100 })
  assert.ok(errand)
  assert.equal(prober.expire(100), [{ type: 'nack', errand }])
})

test('errands are bounded', () => {
  const prober = new Prober(0)
  const taken = Array.from({ length: 1_000 }, () => prober.run({ target, asker, askerSeq: 1, deadline: 100 }))
  assert.is(taken.filter((errand) => errand !== undefined).length, 256)
})

test('a stall gives every probe its remaining time again, and time to read what arrived', () => {
  const prober = new Prober(0)
  prober.begin(target, times)
  prober.excuse(5_000, 100, 5_099)
  assert.equal(prober.expire(5_198), [])
  assert.is(prober.expire(5_199)[0]?.type, 'ask-helpers')
  assert.is(prober.nextDeadline(), 5_399)
})

test('sequence numbers wrap past 0, which means that nobody waits', () => {
  const prober = new Prober(2 ** 32 - 2)
  assert.is(prober.seq(), 2 ** 32 - 1)
  assert.is(prober.seq(), 1)
})

test.run()
