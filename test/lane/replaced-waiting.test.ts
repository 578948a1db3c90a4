/** Another process goes on with a full service and its queue. */
import type { CarriedRow } from '../../src/lane/carried.js'
import { assert, suite } from '../harness/suite.js'
import { DirectingLane } from './directing-lane.js'

const test = suite('lane/replaced, waiting')
const QUEUE_MS = 5_000
const FULL = { nodeConnections: 1, queueMs: QUEUE_MS }
const WAITING = 3

/** Of a lane with one client that is served, and others that came a moment after each other. */
function left(): CarriedRow[] {
  const room = new DirectingLane(0, undefined, FULL)
  room.splice()
  for (let i = 0; i < WAITING; i++) {
    room.now += 100
    room.accept()
  }
  room.now += 2_000
  return [...room.lane.rows()].map(({ row }) => row).filter(({ kind }) => kind === 'client' || kind === 'backend')
}

function waitingAt({ lane, heard }: DirectingLane): number | undefined {
  lane.receive({ type: 'query', query: 1, limit: 10 })
  const answer = heard.at(-1)
  return answer?.type === 'answer' ? answer.report.perService[0]?.placement?.waiting : undefined
}

test('those that wait stay behind those that are served, in their order, and for as long as they had left', () => {
  const rows = left()
  const room = new DirectingLane(0, undefined, FULL)
  room.now = 1_000 + 2_300
  const sockets = room.inheritAll(rows)
  const startedAt = (row: CarriedRow) => (row.kind === 'client' && row.joined === undefined ? row.startedAt : 0)
  const inOrder = rows
    .map((row, i) => ({ at: startedAt(row), socket: sockets[i] }))
    .filter(({ at }) => at > 0)
    .sort((a, b) => a.at - b.at)
  assert.is(inOrder.length, WAITING)
  assert.equal([room.dialled.length, waitingAt(room)], [0, WAITING], 'nobody has room')
  room.now = 1_000 + QUEUE_MS + 100
  room.lane.sweep(room.now)
  assert.equal(
    inOrder.map(({ socket }) => socket?.resets),
    [1, 0, 0],
    'the first one’s time is over',
  )
  const served = rows.findIndex((row) => row.kind === 'client' && row.joined !== undefined)
  sockets[served]?.close('reset')
  assert.equal([room.dialled.length, waitingAt(room)], [1, 1])
  room.openLast()
  assert.equal(
    inOrder.map(({ socket }) => socket?.paused),
    [true, false, true],
    'the second one is served',
  )
})

test('of several lanes each waits until all have counted those that are served', () => {
  const rows = left()
  const room = new DirectingLane(1, undefined, FULL)
  const sockets = room.inheritAll(rows)
  const served = rows.findIndex((row) => row.kind === 'client' && row.joined !== undefined)
  sockets[served]?.close('reset')
  room.lane.sweep(room.now)
  assert.is(room.dialled.length, 0)
  for (const task of room.soon.splice(0)) task()
  assert.equal([room.dialled.length, waitingAt(room)], [1, 2])
})

test('whoever was being dialled for had a place, and has it still', () => {
  const before = new DirectingLane()
  before.accept()
  const rows = [...before.lane.rows()].map(({ row }) => row).filter(({ kind }) => kind === 'client')
  const room = new DirectingLane(1)
  room.inheritAll(rows)
  assert.is(room.dialled.length, 1)
})

test('whose service is given up meanwhile is told', () => {
  const room = new DirectingLane(1, undefined, FULL)
  const rows = left()
  const sockets = room.inheritAll(rows)
  room.lane.receive({ type: 'undirect', service: 'web', why: 'service-removed', slot: 0 })
  for (const task of room.soon.splice(0)) task()
  assert.ok(rows.every((row, i) => row.kind !== 'client' || sockets[i]?.resets === 1))
})

test.run()
