import type { SpliceFrame } from '../../src/proxy/splice-frame.js'
import type { LinkSeal } from '../../src/trunk/ports.js'
import { assert, suite } from '../harness/suite.js'
import type { FakeSocket } from '../proxy/fake-socket.js'
import {
  A,
  B,
  bytesOf,
  clientOver,
  data,
  HELLO,
  LinkUnderTest,
  open,
  textOf,
  unknownFrame,
  WEB,
} from './link-under-test.js'
import { PLAIN_SEAL } from './plain-seals.js'

const test = suite('lane/data-link')
const ID = { node: A, boot: 1, counter: 1 }
const RESUME: SpliceFrame = {
  kind: 'resume',
  handle: 4,
  id: ID,
  term: { number: 6, holder: A },
  service: 'web',
  up: 1,
  down: 1,
  finUp: 'none',
  finDown: 'none',
  window: 1_000,
  snapshot: new Uint8Array(0),
  snapshotAgeMs: 0,
}
const HERE = { address: '10.0.0.10', port: 1 }

/** The splice still carries bytes both ways. */
function assertAlive(room: LinkUnderTest, handle: number, program: FakeSocket, got = ''): void {
  room.said()
  room.hears(data(handle, got.length, 'up'))
  program.say(bytesOf('down'))
  assert.is(textOf(program.delivered), `${got}up`)
  assert.equal(room.said(), [{ kind: 'data', handle, text: 'down' }])
  assert.is(program.resets, 0)
  assert.ok(room.link.isUp)
}

test('after FREEZE the last bytes may go beyond the credit; THAW says nothing to this release', () => {
  const room = new LinkUnderTest()
  const program = room.splice(2)
  program.kernelRoom = 0
  const beyond = new Uint8Array(300_000)
  room.hears({ kind: 'freeze', handle: 2, clock: undefined }, { kind: 'thaw', handle: 2 })
  for (let at = 0; at < beyond.length; at += 100_000) {
    room.hears(data(2, at, Buffer.from(beyond.subarray(at, at + 100_000)).toString('latin1')))
  }
  assert.is(program.resets, 0)
  const without = new LinkUnderTest()
  const other = without.splice(2)
  other.kernelRoom = 0
  for (let at = 0; at < beyond.length; at += 100_000) {
    without.hears(data(2, at, Buffer.from(beyond.subarray(at, at + 100_000)).toString('latin1')))
  }
  assert.is(other.resets, 1, 'more than it was granted')
})

test('a RESUME that was refused binds nothing: its handle is free', () => {
  const room = new LinkUnderTest()
  room.hears(RESUME, open(4))
  assert.ok(room.link.isUp)
  assert.is(room.programs.length, 1)
})

test('"not yet" does no harm to a splice whose client half asked', () => {
  const room = new LinkUnderTest()
  const { socket, finished } = clientOver(room)
  room.hears({ kind: 'opened', handle: 1, local: HERE, remote: HERE, window: 1_000 })
  room.said()
  room.hears({ kind: 'refused', handle: 1, reason: 'not-yet', detail: 'freeze is not implemented' })
  socket.say(bytesOf('up'))
  room.hears(data(1, 0, 'down'))
  assert.equal(room.said(), [{ kind: 'data', handle: 1, text: 'up' }])
  assert.equal([textOf(socket.delivered), finished], ['down', []])
})

test('CONFIRM ends no splice that lives; one that is over is forgotten by it', () => {
  const room = new LinkUnderTest()
  const program = room.splice(2)
  room.hears({ kind: 'confirm', handle: 2 })
  assertAlive(room, 2, program)
  const other = room.splice(4)
  other.close('reset')
  assert.is(room.backends.halves.size, 2, 'a tombstone waits for its client half')
  room.hears({ kind: 'confirm', handle: 4 })
  assert.is(room.backends.halves.size, 1)
  room.hears(open(4))
  assert.ok(room.link.isUp, 'the handle is free')
})

test('frames for a handle that is not bound are dropped', () => {
  const room = new LinkUnderTest()
  const program = room.splice(2)
  room.hears(
    { kind: 'ack', handle: 6, written: 9, acknowledged: 9, window: 9 },
    { kind: 'fin', handle: 6, offset: 9 },
    { kind: 'reset', handle: 6, reason: 'other' },
    { kind: 'opened', handle: 6, local: HERE, remote: HERE, window: 9 },
    { kind: 'refused', handle: 6, reason: 'other', detail: '' },
    { kind: 'resumed', handle: 6, up: 1, down: 1, finUp: 'none', finDown: 'none', window: 9 },
    { kind: 'confirm', handle: 6 },
    data(6, 0, 'lost'),
    data(0, 0, 'to the link itself'),
  )
  assert.equal(room.said(), [])
  assertAlive(room, 2, program)
})

test('kinds of newer releases are skipped by their length, on a splice and on the link itself', () => {
  const room = new LinkUnderTest()
  const program = room.splice(2)
  room.hears(unknownFrame(2, 200, 0), unknownFrame(0, 201, 300), data(2, 0, 'kept'), unknownFrame(2, 202, 7))
  assert.is(textOf(program.delivered), 'kept')
  assertAlive(room, 2, program, 'kept')
})

test('an OPEN of an older term, or of another holder in the same, is refused; a newer one is obeyed from then on', () => {
  const room = new LinkUnderTest()
  const program = room.splice(2)
  const answerTo = (handle: number, number: number, holder: string) => {
    room.hears(open(handle, { number, holder }))
    const [answer] = room.said()
    return answer?.kind === 'refused' ? answer.reason : 'obeyed'
  }
  assert.is(answerTo(4, 4, A), 'stale-term')
  room.backends.obey(WEB.address, { number: 6, holder: B })
  assert.is(answerTo(6, 6, A), 'stale-term')
  assertAlive(room, 2, program)
  assert.is(answerTo(8, 7, A), 'obeyed')
  assert.is(answerTo(10, 5, A), 'stale-term')
  assert.is(room.programs.length, 2)
})

test('an OPEN is obeyed only for a port that a service names and a program listens on', () => {
  const room = new LinkUnderTest()
  const answerTo = (frame: SpliceFrame) => {
    room.hears(frame)
    const [answer] = room.said()
    return answer?.kind === 'refused' ? answer.reason : 'obeyed'
  }
  assert.is(answerTo({ ...open(2), port: 22 }), 'unknown-service')
  assert.is(answerTo({ ...open(4), service: 'mail' }), 'unknown-service')
  room.backends.setListeners([])
  assert.is(answerTo(open(6)), 'no-listener')
  assert.is(room.programs.length, 0)
})

test('an OPEN with a handle in use, or of the wrong side, ends the link; its splices wait for another', () => {
  for (const handle of [2, 3]) {
    const room = new LinkUnderTest()
    const program = room.splice(2)
    room.hears(open(handle))
    assert.equal(room.events, ['up', `down: OPEN with handle ${handle}, which is not free`])
    assert.equal([room.socket.resets, program.resets, room.programs.length], [1, 0, 1])
  }
})

test('nothing is heard after the frame that ended the link, also of the same record', () => {
  for (const last of [open(3), { kind: 'goodbye', handle: 0, reason: 'node-stopping' }] as const) {
    const room = new LinkUnderTest()
    const program = room.splice(2)
    room.hears(last, open(4), data(2, 0, 'late'))
    room.hears(open(6))
    assert.is(room.programs.length, 1, 'a program dialled now would be left alone for ever')
    assert.equal([program.delivered, room.events.length], [[], 2])
    room.now = 20_000
    room.backends.sweep(room.now)
    assert.is(room.backends.halves.size, 0)
  }
})

test('versions that do not meet end the link with both ranges in the reason', () => {
  const room = new LinkUnderTest({ greeted: false })
  room.hears({ ...HELLO, versionMin: 2, versionMax: 3 })
  assert.equal(room.events, ['down: splice protocol 2 to 3 at node-a, 1 to 1 here; upgrade this node'])
  const newer = new LinkUnderTest({ greeted: false })
  newer.hears({ ...HELLO, versionMin: 1, versionMax: 9 }, HELLO)
  assert.equal(newer.events, ['up'], 'once')
})

test('a record that the peer did not seal, or that is malformed, ends the link', () => {
  const forged = new LinkUnderTest()
  forged.hearsRecord([data(2, 0, 'x')], 1)
  assert.equal(forged.events, ['up', 'down: a record that was not sealed by the peer'])
  const malformed = new LinkUnderTest()
  malformed.hears(Uint8Array.of(1, 2, 3))
  assert.equal(malformed.events, ['up', 'down: frame header of 3 bytes'])
})

test('a link is pinged each second and given up after five of silence; an answer keeps it', () => {
  const room = new LinkUnderTest()
  const sweepAt = (now: number) => {
    room.now = now
    room.link.sweep(now)
    return room.said().map(({ kind }) => kind)
  }
  assert.equal([sweepAt(1_000), sweepAt(1_500), sweepAt(2_000)], [['ping'], [], ['ping']])
  room.hears({ kind: 'ping', handle: 0, token: 7 })
  assert.equal(room.said(), [{ kind: 'pong', handle: 0, token: 7 }])
  sweepAt(7_000)
  assert.ok(room.link.isUp)
  sweepAt(7_001)
  assert.equal(room.events.at(-1), 'down: nothing heard for 5000 ms')
})

test('the side that dialled gives even handles, the other odd ones', () => {
  for (const [dialled, handles] of [
    [true, [2, 4]],
    [false, [1, 3]],
  ] as const) {
    const room = new LinkUnderTest({ dialled })
    clientOver(room)
    clientOver(room)
    assert.equal(
      room.said().map(({ kind, handle }) => [kind, handle]),
      handles.map((handle) => ['open', handle]),
    )
  }
})

test('when the link ends, a client that still waits is tried elsewhere, and one that was served goes on later', () => {
  const room = new LinkUnderTest()
  const served = clientOver(room)
  room.hears({ kind: 'opened', handle: 1, local: HERE, remote: HERE, window: 1_000 })
  const waiting = clientOver(room)
  room.socket.close('reset')
  assert.equal([served.finished, served.socket.resets], [[], 0])
  // There is no other node here: it waits for another link for as long as for a program's answer.
  assert.equal(waiting.finished, [])
  waiting.time.now = 10_000
  waiting.client.expire(waiting.time.now)
  assert.equal(waiting.finished, ['link-lost: node-a: no data link to the node'])
  assert.is(waiting.socket.resets, 1)
})

test('a link that is closed in order says goodbye, and what was said before comes first', () => {
  const room = new LinkUnderTest()
  room.splice(2).say(bytesOf('last'))
  room.link.close('node-stopping')
  room.link.close('node-stopping')
  assert.equal(room.said(), [
    { kind: 'data', handle: 2, text: 'last' },
    { kind: 'goodbye', handle: 0, reason: 'node-stopping' },
  ])
  assert.ok(room.socket.ended)
  assert.equal(room.events, ['up', 'down: node-stopping'])
})

test('a fault at the end of a turn ends the link, whose splices wait for another', () => {
  let isBroken = false
  const seal: LinkSeal['sealer']['seal'] = (plain, into) => {
    if (isBroken) throw new Error('a bug')
    return PLAIN_SEAL.sealer.seal(plain, into)
  }
  const link = { ...PLAIN_SEAL, sealer: { ...PLAIN_SEAL.sealer, seal } }
  const room = new LinkUnderTest({ seals: { link, test: PLAIN_SEAL } })
  const program = room.splice(2)
  isBroken = true
  program.say(bytesOf('lost with the link'))
  assert.is(room.events.at(-1), 'down: a fault of this node')
  assert.is(room.socket.resets, 1)
  assert.is(program.resets, 0)
  assert.is(room.backends.halves.size, 1)
})

test.run()
