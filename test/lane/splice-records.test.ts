/** Lines of the access log: what they say of each way in which a splice ends, and how many may wait. */
import { assert, suite } from '../harness/suite.js'
import { DirectingLane } from './directing-lane.js'
import { A, B, bytesOf, LinkUnderTest, open } from './link-under-test.js'

const test = suite('lane/splice-records')
const SNAPSHOT = new Uint8Array(32)

test('a line has both legs, the times, the bytes each way, and who ended it', () => {
  const lane = new DirectingLane()
  const client = lane.accept()
  lane.now += 2
  lane.openLast()
  const program = lane.lastProgram
  client.say(bytesOf('ping'))
  program.say(bytesOf('answer'))
  lane.now += 40
  program.sayEnd()
  lane.now += 10
  client.sayEnd()
  client.close('ended')
  program.close('ended')
  const [line] = lane.lines()
  assert.equal(line, {
    at: '1970-01-01T00:00:01.052Z',
    splice: 'aaaaaaaa-1-1',
    uniqueId: 'aaaaaaaa-1-1',
    service: 'web',
    direction: 'in',
    by: 'director',
    host: 'a',
    director: A,
    term: 1,
    client: '192.0.2.20:40000',
    destination: '192.0.2.10:80',
    node: 'a',
    backendFrom: '192.0.2.10:80',
    backend: '192.0.2.20:40000',
    attempts: 1,
    accepted: '1970-01-01T00:00:01.000Z',
    chosen: '1970-01-01T00:00:01.000Z',
    connected: '1970-01-01T00:00:01.002Z',
    chooseMs: 0,
    connectMs: 2,
    ms: 52,
    bytesUp: 4,
    bytesDown: 6,
    outcome: 'ended',
    reason: 'ended',
    closedBy: 'backend',
    detail: 'a',
    moves: 0,
    takeovers: 0,
  })
})

test('who ended it: the first FIN, an RST, or Baton itself', () => {
  const lane = new DirectingLane()
  const closedBy = (end: (splice: ReturnType<DirectingLane['splice']>) => void) => {
    end(lane.splice())
    const { outcome, reason, closedBy: who } = lane.lines().at(-1) ?? {}
    return [outcome, reason, who]
  }
  const finish = ({ client, program }: ReturnType<DirectingLane['splice']>, first: 'client' | 'program') => {
    const [one, other] = first === 'client' ? [client, program] : [program, client]
    one.sayEnd()
    other.sayEnd()
    client.close('ended')
    program.close('ended')
  }
  assert.equal(
    closedBy((splice) => finish(splice, 'client')),
    ['ended', 'ended', 'client'],
  )
  assert.equal(
    closedBy((splice) => finish(splice, 'program')),
    ['ended', 'ended', 'backend'],
  )
  assert.equal(
    closedBy(({ client }) => client.close('reset')),
    ['reset', 'peer-reset', 'client'],
  )
  assert.equal(
    closedBy(({ program }) => program.close('reset')),
    ['reset', 'peer-reset', 'backend'],
  )
  assert.equal(
    closedBy(() => {
      lane.now += 61_000
    }),
    ['reset', 'idle-limit', 'baton'],
  )
})

test('a client that no node served has a line too', () => {
  const lane = new DirectingLane()
  lane.lane.receive({ type: 'backends', service: 'web', seats: [] })
  lane.accept()
  const [line] = lane.lines()
  assert.equal(
    [line?.['outcome'], line?.['reason'], line?.['closedBy'], line?.['attempts'], line?.['connected']],
    ['refused', 'no-backend', 'baton', 0, undefined],
  )
})

test('both halves on a node that directs no more: what nobody can rebuild is over at once', () => {
  const lane = new DirectingLane()
  lane.splice()
  lane.lane.receive({ type: 'undirect', service: 'web', slot: 0, why: 'lease-lost' })
  assert.equal(
    lane.lines().map(({ by, outcome, reason, closedBy }) => [by, outcome, reason, closedBy]),
    [['director', 'reset', 'lease-lost', 'baton']],
  )
})

/** A backend half whose director is A, and what a later one hears of it. */
function served() {
  const room = new LinkUnderTest()
  room.hears({ ...open(2), snapshot: SNAPSHOT, uniqueId: 'edge/7\u009b2J' })
  room.programs.at(-1)?.open()
  const lines = () => {
    room.context.records?.flush()
    return room.posted
      .flatMap((m) => (m.type === 'access' ? m.text.trimEnd().split('\n') : []))
      .map((t) => {
        assert.not.match(t, /\p{C}/u, 'a terminal would obey it')
        return JSON.parse(t)
      })
  }
  const ask = (number: number, holder = B) => {
    const asker = { peer: { node: holder, name: 'x' }, isUp: true, say: () => {} }
    return room.backends.handOver('web', { number, holder }, asker, () => 0)?.[0]
  }
  const resume = (number: number, holder = B) =>
    room.backends.find({
      id: open(2).id,
      service: 'web',
      term: { number, holder },
      snapshot: new Uint8Array(0),
      snapshotAgeMs: 0,
    })
  return { room, lines, ask, resume }
}

test('the ledger counts takeovers and moves, and keeps a proxy’s name of the connection', () => {
  const { room, ask, resume } = served()
  const first = ask(6)
  assert.equal([first?.history, first?.uniqueId], [{ moves: 0, takeovers: 1 }, 'edge/7\u009b2J'])
  assert.equal(ask(7)?.history, { moves: 0, takeovers: 1 }, 'whoever asked before has not gone on with it')
  const bound = resume(7)
  if (typeof bound === 'string') throw new Error(bound)
  bound.backend.onFrozen(undefined)
  assert.equal(ask(8)?.history, { moves: 1, takeovers: 1 }, 'given up in order')
  resume(8)
  assert.equal(bound.backend.row(0).history, { moves: 1, takeovers: 1 }, 'asked once more by the same director')
  assert.equal(room.context.counters.accessDropped, 0)
})

test('a node tells of what no director goes on with, when it gives it up; not while one may', () => {
  const { room, lines, ask } = served()
  room.socket.close('reset')
  ask(6)
  room.backends.sweep(29_000)
  assert.equal(lines(), [])
  room.backends.sweep(31_000)
  const [line] = lines()
  assert.equal(
    [line.by, line.host, line.director, line.uniqueId, line.outcome, line.closedBy],
    ['backend', 'node-b', A, 'edge/7\u009b2J', 'reset', 'baton'],
  )
})

test('of what its director has ended itself, the node says nothing', () => {
  const { room, lines } = served()
  room.socket.close('reset')
  room.backends.sweep(31_000)
  assert.equal(lines(), [], 'that one lives, and has told of it')
})

test('nothing is kept of what is over', () => {
  const lane = new DirectingLane()
  const { client } = lane.splice()
  assert.is(lane.records.size, 1)
  client.close('reset')
  assert.is(lane.records.size, 0)
})

test('what finds no room is counted', () => {
  const { room } = served()
  const { records, counters } = room.context
  records?.add(Array.from({ length: 20_000 }, (_, i) => String(i)))
  const posted = room.posted.filter(({ type }) => type === 'access')
  assert.is(posted.length, 4, 'no more is handed over than is taken')
  assert.is(counters.accessDropped, 20_000 - 4 * 512 - 8_192)
  records?.taken()
  assert.is(room.posted.filter(({ type }) => type === 'access').length, 5)
})

test.run()
