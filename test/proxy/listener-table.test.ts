import { LISTENERS_PER_NODE_MAX, type PublishedListener } from '../../src/proxy/listener.js'
import { ListenerTable, NODES_MAX, type ServingNode } from '../../src/proxy/listener-table.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/listener-table')

const serviceAddresses = new Set(['127.0.0.100'])

function serving(node: string, address: string): ServingNode {
  return { node, name: node.toUpperCase(), local: node === 'a', addresses: [address], serviceAddresses }
}

function listener(address: string, port: number): PublishedListener {
  return { address, port, uid: 0 }
}

const ALIVE = [serving('a', '127.0.0.11'), serving('b', '127.0.0.12'), serving('c', '127.0.0.13')]

/** Three nodes on one host: each sees, and publishes, the same table. */
function oneHost(...listeners: PublishedListener[]): ListenerTable {
  const table = new ListenerTable()
  for (const { node } of ALIVE) table.set(node, listeners)
  return table
}

function nodesOf(table: ListenerTable, port: number, alive = ALIVE): string {
  return table
    .candidates(port, alive)
    .map(({ node }) => node)
    .join('')
}

test('candidates are the nodes whose own listener it is', () => {
  const table = oneHost(listener('127.0.0.11', 80), listener('127.0.0.13', 80), listener('127.0.0.100', 80))
  assert.equal(table.candidates(80, ALIVE), [
    { node: 'a', name: 'A', address: '127.0.0.11', port: 80, local: true },
    { node: 'c', name: 'C', address: '127.0.0.13', port: 80, local: false },
  ])
  assert.equal(table.candidates(81, ALIVE), [])
})

test('a wildcard makes every node of the host a candidate, each at its address', () => {
  const table = oneHost(listener('0.0.0.0', 80))
  assert.equal(
    table.candidates(80, ALIVE).map(({ address }) => address),
    ['127.0.0.11', '127.0.0.12', '127.0.0.13'],
  )
})

test("a node's own address is preferred to the wildcard, whatever order they come in", () => {
  const both = [listener('::', 80), listener('10.0.0.1', 80), listener('127.0.0.1', 80)]
  for (const listeners of [both, [...both].reverse()]) {
    const table = new ListenerTable()
    table.set('x', listeners)
    assert.is(table.candidates(80, [serving('x', '10.0.0.1')])[0]?.address, '10.0.0.1')
  }
})

test('only those alive', () => {
  assert.is(nodesOf(oneHost(listener('0.0.0.0', 80)), 80, ALIVE.slice(1)), 'bc')
})

test('what a node says replaces what it said', () => {
  const table = oneHost(listener('0.0.0.0', 80))
  assert.is(nodesOf(table, 80), 'abc')
  table.set('b', [listener('0.0.0.0', 81)])
  assert.is(nodesOf(table, 80), 'ac')
  table.forget('c')
  assert.is(nodesOf(table, 80), 'a')
  assert.equal(table.listenersOf('b'), [listener('0.0.0.0', 81)])
  assert.equal(table.listenersOf('c'), [])
})

test('the answer is the same array until something changes', () => {
  const table = oneHost(listener('0.0.0.0', 80))
  const first = table.candidates(80, ALIVE)
  table.candidates(81, ALIVE)
  assert.is(table.candidates(80, ALIVE), first)
  assert.is.not(table.candidates(80, [...ALIVE]), first)
})

test('what it holds is bounded', () => {
  const table = new ListenerTable()
  const many = Array.from({ length: LISTENERS_PER_NODE_MAX + 1 }, (_, i) => listener('0.0.0.0', 65_535 - i))
  for (let i = 0; i < NODES_MAX; i++) assert.ok(table.set(`n${i}`, i === 0 ? many : []))
  assert.not.ok(table.set('one more', []))
  assert.ok(table.set('n1', []))
  assert.is(table.listenersOf('n0').length, LISTENERS_PER_NODE_MAX)
  assert.is(nodesOf(table, 65_535, [serving('n0', '10.0.0.1')]), '')
})

test('a program is reached by addresses of the other family too, where it listens on such', () => {
  const [node] = [serving('a', '10.0.0.1')]
  const other = (...listeners: PublishedListener[]) => {
    const table = new ListenerTable()
    table.set('a', listeners)
    const [best] = table.candidates(80, [node])
    return best === undefined ? 'none' : [best.address, table.otherAddress(node, best)]
  }
  assert.equal(other(listener('0.0.0.0', 80)), ['10.0.0.1', undefined])
  assert.equal(other(listener('0.0.0.0', 80), { ...listener('::', 80), v6only: true }), ['10.0.0.1', '::1'])
  assert.equal(other(listener('::', 80)), ['10.0.0.1', '::1'])
  assert.equal(other(listener('10.0.0.1', 80), listener('::1', 80)), ['10.0.0.1', '::1'])
  assert.is(other(listener('10.0.0.2', 80)), 'none')
})

test.run()
