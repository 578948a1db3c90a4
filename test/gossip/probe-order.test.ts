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

/** The first round may be short, as members come while it runs; these are the next ones. */
function rounds(order: ProbeOrder, size: number, count: number): (string | undefined)[][] {
  for (let i = 0; i < size; i++) order.next()
  return Array.from({ length: count }, () => Array.from({ length: size }, () => order.next()))
}

test('everybody is probed once in each round', () => {
  for (const round of rounds(orderOf(7), 7, 10)) assert.is(new Set(round).size, 7)
})

test('each round has an order of its own: who comes last in one does not come last in all', () => {
  const orders = rounds(orderOf(7), 7, 20).map((round) => round.join(' '))
  assert.ok(new Set(orders).size >= 19, `${new Set(orders).size} orders in 20 rounds`)
})

test('members that join together are not probed by all in the same order', () => {
  const [one, other] = [1, 2].map((seed) => {
    const order = orderOf(7, seed)
    return Array.from({ length: 7 }, () => order.next())
  })
  assert.is.not(JSON.stringify(one), JSON.stringify(other))
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
