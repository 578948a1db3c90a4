import { Failures } from '../../src/lane/failures.js'
import { Seats } from '../../src/lane/seats.js'
import type { FromLane } from '../../src/proxy/lane-protocol.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lane/failures')
const [A, B] = ['a'.repeat(32), 'b'.repeat(32)]
const node = { node: A, name: 'a' }

test('refusals and early resets are counted until they are told of, where the service asks for it', () => {
  const failures = new Failures()
  const said: FromLane[] = []
  const web = { name: 'web', passiveLimit: 3 }
  failures.refused({ name: 'db', passiveLimit: 0 }, node, 'connect-refused', '')
  failures.refused(web, node, 'link-lost', 'no data link to the node')
  failures.refused(web, node, 'no-listener', '')
  failures.tell((message) => said.push(message))
  assert.equal(said, [], 'news of a listener or of a link is nobody’s fault')
  failures.refused(web, node, 'connect-refused', 'ECONNREFUSED')
  failures.reset(web, node)
  for (let i = 0; i < 2; i++) failures.tell((message) => said.push(message))
  assert.equal(said, [
    { type: 'backend-failed', service: 'web', node: A, count: 2, what: 'reset before the first byte' },
  ])
})

test('only who is healthy takes connections; a port of which nobody does is still known', () => {
  const table = new Seats(A)
  table.set('web', [
    { node: A, name: 'a', port: 80, state: 'healthy' },
    { node: B, name: 'b', port: 80, state: 'unhealthy' },
    { node: B, name: 'b', port: 81, state: 'draining' },
    { node: B, name: 'b', port: 82 },
  ])
  assert.equal(
    table.at('web', 80).map(({ name, local }) => [name, local]),
    [['a', true]],
  )
  assert.equal([table.at('web', 81).length, table.at('web', 82).length, table.at('db', 80).length], [0, 1, 0])
  assert.equal(table.portsOf('web'), [80, 81, 82])
  assert.is(table.at('web', 80), table.at('web', 80), 'the same array while nothing changes')
  table.retain(new Set())
  assert.equal(table.portsOf('web'), [])
})

test.run()
