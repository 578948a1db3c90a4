/** Who had the last word, and what is known to have come: whether a client waits for anything. */
import { begunAt, isAtRest } from '../../src/proxy/half-book.js'
import { BEGINNING, type HalfStart, type HalfTools } from '../../src/proxy/half-tools.js'
import { Retention } from '../../src/proxy/retention.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import { assert, suite } from '../harness/suite.js'
import { settleDown } from './happenings.js'
import { pair } from './pipe.js'

const test = suite('proxy/half-rest')
const [A, B] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)]

test('the side that keeps until it is written is the client: at rest when the other has spoken last, and has all', () => {
  const [client, program] = pair({ remote: true })
  assert.ok(client.half.isAtRest && program.half.isAtRest, 'nobody has said a word')
  client.socket.say(A)
  assert.equal([client.half.isAtRest, program.half.isAtRest], [false, false], 'asked')
  program.socket.say(B)
  program.half.settle()
  assert.equal([client.half.isAtRest, program.half.isAtRest], [true, true], 'answered')
  client.socket.say(A)
  assert.equal([client.half.isAtRest, program.half.isAtRest], [false, false], 'asked again')
})

test('an end from either side is no rest', () => {
  for (const who of [0, 1] as const) {
    const sides = pair()
    sides[who].socket.sayEnd()
    assert.equal(
      sides.map(({ half }) => half.isAtRest),
      [false, false],
    )
  }
})

test('its program is gone: only a client that waits for nothing has its socket kept', () => {
  for (const asks of [false, true]) {
    const [client, program] = pair({ remote: true, delayed: true })
    let kept = 0
    const onBereft = () => {
      kept++
      client.half.part()
      return true
    }
    Object.assign(client, { onBereft })
    program.half.abort('program-gone')
    // The reset is on its way.
    if (asks) client.socket.say(A)
    settleDown([client, program])
    assert.equal([kept, client.socket.resets, client.finished], asks ? [0, 1, ['program-gone']] : [1, 0, []])
    assert.is(client.socket.paused, !asks)
  }
})

test('any other reset is one', () => {
  const [client, program] = pair({ remote: true })
  Object.assign(client, { onBereft: () => assert.unreachable() })
  program.half.abort('drained')
  assert.is(client.socket.resets, 1)
})

test('of a half that was another director’s, the last word is as its row says; what comes again is none', () => {
  const pool = new RetentionPool()
  const tools = { windowBytes: 1_000, clock: { now: () => 0, wall: () => 0 }, keepsUntil: 'written', pool } as HalfTools
  const rests = (start: Partial<HalfStart>) => {
    return isAtRest(begunAt({ ...BEGINNING, ...start }, tools).book, new Retention(pool), 'written')
  }
  assert.is(rests({}), true, 'it has never said anything')
  assert.is(rests({ sent: 5 }), false, 'not known')
  assert.is(rests({ sent: 5, spokeLast: true }), false)
  assert.is(rests({ sent: 5, spokeLast: false }), true)
  assert.is(begunAt({ ...BEGINNING, replayedTo: 7 }, tools).book.replayedTo, 7)
})

test.run()
