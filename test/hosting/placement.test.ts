import { betterPlace, placesFor } from '../../src/hosting/placement.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('hosting/placement')
const node = (name: string, load = 0) => ({ node: name.repeat(8), name, load })
const NODES = [node('a', 2), node('b', 0), node('c', 1)]

function order(placement: 'balanced' | 'favoured' | 'restricted', hosting = '', nodes = NODES): string {
  return placesFor('db', { placement, hosting }, nodes)
    .map(({ name }) => name)
    .join('')
}

test('balanced: the fewest first; of named nodes, if some are named', () => {
  assert.is(order('balanced'), 'bca')
  assert.is(order('balanced', 'a,c'), 'ca')
})

test('favoured: the named in their order, then the others; restricted: nobody else', () => {
  assert.is(order('favoured', 'c,x,a'), 'cab')
  assert.is(order('restricted', 'c,x,a'), 'ca')
  assert.is(order('restricted', 'x'), '')
})

test('equals have an order that all share, and that differs between services', () => {
  const equal = Array.from({ length: 8 }, (_, i) => node(`n${i}`))
  const first = (service: string) => placesFor(service, { placement: 'balanced', hosting: '' }, equal)[0]?.name
  assert.is(first('db'), placesFor('db', { placement: 'balanced', hosting: '' }, [...equal].reverse())[0]?.name)
  assert.ok(new Set(Array.from({ length: 20 }, (_, i) => first(`s${i}`))).size > 3)
})

test('a better place is one that makes a difference', () => {
  const better = (present: string, nodes = NODES) =>
    betterPlace('db', { placement: 'balanced', hosting: '' }, nodes, present.repeat(8))?.[0]
  assert.is(better('a'), 'b')
  assert.is(better('b'), undefined)
  assert.is(better('c', [node('b', 1), node('c', 1)]), undefined)
  assert.is(betterPlace('db', { placement: 'favoured', hosting: 'c,a' }, NODES, 'a'.repeat(8)), 'c'.repeat(8))
})

test.run()
