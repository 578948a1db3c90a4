import type { CarriedEnds } from '../../src/proxy/endpoint.js'
import { WatchedSocket } from '../../src/proxy/watched-socket.js'
import { assert, suite } from '../harness/suite.js'
import { FakeSocket } from './fake-socket.js'

const test = suite('proxy/watched-socket')

class CarriedSocket extends FakeSocket {
  carried(): CarriedEnds {
    return { unsent: new Uint8Array(0), read: true, ending: false, sent: false }
  }
}

function watched(withholds?: boolean) {
  const inner = new CarriedSocket()
  const socket = new WatchedSocket(inner)
  const heard: string[] = []
  socket.attach({
    onOpen: () => heard.push('open'),
    onData: (chunk) => heard.push(`data ${chunk.byteLength}`),
    onEnd: () => heard.push('end'),
    onDrain: () => heard.push('drain'),
    onClose: (cause) => heard.push(cause),
  })
  if (withholds !== undefined) socket.onPeerEnd = () => withholds
  return { inner, socket, heard }
}

test('all but the end goes straight through', () => {
  const { inner, socket, heard } = watched()
  inner.open()
  inner.say(Uint8Array.of(1, 2))
  inner.kernelRoom = 1
  assert.is(socket.write(Uint8Array.of(3, 4)), false)
  assert.is(socket.queued(), 1)
  inner.drain(5)
  socket.resume()
  assert.is(inner.paused, false)
  socket.pause()
  assert.is(inner.paused, true)
  inner.inFlight = 7
  assert.is(socket.unacknowledged(), 7)
  assert.equal(
    [inner.delivered, heard],
    [
      [3, 4],
      ['open', 'data 2', 'drain'],
    ],
  )
  socket.end()
  socket.reset()
  assert.equal([inner.ended, inner.resets], [true, 1])
})

test('an end that nobody withholds is told at once, and once', () => {
  for (const withholds of [undefined, false]) {
    const { inner, socket, heard } = watched(withholds)
    inner.sayEnd()
    socket.passOn()
    inner.close('ended')
    assert.equal(heard, ['end', 'ended'])
  }
})

test('one that is withheld is told when it is passed on, or before the close', () => {
  for (const isPassedOn of [true, false]) {
    const { inner, socket, heard } = watched(true)
    inner.sayEnd()
    assert.equal(heard, [])
    if (isPassedOn) socket.passOn()
    inner.close('aborted')
    assert.equal(heard, ['end', 'aborted'])
  }
  const { inner, socket, heard } = watched(true)
  inner.sayEnd()
  inner.close('reset')
  assert.equal(heard, [], 'the peer’s own end')
  socket.passOn()
  assert.equal(heard, ['end', 'reset'])
})

test('while it is withheld, another process is to read it once more', () => {
  const { inner, socket } = watched(true)
  assert.is(socket.carried()?.read, true)
  inner.sayEnd()
  assert.is(socket.carried()?.read, false)
  socket.passOn()
  assert.is(socket.carried()?.read, true)
})

test.run()
