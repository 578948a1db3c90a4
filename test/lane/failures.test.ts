import { Failures } from '../../src/lane/failures.js'
import type { FromLane } from '../../src/proxy/lane-protocol.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lane/failures')
const A = 'a'.repeat(32)
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

test.run()
