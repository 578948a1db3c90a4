import { Prng } from '../../src/base/prng.js'
import { ProbeOrder } from '../../src/gossip/probe-order.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId } from './profiles.js'

const test = suite('gossip/probe-order')

function orderOf(size: number, seed = 1): ProbeOrder {
  const order = new ProbeOrder(new Prng(seed))
  for (let index = 0; index < size; index++) order.add(nodeId(index))
  return order
}

test('everybody is probed once in each round', () => {
  const order = orderOf(7)
  // The first round may be short: members came while it ran.
  for (let i = 0; i < 7; i++) order.next()
  const probes = Array.from({ length: 70 }, () => order.next())
  for (const node of new Set(probes)) assert.is(probes.filter((probed) => probed === node).length, 10)
  assert.is(new Set(probes).size, 7)
})

test('nobody waits longer than two rounds, whoever comes and goes meanwhile', () => {
  const order = orderOf(10)
  const random = new Prng(5)
  let waited = 0
  for (let i = 0; i < 2_000; i++) {
    waited = order.next() === nodeId(0) ? 0 : waited + 1
    assert.ok(waited <= 2 * 20, `waited ${waited} probes`)
    const guest = nodeId(1 + random.below(19))
    if (random.chance(0.1)) order.remove(guest)
    if (random.chance(0.1)) order.add(guest)
  }
})

test('nobody to probe is an answer', () => {
  const order = orderOf(1)
  assert.is(order.next(), nodeId(0))
  order.remove(nodeId(0))
  assert.is(order.next(), undefined)
})

test.run()
