import { Directing } from '../../src/node/directing.js'
import type { ToLane } from '../../src/proxy/lane-protocol.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('node/directing')

const TERM = { number: 1, holder: 'a'.repeat(32) }

function bench() {
  const leases = new LeaseSlots(LeaseSlots.bytes())
  const posted: ToLane[] = []
  return { leases, posted, directing: new Directing(leases, (message) => posted.push(message)) }
}

test('a lost service stays without a lease while another is acquired, as long as the lane has not let it go', () => {
  const { leases, posted, directing } = bench()
  directing.acquired('web', TERM, 1_000)
  const slot = directing.get('web')?.slot ?? -1
  directing.lost('web', 'lease-lost')
  directing.acquired('db', TERM, 1_000)
  assert.not(leases.isHeld(slot, 500))
  assert.ok(leases.isHeld(directing.get('db')?.slot ?? -1, 500))
  assert.equal(posted.at(1), { type: 'undirect', service: 'web', slot, why: 'lease-lost' })
})

test('slots that the lane has let go are used again', () => {
  const { directing } = bench()
  for (let i = 0; i < 10_000; i++) {
    assert.ok(directing.acquired('web', TERM, 1_000), `round ${i}`)
    const slot = directing.get('web')?.slot ?? -1
    directing.lost('web', 'lease-lost')
    directing.released(slot)
  }
})

test.run()
