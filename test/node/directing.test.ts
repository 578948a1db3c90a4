import type { Term } from '../../src/base/ids.js'
import { NOTHING_TO_TAKE } from '../../src/node/addresses/address-keeper.js'
import { Directing, describeObstacle, reasonOfLoss } from '../../src/node/directing.js'
import type { ToLane } from '../../src/proxy/lane-protocol.js'
import { LEASE_SLOTS_MAX, LeaseSlots } from '../../src/proxy/lease-slots.js'
import { assert, suite } from '../harness/suite.js'
import { A, B, service } from './sample.js'

const test = suite('node/directing')
const TERM = { number: 1, holder: A }
const AT = { address: '10.0.0.100', port: 80 }

function room() {
  const leases = new LeaseSlots(LeaseSlots.bytes())
  const posted: ToLane[] = []
  /** Held at the moment of each message. */
  const heldThen: boolean[] = []
  const post = (message: ToLane) => {
    posted.push(message)
    heldThen.push(leases.isHeld(0, 500))
  }
  const [clock, onUnable] = [{ now: () => 0 }, () => {}]
  const nobody = () => []
  const parts = { leases, clock, post, keeper: NOTHING_TO_TAKE, members: nobody, standbys: nobody, onUnable }
  const directing = new Directing(parts)
  /** Of one service, by its name. */
  const acquired = (name: string, term: Term, deadline: number) => {
    return directing.acquired(name, term, deadline, [service(name, 80, { own: 'none' })])
  }
  const slotOf = (name: string) => directing.get(name)?.slot ?? -1
  return { directing, acquired, leases, posted, heldThen, slotOf }
}

test('a lease reaches the lane’s memory before the lane hears of it, and leaves it before the lane hears of that', () => {
  const { directing, acquired, posted, heldThen } = room()
  assert.ok(acquired('web', TERM, 1_000))
  directing.lost('web', 'lease-lost')
  assert.equal(posted, [
    { type: 'direct', service: 'web', term: TERM, slot: 0 },
    { type: 'undirect', service: 'web', slot: 0, why: 'lease-lost' },
  ])
  assert.equal(heldThen, [true, false])
  assert.equal(directing.names(), [])
})

test('what is lost twice, or was never held, is told to nobody', () => {
  const { directing, posted } = room()
  directing.lost('web', 'lease-lost')
  assert.equal(posted, [])
})

test('only a renewal of the very term pushes the deadline forward', () => {
  const { directing, acquired, leases } = room()
  acquired('web', TERM, 1_000)
  directing.renewed('web', { number: 1, holder: B }, 9_000)
  directing.renewed('web', { number: 0, holder: A }, 9_000)
  directing.renewed('other', TERM, 9_000)
  assert.not(leases.isHeld(0, 1_000))
  directing.renewed('web', TERM, 2_000)
  assert.ok(leases.isHeld(0, 1_999))
})

test('a new term ends the old one first', () => {
  const { acquired, posted } = room()
  acquired('web', TERM, 1_000)
  acquired('web', { number: 2, holder: A }, 2_000)
  assert.equal(
    posted.map(({ type }) => type),
    ['direct', 'undirect', 'direct'],
  )
})

test('the lane may still look at a slot that was let go: the next lease, of any service, gets another', () => {
  const { directing, acquired, leases, slotOf } = room()
  acquired('web', TERM, 1_000)
  const before = slotOf('web')
  directing.lost('web', 'lease-lost')
  acquired('mail', TERM, 5_000)
  acquired('web', { number: 2, holder: A }, 5_000)
  assert.not(leases.isHeld(before, 0), 'a director of the lost term has no lease')
  assert.is.not(slotOf('mail'), slotOf('web'))
})

test('slots come round: any number of leases in turn, and as many at once as there are slots', () => {
  const { directing, acquired, leases, slotOf } = room()
  for (let number = 1; number <= 2 * LEASE_SLOTS_MAX; number++) {
    assert.ok(acquired('web', { number, holder: A }, 1_000))
    const slot = slotOf('web')
    directing.lost('web', 'lease-lost')
    directing.released(slot)
  }
  assert.ok(acquired('web', TERM, 1_000))
  for (let i = 1; i < LEASE_SLOTS_MAX; i++) assert.ok(acquired(`s${i}`, TERM, 1_000), `service ${i}`)
  assert.is(new Set(directing.names().map(slotOf)).size, LEASE_SLOTS_MAX)
  assert.not(acquired('one-more', TERM, 1_000))
  assert.is(directing.get('one-more'), undefined)
  const slot = slotOf('s7')
  directing.lost('s7', 'lease-lost')
  assert.not(acquired('one-more', TERM, 1_000), 'the lane may still look at it')
  directing.released(slot)
  assert.ok(acquired('one-more', TERM, 1_000))
  assert.ok(leases.isHeld(slotOf('one-more'), 0))
})

test('what the lane says counts for the term that it is about', () => {
  const { directing, acquired } = room()
  const stale = { number: 1, holder: B }
  acquired('web', TERM, 1_000)
  assert.not(directing.heard({ type: 'cannot-serve', service: 'web', term: stale, at: AT, code: 'EADDRINUSE' }))
  assert.not(directing.heard({ type: 'serving', service: 'web', term: stale }))
  assert.equal([directing.get('web')?.state, directing.obstacle('web')], ['starting', undefined])
  assert.ok(directing.heard({ type: 'serving', service: 'web', term: TERM }))
  assert.is(directing.get('web')?.state, 'serving')
})

test('an obstacle stays after the lease is given away, until the service is served from here or changed', () => {
  const { directing, acquired } = room()
  const fail = (number: number) => {
    acquired('web', { number, holder: A }, 1_000)
    directing.heard({
      type: 'cannot-serve',
      service: 'web',
      term: { number, holder: A },
      at: AT,
      code: 'EACCES',
    })
  }
  fail(1)
  directing.lost('web', 'other')
  assert.equal(directing.obstacle('web'), { at: AT, code: 'EACCES' })
  acquired('web', { number: 2, holder: A }, 1_000)
  directing.heard({ type: 'serving', service: 'web', term: { number: 2, holder: A } })
  assert.is(directing.obstacle('web'), undefined)
  fail(3)
  directing.forgetObstacle('web')
  assert.is(directing.obstacle('web'), undefined)
})

test('an obstacle names node, address and code, and the way out where there is a known one', () => {
  assert.match(
    describeObstacle({ at: AT, code: 'EADDRINUSE' }, 'node-a'),
    /^node-a cannot listen on 10\.0\.0\.100:80: EADDRINUSE; another program listens there/,
  )
  assert.is(describeObstacle({ at: AT, code: 'EWHAT' }, 'node-a'), 'node-a cannot listen on 10.0.0.100:80: EWHAT')
})

test('a backend hears why its director went: the node stops, the service is gone, or the lease ran out', () => {
  assert.equal(
    [reasonOfLoss(true, true), reasonOfLoss(true, false), reasonOfLoss(false, true), reasonOfLoss(false, false)],
    ['node-stopping', 'node-stopping', 'lease-lost', 'service-removed'],
  )
})

test('what another process has held is gone on with: lanes direct, and nobody is asked for splices', () => {
  const before = room()
  before.acquired('web', TERM, 1_000)
  assert.is(before.directing.carried(), undefined, 'not before it is served')
  before.directing.heard({ type: 'serving', service: 'web', term: TERM })
  const [lease] = before.directing.carried() ?? []
  if (lease === undefined) throw new Error('no lease')
  const after = room()
  after.directing.adopt(structuredClone(lease), [service('web', 80, { own: 'none' })])
  assert.equal(after.posted, [{ type: 'direct', service: 'web', term: TERM, slot: 0, given: false, standbys: [] }])
  assert.equal(after.heldThen, [true], 'the deadline is in the lanes’ memory first')
  after.directing.heard({ type: 'serving', service: 'web', term: TERM })
  assert.equal(after.directing.carried(), [lease])
})

test.run()
