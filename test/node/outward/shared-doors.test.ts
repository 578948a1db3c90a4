import { type ShareDoor, SharedDoors } from '../../../src/node/outward/shared-doors.js'
import type { Service } from '../../../src/proxy/service.js'
import { assert, suite } from '../../harness/suite.js'
import { service } from '../sample.js'

const test = suite('node/outward/shared-doors')

const OUT: Service = { ...service('web', 80), address: '192.0.2.9', outward: 1_080, outwardTo: 'any' }
const door = (more: Partial<ShareDoor> = {}): ShareDoor => {
  const at = { address: '127.0.0.1', port: OUT.outward }
  return { type: 'share-door', lane: 0, service: 'web', door: 'asked', at, fd: 10, ...more }
}

function doors() {
  const done: string[] = []
  const say = (what: string) => (fd: number) => void done.push(`${what} ${fd}`)
  const shared = new SharedDoors({ duplicate: (fd) => fd + 100, end: say('end'), close: say('close') })
  shared.follow([OUT])
  return { shared, done }
}
const fds = (copies: Iterable<{ readonly fd: number }>) => [...copies].map(({ fd }) => fd)

test('each lane gets a copy of its own, and so does whoever takes its place', () => {
  const { shared, done } = doors()
  const at = { address: '127.0.0.1', port: 40_001 }
  const all = [
    door(),
    door({ lane: 1, fd: 11 }),
    door({ door: 'led', at, fd: 12 }),
    door({ door: 'led', lane: 1, at, fd: 13 }),
  ]
  for (const one of all) assert.ok(shared.keep(one))
  assert.equal(fds(shared.copyOf(all[1] as ShareDoor)), [111])
  assert.equal(fds(shared.of(0)), [110, 112])
  assert.equal(fds(shared.of(1)), [111, 113])
  assert.equal(done, [])
})

test('what is not wanted any more is ended for all: when its service changes, and when it comes too late', () => {
  const { shared, done } = doors()
  shared.keep(door())
  shared.follow([{ ...OUT, outward: 1_081 }])
  assert.equal(done.splice(0), ['end 10', 'close 10'])
  assert.not(shared.keep(door({ fd: 12 })), 'the port before')
  assert.not(shared.keep(door({ service: 'other', fd: 13 })), 'a service that is gone')
  assert.not(shared.keep(door({ door: 'led', at: { address: '::1', port: 9 }, fd: 14 })), 'the family before')
  assert.equal(done, ['end 12', 'close 12', 'end 13', 'close 13', 'end 14', 'close 14'])
  assert.equal(fds(shared.of(0)), [])
})

test('a door that is opened anew takes the place of the one before', () => {
  const { shared, done } = doors()
  shared.keep(door())
  shared.keep(door({ fd: 20 }))
  assert.equal(done, ['close 10'])
  assert.equal(fds(shared.of(0)), [120])
})

test('without a free descriptor a lane has no copy', () => {
  const shared = new SharedDoors({ duplicate: () => -24, end: () => {}, close: () => {} })
  shared.follow([OUT])
  shared.keep(door())
  assert.equal(fds(shared.of(0)), [])
})

test.run()
