import { BackendHalf, type BackendRequest } from '../../src/proxy/backend-half.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import { assert, suite } from '../harness/suite.js'
import { FakeSocket } from './fake-socket.js'
import { Pipe } from './pipe.js'

const test = suite('proxy/backend-half')

const request: BackendRequest = {
  id: { node: 'a', boot: 1, counter: 1 },
  term: { number: 1, holder: 'a' },
  service: 'web',
  port: 80,
  client: { address: '192.0.2.1', port: 1 },
  destination: { address: '192.0.2.10', port: 80 },
  connectMs: 1_000,
  keepaliveMs: 1_000,
  window: 1_000,
  proxyHeader: Uint8Array.of(0xaa, 0xbb),
  snapshot: new Uint8Array(0),
  call: 0,
}

function dial(clock = { now: () => 0, wall: () => 0 }) {
  const socket = new FakeSocket()
  const pipe = new Pipe(true)
  pipe.limit = request.window
  const said: string[] = []
  const reply = {
    counterpart: pipe,
    opened: () => said.push('opened'),
    refused: (reason: string, detail: string) => said.push(`refused ${reason} ${detail}`.trim()),
    gone: () => said.push('gone'),
  }
  const host = {
    clock,
    pool: new RetentionPool(),
    onUnsettled: () => {},
    onIncident: () => said.push('incident'),
    onForgotten: () => said.push('forgotten'),
  }
  return { socket, pipe, said, backend: new BackendHalf(request, socket, reply, host) }
}

test('the PROXY header comes before the first byte of the client', () => {
  const { socket, said, backend } = dial()
  socket.open()
  assert.equal(said, ['opened'])
  backend.half.receiveData(0, Uint8Array.of(1, 2))
  assert.equal(socket.delivered, [0xaa, 0xbb, 1, 2])
  assert.not(socket.paused)
})

test('the PROXY header is not counted as bytes of the client', () => {
  const { socket, pipe, backend } = dial()
  socket.kernelRoom = 0
  socket.open()
  backend.half.receiveData(0, new Uint8Array(10))
  socket.drain(100)
  backend.half.settle()
  assert.equal(pipe.lastAck?.written, 10)
})

test('a failed dial is refused with its reason, and kept until that is confirmed', () => {
  const { socket, said, backend } = dial()
  socket.close('refused')
  assert.equal(said, ['refused connect-refused'])
  assert.ok(backend.isTombstone)
  backend.confirm()
  assert.equal(said.slice(1), ['gone', 'forgotten'])
})

test('a finished half stays until it is confirmed', () => {
  const { socket, said, backend } = dial()
  socket.open()
  socket.sayEnd()
  backend.half.receiveFin(0)
  socket.closeIfDone()
  assert.ok(backend.isTombstone)
  assert.equal(said, ['opened'])
  backend.confirm()
  assert.equal(said, ['opened', 'gone', 'forgotten'])
})

test('a half that is confirmed first goes on until its last byte is delivered', () => {
  const { socket, said, backend } = dial()
  socket.open()
  socket.sayEnd()
  socket.kernelRoom = 2
  backend.half.receiveData(0, Uint8Array.of(1, 2, 3, 4))
  backend.half.receiveFin(4)
  backend.confirm()
  assert.equal(said, ['opened'])
  socket.drain(4)
  assert.equal(socket.delivered, [0xaa, 0xbb, 1, 2, 3, 4])
  socket.closeIfDone()
  assert.equal(said, ['opened', 'gone', 'forgotten'])
})

test('an orphan resets its program and is forgotten, in whatever state', () => {
  for (const state of ['dialing', 'open', 'finished'] as const) {
    const { socket, said, pipe, backend } = dial()
    if (state !== 'dialing') socket.open()
    if (state === 'finished') socket.close('reset')
    backend.orphan('link-lost')
    assert.is(socket.resets, state === 'finished' ? 0 : 1, state)
    assert.is(pipe.resets, state === 'finished' ? 1 : 0, state)
    assert.equal(said.slice(-2), ['gone', 'forgotten'], state)
    assert.is(said.filter((word) => word === 'forgotten').length, 1, state)
  }
})

test('a connection that stands after its splice was reset says nothing any more', () => {
  const { socket, said, backend } = dial()
  backend.half.receiveReset('peer-reset')
  backend.confirm()
  const before = said.length
  socket.open()
  assert.is(said.length, before)
  assert.equal(socket.delivered, [])
})

test('a client half that is given up says its clock, which holds until another director goes on with the client', () => {
  const { socket, backend } = dial()
  socket.open()
  assert.is(backend.row(0).clock, undefined)
  backend.half.receiveFreeze(4_711)
  assert.is(backend.row(0).clock, 4_711)
  backend.obey({ number: 2, holder: 'b' }, Uint8Array.of(1), 5)
  assert.equal([backend.row(0).clock, backend.row(0).snapshotAgeMs], [undefined, 5])
})

test('its client is in the dark from the last word of its director, or from the word that it is given up, until a later one serves it', () => {
  let now = 1_000
  const { socket, backend } = dial({ now: () => now, wall: () => 0 })
  const next = () => backend.obey({ number: 2, holder: 'b' }, Uint8Array.of(1), 5)
  socket.open()
  assert.is(backend.row(300).darkMs, 300)
  next()
  now += 500
  assert.is(backend.row(0).darkMs, 800, 'that one has not let its socket go')
  next()
  backend.half.receiveData(0, Uint8Array.of(1))
  assert.is(backend.row(0).darkMs, 0, 'and now it has')
  next()
  backend.half.receiveData(1, Uint8Array.of(2))
  backend.half.receiveFreeze(undefined)
  now += 40
  assert.is(backend.row(0).darkMs, 40)
  const other = dial({ now: () => now, wall: () => 0 }).backend
  other.onForsaken()
  now += 30
  assert.is(other.row(0).darkMs, 30)
})

test('its row tells whether the client waits for an answer', () => {
  const { socket, backend } = dial()
  socket.open()
  assert.is(backend.row(0).isAnswered, true, 'it has not asked')
  backend.half.receiveData(0, Uint8Array.of(1))
  assert.is(backend.row(0).isAnswered, false)
  socket.say(Uint8Array.of(2))
  assert.is(backend.row(0).isAnswered, true)
})

test.run()
