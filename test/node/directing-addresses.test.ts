/** Leases of owned addresses: when the address is taken, when the lanes hear of it, when it goes. */
import { canonicalIp } from '../../src/base/address.js'
import type { Term } from '../../src/base/ids.js'
import { type AddressKeeper, NOTHING_TO_TAKE, type Taken } from '../../src/node/addresses/address-keeper.js'
import { Directing } from '../../src/node/directing.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import { contestOf, type Service } from '../../src/proxy/service.js'
import { assert, suite } from '../harness/suite.js'
import { A, service } from './sample.js'

const test = suite('node/directing, addresses')
const TERM: Term = { number: 1, holder: A }
const IP = '10.0.0.100'
const [WEB, MAIL] = [service('web', 80), service('mail', 25)]
const GIVEN: Taken = { type: 'taken', given: true }

class Room {
  now = 0
  /** In the order in which things were said to lanes and keeper. */
  readonly said: string[] = []
  readonly unable: string[] = []
  standbys: readonly string[] = ['b', 'c']
  answer: (taken: Taken) => void = () => {}
  readonly leases = new LeaseSlots(LeaseSlots.bytes())
  readonly directing: Directing

  constructor(isSlow = false) {
    const keeper: AddressKeeper = {
      ...NOTHING_TO_TAKE,
      take: ({ contest, services }, answer) => {
        this.said.push(`take ${contest} for ${services.map(({ name }) => name).join()}`)
        this.answer = answer
        if (!isSlow) answer(GIVEN)
      },
      follow: (contest, services) => this.said.push(`follow ${contest} ${services.map(({ name }) => name).join()}`),
      renewed: (contest) => this.said.push(`renewed ${contest}`),
      ready: (contest, then) => {
        this.said.push(`ready ${contest}`)
        then()
      },
      known: (contest) => this.said.push(`known ${contest}`),
      release: (contest, { number }) => this.said.push(`release ${contest} ${number}`),
    }
    this.directing = new Directing({
      leases: this.leases,
      clock: { now: () => this.now },
      members: () => [],
      standbys: () => this.standbys,
      keeper,
      onUnable: (contest) => this.unable.push(contest),
      post: (message) => {
        if (message.type === 'direct') this.said.push(`direct ${message.service}${message.given ? ', given' : ''}`)
        if (message.type === 'standbys') this.said.push(`standbys of ${message.service}: ${message.standbys.join()}`)
        if (message.type === 'let-go') this.said.push(`let go ${message.service}`)
        if (message.type === 'undirect') this.said.push(`undirect ${message.service}`)
      },
    })
  }

  acquire(services: readonly Service[] = [WEB], number = 1): void {
    const [first = WEB] = services
    assert.ok(this.directing.acquired(contestOf(first), { number, holder: A }, 1_000, services))
  }

  serves(...names: string[]): void {
    for (const name of names) assert.ok(this.directing.heard({ type: 'serving', service: name, term: TERM }))
  }

  recovered(...names: string[]): void {
    const counts = { revived: 0, failed: 0, missing: [] }
    for (const name of names) {
      assert.ok(this.directing.heard({ type: 'recovered', service: name, term: TERM, ...counts }))
    }
  }

  known(...names: string[]): void {
    for (const name of names) assert.ok(this.directing.heard({ type: 'known', service: name, term: TERM }))
  }

  take(): string[] {
    return this.said.splice(0)
  }
}

test('an address is the contest of its services; where every host has it each service is one', () => {
  assert.is(canonicalIp(IP), IP)
  assert.equal([contestOf(WEB), contestOf(MAIL)], [IP, IP])
  assert.is(contestOf({ ...WEB, own: 'none' }), 'web')
  assert.is(contestOf({ ...WEB, address: '127.0.0.100' }), 'web', 'loopback addresses are everywhere')
  assert.is(contestOf({ ...WEB, own: 'hook', hook: '/bin/true' }), IP)
})

test('taken before the lanes hear, brought when all its services are served and have the splices of an earlier director', () => {
  const room = new Room()
  room.acquire([WEB, MAIL])
  assert.equal(room.take(), [`take ${IP} for web,mail`, 'direct web, given', 'direct mail, given'])
  room.serves('web')
  assert.equal(room.take(), [])
  room.serves('mail')
  room.recovered('mail')
  assert.equal(room.take(), [])
  room.recovered('web')
  assert.equal(room.take(), [`ready ${IP}`, 'let go web', 'let go mail'])
  room.directing.renewed(IP, TERM, 2_000)
  assert.equal(room.take(), [`renewed ${IP}`])
})

test('nothing is taken where every host has the address', () => {
  const room = new Room()
  room.acquire([{ ...WEB, own: 'none' }])
  assert.equal(room.take(), ['direct web'])
})

test('an end in order: clients are told so by the address, then it goes', () => {
  const room = new Room()
  room.acquire([WEB, MAIL])
  room.take()
  const { slot } = room.directing.get('web') ?? { slot: -1 }
  room.directing.lost(IP, 'node-stopping')
  assert.equal(room.take(), ['undirect web', 'undirect mail'])
  room.directing.released(slot)
  assert.equal(room.take(), [])
  room.directing.released(slot)
  assert.equal(room.take(), [`release ${IP} 1`])
})

test('after the deadline it is another\u2019s: it goes first', () => {
  const room = new Room()
  room.acquire()
  room.take()
  room.now = 1_000
  room.directing.lost(IP, 'lease-lost')
  assert.equal(room.take(), [`release ${IP} 1`, 'undirect web'])
})

test('its connections are known when those of all its services are', () => {
  const room = new Room()
  room.acquire([WEB, MAIL])
  room.take()
  room.known('web')
  assert.equal(room.take(), [])
  room.known('mail', 'mail')
  assert.equal(room.take(), [`known ${IP}`], 'once')
  assert.not(room.directing.heard({ type: 'known', service: 'web', term: { number: 2, holder: A } }))
})

test('who would be next is told with the lease, and when it is another', () => {
  const room = new Room()
  room.directing.followStandbys()
  room.acquire([WEB, MAIL])
  room.take()
  room.directing.followStandbys()
  assert.equal(room.take(), [], 'no news')
  room.standbys = ['c']
  room.directing.followStandbys()
  assert.equal(room.take(), ['standbys of web: c', 'standbys of mail: c'])
  room.directing.lost(IP, 'lease-lost')
  room.take()
  room.standbys = []
  room.directing.followStandbys()
  assert.equal(room.take(), [])
})

test('one that is lost while it is being taken is let go, and a late answer means nothing', () => {
  const room = new Room(true)
  room.acquire()
  const late = room.answer
  room.take()
  room.directing.lost(IP, 'other')
  assert.equal(room.take(), [`release ${IP} 1`])
  late(GIVEN)
  assert.equal([room.take(), room.directing.names()], [[], []])
  // Nobody looks at its slot: the next lease may have it.
  room.acquire([WEB], 2)
  assert.ok(room.directing.get('web') !== undefined)
})

test('an address that cannot be had is an obstacle of all its services, also when it is lost again later', () => {
  const room = new Room(true)
  room.acquire([WEB, MAIL])
  room.answer({ type: 'problem', why: 'has it on eth0 already' })
  assert.equal(room.unable, [IP])
  assert.equal(room.directing.obstacle('mail'), { why: 'has it on eth0 already' })
  const later = new Room()
  later.acquire()
  later.serves('web')
  later.answer({ type: 'problem', why: 'cannot bring it' })
  assert.equal([later.unable, later.directing.obstacle('web')], [[IP], { why: 'cannot bring it' }])
})

test('services that come to an address and leave it begin and end alone', () => {
  const room = new Room()
  room.acquire([WEB])
  room.serves('web')
  room.take()
  const { slot } = room.directing.get('web') ?? { slot: -1 }
  room.directing.follow(IP, [WEB, MAIL])
  assert.equal(room.take(), [`follow ${IP} web,mail`, 'direct mail, given'])
  room.directing.follow(IP, [MAIL])
  assert.equal(room.take(), [`follow ${IP} mail`, 'undirect web'])
  room.directing.released(slot)
  assert.equal(room.take(), [], 'the lease goes on')
  assert.is(room.directing.get('mail')?.slot, slot)
  room.acquire([service('other', 80, { address: '10.0.0.101' })])
  assert.is.not(room.directing.get('other')?.slot, slot, 'it is in use')
})

test('a new term of the same address takes it anew; the old one, let go later, takes nothing away', () => {
  const room = new Room()
  room.acquire([WEB])
  const { slot } = room.directing.get('web') ?? { slot: -1 }
  room.take()
  room.acquire([WEB], 2)
  assert.equal(room.take(), [`release ${IP} 1`, 'undirect web', `take ${IP} for web`, 'direct web, given'])
  room.directing.released(slot)
  assert.equal(room.take(), [])
})

test('a move: hushed and emptied when all services say so; nothing is brought meanwhile', () => {
  const room = new Room()
  room.acquire([WEB, MAIL])
  assert.ok(!room.directing.mayMove(IP), 'it has asked for the connections of the director before')
  room.serves('web', 'mail')
  room.recovered('web', 'mail')
  assert.ok(room.directing.mayMove(IP))
  assert.not(room.directing.isOpen(IP))
  const answer = (type: 'quiet' | 'moved-out' | 'let-gone', name: string) =>
    assert.ok(room.directing.heard({ type, service: name, term: TERM }))
  answer('let-gone', 'web')
  assert.not(room.directing.isOpen(IP))
  answer('let-gone', 'mail')
  assert.ok(room.directing.isOpen(IP))
  room.take()
  room.directing.hush(IP, () => room.said.push('hushed'))
  answer('moved-out', 'web')
  answer('quiet', 'web')
  answer('quiet', 'web')
  assert.equal(room.take(), [])
  answer('quiet', 'mail')
  assert.equal(room.take(), ['hushed'])
  room.directing.moveOut(IP, () => room.said.push('emptied'))
  assert.equal(room.take(), [`release ${IP} 1`])
  assert.equal(
    [room.directing.isOpen(IP), room.directing.mayMove(IP), room.directing.isMoving(IP)],
    [false, false, true],
  )
  answer('moved-out', 'web')
  room.serves('web')
  assert.equal(room.take(), [])
  room.directing.follow(IP, [WEB])
  assert.equal(
    room.take(),
    [`follow ${IP} web`, 'undirect mail', 'emptied'],
    'a service that was removed is not waited for',
  )
  room.directing.moveBack(IP)
  assert.equal(room.take(), [`release ${IP} 1`, 'undirect web', `take ${IP} for web`, 'direct web, given'])
  assert.not(room.directing.isMoving(IP))
})

test('once its services are served, and the move comes to nothing, another process can go on with the lease', () => {
  const room = new Room()
  room.acquire([WEB])
  room.serves('web')
  room.recovered('web')
  room.directing.heard({ type: 'known', service: 'web', term: TERM })
  const isCarried = () => room.directing.carried() !== undefined
  assert.ok(isCarried())
  room.directing.hush(IP, () => {})
  assert.not(isCarried())
  room.directing.heard({ type: 'quiet', service: 'web', term: TERM })
  assert.ok(isCarried())
})

test.run()
