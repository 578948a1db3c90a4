import { GoingOn } from '../../../src/node/succession/going-on.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/succession/going-on')

test('a lease of the process before counts as kept with the first renewal by a majority, and once', () => {
  const leases = new GoingOn()
  leases.carry({ contest: 'web', deadline: 1_000 })
  assert.is(leases.renewed('web', 1_000, 700), undefined, 'its own vote alone moves no deadline')
  assert.is(leases.renewed('other', 2_000, 700), undefined)
  assert.equal(leases.renewed('web', 1_120.4, 760.2), { ms: 120, leftMs: 240 })
  assert.is(leases.renewed('web', 1_220, 860), undefined)
})

test('one that was lost is not kept, whatever is won afterwards', () => {
  const leases = new GoingOn()
  leases.carry({ contest: 'web', deadline: 1_000 })
  leases.lost('web')
  assert.is(leases.renewed('web', 1_500, 1_100), undefined)
})

test.run()
