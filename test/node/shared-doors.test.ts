import { SharedDoors, type ShareDoor } from '../../src/node/shared-doors.js'
import type { Service } from '../../src/proxy/service.js'
import { assert, suite } from '../harness/suite.js'
import { service } from './sample.js'

const test = suite('node/shared-doors')

const OUT: Service = { ...service('web', 80), address: '192.0.2.9', outward: 1_080, outwardTo: 'any' }
const door = (more: Partial<ShareDoor> = {}): ShareDoor => {
  const at = { address: '127.0.0.1', port: OUT.outward }
  return { type: 'share-door', service: 'web', door: 'asked', at, fd: 10, ...more }
}

function doors() {
  const closed: number[] = []
  const shared = new SharedDoors({ duplicate: (fd) => fd + 100, close: (fd) => void closed.push(fd) })
  shared.follow([OUT])
  return { shared, closed }
}

test('each lane gets a copy, also one that comes later', () => {
  const { shared, closed } = doors()
  assert.ok(shared.keep(door()))
  const led = door({ door: 'led', at: { address: '127.0.0.1', port: 40_001 }, fd: 11 })
  assert.ok(shared.keep(led))
  assert.equal(
    shared.copies([led]).map(({ fd }) => fd),
    [111],
  )
  assert.equal(
    shared.copies().map(({ fd, door }) => [door, fd]),
    [
      ['asked', 110],
      ['led', 111],
    ],
  )
  assert.equal(closed, [])
})

test('what is not wanted any more is closed: when its service changes, and when it comes too late', () => {
  const { shared, closed } = doors()
  shared.keep(door())
  shared.follow([{ ...OUT, outward: 1_081 }])
  assert.equal(closed, [10])
  assert.not(shared.keep(door({ fd: 12 })), 'the port before')
  assert.not(shared.keep(door({ service: 'other', fd: 13 })), 'a service that is gone')
  assert.not(shared.keep(door({ door: 'led', at: { address: '::1', port: 9 }, fd: 14 })), 'the family before')
  assert.equal(closed, [10, 12, 13, 14])
  assert.equal(shared.copies(), [])
})

test('a door that is opened anew takes the place of the one before', () => {
  const { shared, closed } = doors()
  shared.keep(door())
  shared.keep(door({ fd: 20 }))
  assert.equal(closed, [10])
  assert.equal(
    shared.copies().map(({ fd }) => fd),
    [120],
  )
})

test('without a free descriptor a lane has no copy', () => {
  const shared = new SharedDoors({ duplicate: () => -24, close: () => {} })
  shared.follow([OUT])
  shared.keep(door())
  assert.equal(shared.copies(), [])
})

test.run()
