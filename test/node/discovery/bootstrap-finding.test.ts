import { bootstrapFinding } from '../../../src/node/discovery/bootstrap-finding.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/discovery/bootstrap-finding')
const AT = '10.0.0.1:49737'

test('a bootstrap node that answers, with too few nodes, and none', () => {
  assert.equal(
    [4, 2, 0, { why: 'no glibc' }].map((nodes) => bootstrapFinding(AT, nodes).level),
    ['ok', 'note', 'degraded', 'degraded'],
  )
  assert.is(bootstrapFinding(AT, 4).id, 'bootstrap/10.0.0.1:49737')
  assert.match(bootstrapFinding(AT, 0).cure ?? '', 'UDP ports 49737 to 49740')
  assert.match(bootstrapFinding(AT, { why: 'no glibc' }).found, 'no glibc')
})

test.run()
