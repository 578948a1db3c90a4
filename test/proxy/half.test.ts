import { Prng } from '../../src/base/prng.js'
import { assert, suite } from '../harness/suite.js'
import { happen, inContext, settleDown } from './happenings.js'
import { pair, type Side } from './pipe.js'

const test = suite('proxy/half', 20_000)
const SEEDS = 600
const STEPS_MAX = 200_000

test('whatever the order of events, both directions arrive whole, FIN is last, and credit is kept to', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    inContext(seed, () => {
      const random = new Prng(seed)
      const delayed = random.chance(0.7)
      const windows = [1 + random.below(2_000), 1 + random.below(2_000)] as const
      const sides = pair({ windows, delayed })
      const said = sides.map(() => [...random.bytes(random.below(6_000))])
      const toSay = said.map((bytes) => [...bytes])
      for (const { socket } of sides) socket.kernelRoom = random.below(2_000)
      let steps = 0
      while (sides.some(({ finished }) => finished.length === 0)) {
        assert.ok(++steps < STEPS_MAX, 'it comes to an end')
        const i = random.below(2)
        const side = sides[i] as Side
        happen(random, side, toSay[i] as number[])
        const held = side.socket.read - side.half.sent
        assert.ok(held <= side.socket.chunkBytesLargest, `${held} bytes held are more than a chunk`)
      }
      settleDown(sides)
      const [a, b] = sides
      assert.equal(b.socket.delivered, said[0])
      assert.equal(a.socket.delivered, said[1])
      for (const side of sides) {
        assert.equal(side.out.faults, [])
        assert.equal(side.incidents, [])
        assert.equal(side.finished, [undefined])
        assert.ok(side.socket.ended)
        assert.is(side.socket.resets, 0)
      }
    })
  }
})

test('a reset from any side, in any state, reaches the other side exactly once', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    inContext(seed, () => {
      const random = new Prng(seed)
      const sides = pair({ windows: [1 + random.below(500), 1 + random.below(500)], delayed: random.chance(0.7) })
      const toSay = sides.map(() => [...random.bytes(random.below(3_000))])
      for (const { socket } of sides) socket.kernelRoom = random.below(1_000)
      for (let n = random.below(60); n > 0; n--) {
        const i = random.below(2)
        happen(random, sides[i] as Side, toSay[i] as number[])
      }
      const i = random.below(2)
      const [here, there] = [sides[i], sides[1 - i]] as [Side, Side]
      // A socket that ended in order has nobody left who could reset it; its half may still hold the last bytes.
      const alive = !here.half.isClosed && !there.half.isClosed && !here.socket.closed
      if (random.chance(0.5)) here.half.abort('idle-limit')
      else if (!here.socket.closed) here.socket.close('reset')
      settleDown(sides)
      if (!alive) return
      for (const side of sides) {
        assert.is(side.finished.length, 1)
        assert.equal(side.incidents, [])
      }
      assert.is(here.out.resets, 1)
      // Bytes under way may have let the other side finish in order before the reset came.
      const inOrder = there.finished[0] === undefined
      assert.is(there.socket.resets, inOrder ? 0 : 1)
      assert.is(there.out.resets, 0)
    })
  }
})

test('either side may end first, and the other goes on for as long as it likes', () => {
  for (const first of [0, 1] as const) {
    const sides = pair()
    const [early, late] = [sides[first], sides[first === 0 ? 1 : 0]]
    early.socket.say(Uint8Array.of(1, 2))
    early.socket.sayEnd()
    assert.equal(late.socket.delivered, [1, 2])
    assert.ok(late.socket.ended)
    assert.ok(early.half.isHalfClosed && late.half.isHalfClosed)
    late.socket.say(Uint8Array.of(3))
    assert.equal(early.socket.delivered, [3])
    late.socket.sayEnd()
    assert.ok(early.half.isClosing && late.half.isClosing)
    assert.equal(early.finished, [])
    for (const { socket } of sides) socket.closeIfDone()
    assert.equal([early.finished, late.finished], [[undefined], [undefined]])
  }
})

test('FIN waits for the bytes that wait for credit, also where their socket is gone', () => {
  const [a, b] = pair({ windows: [100, 4] })
  b.socket.kernelRoom = 0
  a.socket.say(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9))
  a.socket.sayEnd()
  b.socket.sayEnd()
  assert.ok(a.socket.closeIfDone())
  assert.not(b.socket.ended)
  for (let i = 0; i < 9; i++) b.socket.drain(1)
  assert.equal(b.socket.delivered, [1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.ok(b.socket.ended)
  assert.equal(a.finished, [undefined])
})

test('credit that comes back within the call is used at once, and in order', () => {
  // The peer takes 3 bytes, says so before `data` has returned, and nothing will remind us of the rest.
  const [a, b] = pair({ windows: [100, 3] })
  a.socket.say(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))
  assert.equal(b.socket.delivered, [1, 2, 3, 4, 5, 6, 7, 8])
  assert.not(a.socket.paused)
  assert.equal(a.out.faults, [])
})

test('a reader without credit is paused, and resumed with it', () => {
  const [a, b] = pair({ windows: [100, 8], delayed: true })
  assert.not(a.socket.paused)
  a.socket.say(new Uint8Array(8))
  assert.ok(a.socket.paused, 'no credit is left')
  a.out.step()
  b.out.step()
  assert.not(a.socket.paused)
})

test('a congested way stops the reader until it is released', () => {
  const [a] = pair({ delayed: true })
  a.out.congested = true
  a.socket.say(new Uint8Array(8))
  assert.is(a.out.waiting, 0)
  assert.ok(a.socket.paused)
  a.out.congested = false
  a.half.release()
  assert.is(a.out.waiting, 1)
  assert.not(a.socket.paused)
})

test('when the lease is over, no byte and no FIN goes either way any more', () => {
  const acts: readonly [what: string, act: (a: Side, b: Side) => void][] = [
    ['bytes of the client', (a) => a.socket.say(Uint8Array.of(9))],
    ['FIN of the client', (a) => a.socket.sayEnd()],
    ['bytes of the backend', (_a, b) => b.socket.say(Uint8Array.of(9))],
    ['FIN of the backend', (_a, b) => b.socket.sayEnd()],
    ['credit for held bytes', (_a, b) => b.socket.drain(100)],
    ['a way that is free again', (a) => a.half.release()],
  ]
  for (const [what, act] of acts) {
    let open = true
    const [a, b] = pair({ windows: [100, 4], gate: { isOpen: () => open } })
    b.socket.kernelRoom = 0
    a.socket.say(Uint8Array.of(1, 2, 3, 4, 5, 6))
    assert.is(a.out.sent, 4)
    open = false
    act(a, b)
    assert.is(a.out.sent, 4, what)
    assert.equal(a.socket.delivered, [], what)
    assert.not(a.socket.ended, what)
    assert.equal([a.finished, b.finished], [['lease-lost'], ['lease-lost']], what)
    assert.equal([a.socket.resets, b.socket.resets], [1, 1], what)
  }
})

test('a half that breaks the protocol loses its splice, and its owner is told', () => {
  const violations: readonly [what: string, act: (side: Side, other: Side) => void][] = [
    ['expected 0', ({ half }) => half.receiveData(1, Uint8Array.of(1))],
    ['without credit', ({ half }) => half.receiveData(0, new Uint8Array(1_001))],
    ['DATA after FIN', ({ half }, { socket }) => [socket.sayEnd(), half.receiveData(0, Uint8Array.of(1))]],
    ['FIN at offset 3', ({ half }) => half.receiveFin(3)],
    ['ACK up to 1 when 0', ({ half }) => half.receiveAck(1, 0, 100)],
  ]
  for (const [what, act] of violations) {
    const [a, b] = pair()
    act(a, b)
    assert.is(a.incidents.length, 1, what)
    assert.ok(a.incidents[0]?.includes(what), `${a.incidents[0]} says ${what}`)
    assert.equal([a.finished, b.finished], [['protocol-error'], ['protocol-error']], what)
    assert.equal([a.socket.resets, b.socket.resets], [1, 1], what)
    // What is still on its way to a half that is gone means nothing.
    act(a, b)
    assert.is(a.incidents.length, 1, what)
    assert.equal(a.socket.delivered, [])
  }
})

test('bytes and FINs of both sides count as activity, credit does not', () => {
  let now = 1
  const [a, b] = pair({ clock: { now: () => now, wall: () => 0 } })
  const seen = (side: Side) => side.half.activeAt
  now = 2
  a.socket.say(Uint8Array.of(1))
  assert.equal([seen(a), seen(b)], [2, 2])
  now = 3
  a.half.receiveAck(1, 1, 1_000)
  a.half.settle()
  assert.equal([seen(a), seen(b)], [2, 2])
  now = 4
  b.socket.sayEnd()
  assert.equal([seen(a), seen(b)], [4, 4])
})

test('the acknowledgement of a FIN that comes after all else was settled is told too', () => {
  const [client, backend] = pair({ remote: true })
  backend.socket.say(Uint8Array.of(1, 2))
  assert.is(client.half.settle(), true)
  client.socket.inFlight = 1
  backend.socket.sayEnd()
  assert.equal([client.unsettled, client.half.settle()], [2, false])
  client.socket.inFlight = 0
  assert.is(client.half.settle(), true)
  assert.equal(client.out.lastAck, { written: 3, acknowledged: 3, window: 1_000 })
})

test('a client half asks to be settled once, until its client has acknowledged what it wrote', () => {
  const [client, backend] = pair({ remote: true })
  client.socket.inFlight = 2
  backend.socket.say(Uint8Array.of(1, 2))
  backend.socket.say(Uint8Array.of(3))
  assert.is(client.unsettled, 1, 'asked once for both')
  client.socket.inFlight = 1
  assert.is(client.half.settle(), false)
  assert.equal(client.out.lastAck, { written: 3, acknowledged: 2, window: 1_000 })
  client.socket.inFlight = 0
  assert.is(client.half.settle(), true)
  assert.equal(client.out.lastAck, { written: 3, acknowledged: 3, window: 1_000 })
  client.out.lastAck = undefined
  assert.is(client.half.settle(), true)
  assert.is(client.out.lastAck, undefined, 'no news, no ACK')
  backend.socket.say(Uint8Array.of(4))
  assert.is(client.unsettled, 2)
  client.half.abort('other')
  assert.is(client.half.settle(), true, 'nothing is left of a closed half')
})

test('nobody is asked for acknowledgements that free nothing: of a backend, of a splice within one lane', () => {
  for (const sides of [pair({ remote: true }), pair()] as const) {
    const [client, backend] = sides
    backend.socket.inFlight = 1
    client.socket.say(Uint8Array.of(1, 2))
    backend.half.settle()
    assert.equal(backend.out.lastAck, { written: 2, acknowledged: 2, window: 1_000 })
  }
})

test.run()
