import { Grant } from '../../src/proxy/credit.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/credit')

test('new credit is due at a quarter of the window', () => {
  const grant = new Grant(1_000)
  assert.equal([grant.covers(1_000), grant.covers(1_001)], [true, false])
  assert.equal([grant.isDue(249), grant.isDue(250)], [false, true])
  grant.told(250)
  assert.equal([grant.limit, grant.isDue(499), grant.isDue(500)], [1_250, false, true])
})

test('last bytes may go beyond it; the next director, who was not told of that, gets new credit as early as any', () => {
  const grant = new Grant(1_000)
  grant.extend(50_000)
  assert.equal([grant.covers(51_000), grant.covers(51_001)], [true, false])
  grant.told(100)
  assert.equal([grant.limit, grant.isDue(349), grant.isDue(350)], [1_100, false, true])
})

test.run()
