/**
 * What every engine of sockets owes the data plane (src/proxy/endpoint.ts), as tests on loopback: one suite, so that a
 * second engine is held to what the first one does.
 */
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Prng } from '../../src/base/prng.js'
import type { CloseCause, Socket, Sockets } from '../../src/proxy/ports.js'
import { assert, type Scope, type Suite } from '../harness/suite.js'
import {
  dialTo,
  eventually,
  fullBacklog,
  hasIpv6,
  KERNEL_BYTES_MAX,
  listenHere,
  MIB,
  pairOf,
  quiet,
  type Recorder,
} from './recorder.js'

export function testSockets(test: Suite, make: (scope: Scope) => Sockets): void {
  test('both sides know the same two addresses, and a fresh connection is quiet', async (scope) => {
    const [a, b] = await pairOf(scope, make(scope))
    assert.equal([a.socket.local, a.socket.remote], [b.socket.remote, b.socket.local])
    assert.ok(a.socket.fd >= 0 && b.socket.fd >= 0)
    assert.equal([a.order, b.order], [['open'], []])
  })

  test('bytes flow both ways, and only after resume', async (scope) => {
    const [a, b] = await pairOf(scope, make(scope))
    a.socket.write(Buffer.from('up'))
    b.socket.write(Buffer.from('down'))
    await eventually(() => a.socket.unacknowledged() === 0 && b.socket.unacknowledged() === 0)
    assert.equal([a.bytes, b.bytes], [0, 0])
    a.socket.resume()
    b.socket.resume()
    await eventually(() => a.bytes === 4 && b.bytes === 2)
    assert.equal([a.text.join(''), b.text.join('')], ['down', 'up'])
  })

  test('a socket that is handed on is heard by its new handler alone, from the next event on', async (scope) => {
    const [a, b] = await pairOf(scope, make(scope))
    const heard: string[] = []
    const hearer = {
      onOpen: () => {},
      onData: (chunk: Uint8Array) => void heard.push(new TextDecoder().decode(chunk)),
      onEnd: () => void heard.push('end'),
      onDrain: () => {},
      onClose: () => void heard.push('close'),
    }
    b.onChunk = () => {
      b.socket.pause()
      b.socket.attach(hearer)
    }
    b.socket.resume()
    a.socket.write(Buffer.from('first'))
    await eventually(() => b.bytes === 5)
    a.socket.write(Buffer.from('second'))
    a.socket.end()
    await eventually(() => a.socket.unacknowledged() === 0)
    assert.equal(heard, [], 'it was handed on paused')
    b.socket.resume()
    await eventually(() => heard.includes('end'))
    b.socket.end()
    a.socket.resume()
    await eventually(() => heard.includes('close'))
    assert.equal([heard, b.bytes, b.closes], [['second', 'end', 'close'], 5, []])
  })

  test('write copies: what the caller does with the chunk afterwards changes nothing', async (scope) => {
    const [a, b] = await pairOf(scope, make(scope))
    const expected = createHash('sha256')
    const chunk = new Uint8Array(MIB)
    for (let i = 0; i < 12; i++) {
      chunk.fill(i)
      expected.update(chunk)
      a.socket.write(chunk)
      chunk.fill(255)
    }
    b.socket.resume()
    await eventually(() => b.bytes === 12 * MIB)
    assert.is(b.hash.digest('hex'), expected.digest('hex'))
  })

  test('a chunk, or a piece of it, may be written on within the call', async (scope) => {
    const sockets = make(scope)
    const [a, b] = await pairOf(scope, sockets)
    const here = await listenHere(scope, sockets)
    const onward = dialTo(scope, sockets, here.at).socket
    await eventually(() => here.accepted.length === 1)
    const expected = createHash('sha256')
    const bytes = new Prng(2).bytes(3 * MIB)
    let sent = 0
    b.onChunk = (chunk) => {
      for (const piece of [chunk, chunk.subarray(1), chunk.subarray(1, 1 + chunk.length / 2)]) {
        expected.update(piece)
        sent += piece.length
        onward.write(piece)
      }
    }
    a.socket.write(bytes)
    here.accepted[0]?.socket.resume()
    b.socket.resume()
    await eventually(() => b.bytes === bytes.length && here.accepted[0]?.bytes === sent)
    assert.is(here.accepted[0]?.hash.digest('hex'), expected.digest('hex'))
  })

  test('a write before the connection stands is sent when it does', async (scope) => {
    const sockets = make(scope)
    const here = await listenHere(scope, sockets)
    const a = dialTo(scope, sockets, here.at)
    a.socket.write(Buffer.from('early'))
    a.socket.end()
    await eventually(() => here.accepted.length === 1)
    here.accepted[0]?.socket.resume()
    await eventually(() => here.accepted[0]?.saw('end') === true)
    assert.is(here.accepted[0]?.text.join(''), 'early')
  })

  test('each side may end first and goes on reading; the close comes when both have', async (scope) => {
    for (const first of [0, 1] as const) {
      const sides = await pairOf(scope, make(scope))
      const [early, late] = [sides[first], sides[1 - first]] as [Recorder, Recorder]
      early.socket.resume()
      late.socket.resume()
      early.socket.write(Buffer.from('bye'))
      early.socket.end()
      await eventually(() => late.saw('end'))
      assert.equal(late.order.slice(-2), ['data', 'end'])
      late.socket.write(Buffer.from('still here'))
      await eventually(() => early.bytes === 10)
      assert.equal([early.closes, late.closes], [[], []])
      late.socket.end()
      await eventually(() => early.closes.length + late.closes.length === 2)
      assert.equal([early.cause, late.cause], ['ended', 'ended'])
    }
  })

  test('FIN reaches a reader only after all bytes, however slowly it reads', async (scope) => {
    const [a, b] = await pairOf(scope, make(scope))
    a.socket.write(new Uint8Array(3 * MIB))
    a.socket.end()
    b.onChunk = () => {
      b.socket.pause()
      setImmediate(() => b.socket.resume())
    }
    b.socket.resume()
    await eventually(() => b.saw('end'))
    assert.is(b.bytes, 3 * MIB)
  })

  test('an RST is told as one to a reader, to a writer, and to one who ends', async (scope) => {
    const notice: readonly ((socket: Socket) => void)[] = [
      (socket) => socket.resume(),
      (socket) => socket.write(new Uint8Array(10)),
      (socket) => socket.end(),
    ]
    for (const act of notice) {
      for (const [i, j] of [
        [0, 1],
        [1, 0],
      ] as const) {
        const sides = await pairOf(scope, make(scope))
        sides[i].socket.reset()
        await eventually(() => sides[i].closes.length === 1)
        act(sides[j].socket)
        await eventually(() => sides[j].closes.length === 1)
        assert.equal([sides[i].cause, sides[j].cause], ['aborted', 'reset'], `${act}: ${sides[j].closes}`)
      }
    }
  })

  test('reset discards what is queued, also twice, and after end', async (scope) => {
    const [a, b] = await pairOf(scope, make(scope))
    while (a.socket.write(new Uint8Array(MIB)));
    a.socket.end()
    a.socket.reset()
    a.socket.reset()
    b.socket.resume()
    await eventually(() => a.closes.length === 1 && b.closes.length === 1)
    assert.equal([a.cause, b.cause], ['aborted', 'reset'])
    assert.not(b.saw('end'))
  })

  test('a dial that fails says why, once, and never opens', async (scope) => {
    const sockets = make(scope)
    const { at } = await listenHere(scope, sockets)
    const nobody = { address: '127.0.0.1', port: 1 }
    const cases: readonly [CloseCause, Recorder][] = [
      ['refused', dialTo(scope, sockets, nobody)],
      // TEST-NET-1 (RFC 5737): no host has it.
      ['unreachable', dialTo(scope, sockets, at, { from: '192.0.2.1' })],
      ['unreachable', dialTo(scope, sockets, at, { from: '::1' })],
      ['aborted', dialTo(scope, sockets, at)],
    ]
    cases[3]?.[1].socket.reset()
    for (const [cause, recorder] of cases) {
      await eventually(() => recorder.closes.length === 1)
      assert.is(recorder.cause, cause)
      assert.equal(recorder.order, ['close'])
      recorder.socket.write(Buffer.from('late'))
      recorder.socket.end()
      recorder.socket.reset()
      assert.is(recorder.socket.queued(), 0)
    }
    await pause(20)
    for (const [, recorder] of cases) assert.is(recorder.closes.length, 1)
  })

  test('the source address is the one asked for', async (scope) => {
    const sockets = make(scope)
    const { at, accepted } = await listenHere(scope, sockets)
    dialTo(scope, sockets, at, { from: '127.0.0.9' })
    await eventually(() => accepted.length === 1)
    assert.is(accepted[0]?.socket.remote.address, '127.0.0.9')
  })

  test('a dial that nobody answers ends after its limit', async (scope) => {
    const sockets = make(scope)
    const at = await fullBacklog(scope)
    const dials = Array.from({ length: 6 }, () => dialTo(scope, sockets, at, { connectMs: 200 }))
    await eventually(() => dials.every((dial) => dial.saw('open') || dial.saw('close')))
    const late = dials.filter((dial) => dial.saw('close'))
    assert.ok(late.length > 0, 'a queue for one does not hold six')
    for (const dial of late) assert.equal(dial.order, ['close'])
    for (const dial of late) assert.is(dial.cause, 'timeout')
  })

  test('pressure: write says no, queued says how much, drain comes when nothing is left', async (scope) => {
    const [a, b] = await pairOf(scope, make(scope))
    while (a.socket.write(new Uint8Array(MIB)));
    await quiet(() => a.socket.queued())
    const before = a.socket.queued()
    a.socket.write(new Uint8Array(32 * MIB))
    assert.ok(a.socket.queued() >= before + 32 * MIB)
    assert.not(a.saw('drain'))
    b.socket.resume()
    await eventually(() => a.saw('drain'))
    assert.is(a.socket.queued(), 0)
    await eventually(() => a.socket.unacknowledged() === 0)
    assert.is(a.order.filter((event) => event === 'drain').length, 1)
  })

  test('a paused reader leaves the bytes to the kernel, and the kernel leaves them to the sender', async (scope) => {
    const [a, b] = await pairOf(scope, make(scope))
    const total = 64 * MIB
    b.onChunk = () => b.socket.pause()
    b.socket.resume()
    a.socket.write(new Uint8Array(total))
    await eventually(() => b.bytes > 0)
    await quiet(() => a.socket.queued() + b.bytes)
    assert.ok(b.bytes <= MIB, `${b.bytes} bytes came after pause`)
    assert.ok(a.socket.queued() >= total - KERNEL_BYTES_MAX, `${a.socket.queued()} bytes of ${total} wait`)
    b.onChunk = undefined
    b.socket.resume()
    await eventually(() => b.bytes === total)
  })

  test('64 MiB each way, in pieces from 1 byte to 1 MiB, arrive unchanged', async (scope) => {
    const sides = await pairOf(scope, make(scope))
    const random = new Prng(1)
    const block = random.bytes(MIB)
    const send = async ({ socket }: Recorder, drained: () => number): Promise<string> => {
      const hash = createHash('sha256')
      for (let left = 64 * MIB; left > 0; ) {
        const length = Math.min(left, random.chance(0.3) ? 1 + random.below(100) : 1 + random.below(MIB))
        const piece = block.subarray(0, length)
        hash.update(piece)
        left -= length
        const drains = drained()
        if (!socket.write(piece)) await eventually(() => drained() > drains)
      }
      socket.end()
      return hash.digest('hex')
    }
    for (const { socket } of sides) socket.resume()
    const hashes = await Promise.all(
      sides.map((side) => send(side, () => side.order.filter((event) => event === 'drain').length)),
    )
    await eventually(() => sides.every(({ closes }) => closes.length === 1))
    assert.equal([sides[1].hash.digest('hex'), sides[0].hash.digest('hex')], hashes)
  })

  test('a write after end is dropped', async (scope) => {
    const [a, b] = await pairOf(scope, make(scope))
    a.socket.write(Buffer.from('all'))
    a.socket.end()
    assert.is(a.socket.write(Buffer.from('more')), true)
    a.socket.end()
    b.socket.resume()
    await eventually(() => b.saw('end'))
    assert.is(b.text.join(''), 'all')
  })

  test('what is unacknowledged falls to nothing, FIN included', async (scope) => {
    const [a, b] = await pairOf(scope, make(scope))
    if (a.socket.unacknowledged() === undefined) return
    while (a.socket.write(new Uint8Array(MIB)));
    a.socket.end()
    await eventually(() => (a.socket.unacknowledged() ?? 0) > 0)
    b.socket.resume()
    await eventually(() => b.saw('end'))
    await eventually(() => a.socket.unacknowledged() === 0)
  })

  test('an address in use, and one that is not here, are fatal for a listener', async (scope) => {
    const sockets = make(scope)
    const { at } = await listenHere(scope, sockets)
    for (const [address, code] of [
      [at, 'EADDRINUSE'],
      [{ address: '192.0.2.1', port: 0 }, 'EADDRNOTAVAIL'],
    ] as const) {
      const problems: unknown[] = []
      const listener = sockets.listen(
        address,
        { backlog: 1, keepaliveMs: 1_000 },
        {
          onListening: () => assert.unreachable('listening'),
          onAccept: () => assert.unreachable('accepted'),
          onProblem: (word, fatal) => problems.push([word, fatal]),
        },
      )
      await eventually(() => problems.length > 0)
      listener.close()
      assert.equal(problems, [[code, true]])
    }
  })

  test('nobody hears anything from within a call', async (scope) => {
    const sockets = make(scope)
    const [a, b] = await pairOf(scope, sockets)
    const [c, d] = await pairOf(scope, sockets)
    const silently = (act: () => void) => {
      const heard = () => [a, b, c, d].map(({ order, bytes }) => [order.length, bytes])
      const before = heard()
      act()
      assert.equal(heard(), before, `${act}`)
    }
    silently(() => a.socket.write(Buffer.from('bytes')))
    silently(() => a.socket.end())
    await eventually(() => a.socket.unacknowledged() === 0)
    silently(() => b.socket.resume())
    await eventually(() => b.saw('end'))
    silently(() => b.socket.end())
    silently(() => a.socket.resume())
    await eventually(() => a.saw('close') && b.saw('close'))
    silently(() => c.socket.reset())
    await eventually(() => c.saw('close'))
    silently(() => d.socket.write(Buffer.from('to nobody')))
    silently(() => d.socket.resume())
    await eventually(() => d.saw('close'))
    const words: string[] = []
    const problem = (word: string) => words.push(word)
    const options = { backlog: 1, keepaliveMs: 1_000 }
    const handler = { onListening: () => words.push('listening'), onAccept: () => {}, onProblem: problem }
    const listeners = [
      sockets.listen({ address: '127.0.0.1', port: 0 }, options, handler),
      sockets.listen({ address: '192.0.2.1', port: 0 }, options, handler),
    ]
    assert.equal(words, [])
    await eventually(() => words.length === 2)
    for (const listener of listeners) listener.close()
  })

  test('a dual-stack listener takes IPv6 and IPv4, each under its own address', async (scope) => {
    if (!hasIpv6()) return
    const sockets = make(scope)
    const { at, accepted } = await listenHere(scope, sockets, '::')
    for (const address of ['::1', '127.0.0.1']) {
      const dial = dialTo(scope, sockets, { address, port: at.port }, { from: address })
      await eventually(() => dial.saw('open') && accepted.length === 1)
      const [peer] = accepted.splice(0) as [Recorder]
      assert.equal([dial.socket.local, dial.socket.remote], [peer.socket.remote, peer.socket.local])
      assert.equal([peer.socket.remote.address, peer.socket.local], [address, { address, port: at.port }])
      peer.socket.reset()
    }
  })
}
