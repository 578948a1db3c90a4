/** What only the engine on epoll does: RSTs that nobody reads for, urgent data, hand-over, and no descriptor left behind. */
import koffi from 'koffi'
import type { Endpoint } from '../../src/base/address.js'
import { addressOf, loadSyscalls } from '../../src/kernel/syscalls.io.js'
import type { Socket } from '../../src/proxy/ports.js'
import { Scope } from '../harness/scope.js'
import { assert, suite } from '../harness/suite.js'
import { fullTable, openDescriptors, watchedDescriptors } from './descriptor-table.js'
import { drivenSockets } from './poller-driver.js'
import { dialTo, eventually, fastPairOf, listenHere, MIB, pairOf, quiet, Recorder } from './recorder.js'

const test = suite('kernel/epoll-socket', 5_000)

const MSG_OOB = 1

function option(fd: number, level: number, name: number): number {
  const sys = loadSyscalls()
  if ('why' in sys) throw new Error(sys.why)
  const words = new Int32Array([0, 4])
  const at = addressOf(words.buffer)
  assert.is(sys.getsockopt(fd, level, name, at, at + 4), 0)
  return words[0] as number
}

if (process.platform !== 'linux') {
  test('this engine is for Linux', () => {})
} else {
  test('an RST is noticed by a socket that is paused, with and without unread bytes', async (scope) => {
    for (const bytes of [0, 10, MIB]) {
      for (const reader of [0, 1] as const) {
        const sides = await pairOf(scope, drivenSockets(scope))
        const [paused, other] = [sides[reader], sides[1 - reader] as Recorder]
        other.socket.write(new Uint8Array(bytes))
        other.socket.reset()
        await eventually(() => paused.closes.length === 1)
        assert.equal([paused.cause, paused.bytes], ['reset', 0])
      }
    }
  })

  test('an RST is noticed after the FIN of either side', async (scope) => {
    for (const [ender, resetter] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const sides = await pairOf(scope, drivenSockets(scope))
      const [early, other] = [sides[ender], sides[1 - ender]] as [Recorder, Recorder]
      other.socket.resume()
      early.socket.end()
      await eventually(() => other.saw('end'))
      other.socket.pause()
      sides[resetter].socket.reset()
      await eventually(() => sides[1 - resetter]?.closes.length === 1)
      assert.is(sides[1 - resetter]?.cause, 'reset')
    }
  })

  test('bytes, FIN and RST that came together are told in their order', async (scope) => {
    const [a, b] = await pairOf(scope, drivenSockets(scope))
    a.socket.write(Buffer.from('last words'))
    a.socket.end()
    await eventually(() => a.socket.unacknowledged() === 0)
    b.socket.resume()
    a.socket.reset()
    await eventually(() => b.closes.length === 1)
    assert.equal([b.order, b.cause], [['data', 'end', 'close'], 'reset'])
  })

  test('bytes before an RST reach a reader who reads, also one who has writes queued', async (scope) => {
    for (const queued of [false, true]) {
      const [a, b] = await fastPairOf(scope, drivenSockets(scope))
      while (queued && b.socket.write(new Uint8Array(MIB)));
      // More than is read in one turn.
      a.socket.write(new Uint8Array(MIB))
      await eventually(() => a.socket.unacknowledged() === 0)
      b.socket.resume()
      a.socket.reset()
      await eventually(() => b.closes.length === 1)
      assert.equal([b.bytes, b.order, b.cause], [MIB, ['data', 'close'], 'reset'])
    }
  })

  test('whose write has met an RST does not take the missing bytes for an end', async (scope) => {
    const sockets = drivenSockets(scope)
    const [a, b] = await pairOf(scope, sockets)
    const [c, d] = await pairOf(scope, sockets)
    b.socket.resume()
    d.socket.resume()
    d.onChunk = () => b.socket.write(Buffer.from('to nobody'))
    // Both events come in one batch, in this order.
    c.socket.write(Buffer.from('now'))
    a.socket.reset()
    await eventually(() => b.closes.length === 1)
    assert.equal([d.bytes, b.order, b.cause], [3, ['close'], 'reset'])
  })

  test('bytes before an RST reach a reader also if a write meets the RST before they are read', async (scope) => {
    for (const bytes of [10, MIB]) {
      const sockets = drivenSockets(scope)
      const [a, b] = await fastPairOf(scope, sockets)
      const [c, d] = await pairOf(scope, sockets)
      b.socket.resume()
      d.socket.resume()
      d.onChunk = () => {
        // Its bytes are in the kernel, and the RST behind them.
        a.socket.write(new Uint8Array(bytes))
        a.socket.reset()
        b.socket.write(Buffer.from('to nobody'))
      }
      c.socket.write(Buffer.from('now'))
      await eventually(() => b.closes.length === 1)
      assert.equal([b.order, b.cause], [['data', 'close'], 'reset'])
      assert.ok(bytes === 10 ? b.bytes === 10 : b.bytes > 10, `${b.bytes} of ${bytes} bytes`)
    }
  })

  test('pause stops the very next chunk, and resume needs no new bytes to go on', async (scope) => {
    const [a, b] = await fastPairOf(scope, drivenSockets(scope))
    let chunks = 0
    b.onChunk = () => {
      chunks++
      b.socket.pause()
    }
    a.socket.write(new Uint8Array(2 * MIB))
    await quiet(() => a.socket.queued())
    for (let expected = 1; expected <= 4; expected++) {
      b.socket.resume()
      await eventually(() => chunks === expected)
      await quiet(() => chunks)
      assert.is(chunks, expected)
    }
  })

  test('an urgent byte is one of the others, and hides nothing that follows it', async (scope) => {
    const send = koffi.load(null).func('int send(int, const void *, size_t, int)')
    const [a, b] = await pairOf(scope, drivenSockets(scope))
    for (const [text, flags] of [
      ['before!', MSG_OOB],
      ['after', 0],
    ] as const) {
      assert.is(send(a.socket.fd, Buffer.from(text), text.length, flags), text.length)
    }
    await eventually(() => a.socket.unacknowledged() === 0)
    b.onChunk = () => b.socket.pause()
    b.socket.resume()
    await eventually(() => b.text.length === 1)
    await quiet(() => b.text.length)
    assert.equal(b.text, ['before'], 'pause stops also there')
    b.socket.resume()
    await eventually(() => b.text.join('') === 'before!after')
  })

  test('the side that dialled turns delay off with its second write, or with one that does not fit', async (scope) => {
    const sockets = drivenSockets(scope)
    const { at, accepted } = await listenHere(scope, sockets)
    const [twice, large] = [dialTo(scope, sockets, at), dialTo(scope, sockets, at)]
    await eventually(() => accepted.length === 2 && [twice, large].every(({ order }) => order[0] === 'open'))
    const noDelay = ({ socket }: Recorder) => option(socket.fd, 6, 1)
    twice.socket.write(new Uint8Array(1))
    assert.is(noDelay(twice), 0)
    twice.socket.write(new Uint8Array(1))
    assert.is(noDelay(twice), 1)
    large.socket.write(new Uint8Array(64 * MIB))
    assert.is(noDelay(large), 1)
  })

  test('both sides have no delay and the same keepalive', async (scope) => {
    const sockets = drivenSockets(scope)
    const { at, accepted } = await listenHere(scope, sockets)
    const dialled = dialTo(scope, sockets, at)
    await eventually(() => accepted.length === 1)
    assert.is(option(dialled.socket.fd, 1, 9), 0, 'one that has only just been dialled may be over soon')
    await eventually(() => dialled.order[0] === 'open')
    for (const byte of [1, 2]) dialled.socket.write(Uint8Array.of(byte))
    await eventually(() => option(dialled.socket.fd, 1, 9) === 1)
    for (const { socket } of [dialled, accepted[0] as Recorder]) {
      const [nodelay, idle, interval, probes] = [1, 4, 5, 6].map((name) => option(socket.fd, 6, name))
      assert.equal([nodelay, option(socket.fd, 1, 9), idle, interval, probes], [1, 1, 30, 1, 10])
    }
  })

  test('a handler that throws loses neither its own bytes nor those of others', async (scope) => {
    const faults: unknown[] = []
    const sockets = drivenSockets(scope, (error) => faults.push(error))
    const [a, b] = await pairOf(scope, sockets)
    const [c, d] = await pairOf(scope, sockets)
    a.socket.write(new Uint8Array(MIB))
    c.socket.write(new Uint8Array(MIB))
    b.onChunk = () => {
      b.onChunk = undefined
      throw new Error('a bug')
    }
    b.socket.resume()
    d.socket.resume()
    await eventually(() => b.bytes === MIB && d.bytes === MIB)
    assert.is(faults.length, 1)
  })

  test('a handler that throws at its last event is named, as its descriptor is gone', async (scope) => {
    const faults: unknown[] = []
    const sockets = drivenSockets(scope, (_error, fd, handler) => faults.push(fd, handler))
    const [a, b] = await pairOf(scope, sockets)
    b.onClose = () => {
      b.closes.push(['reset', ''])
      throw new Error('a bug')
    }
    a.socket.reset()
    await eventually(() => faults.length > 0)
    assert.equal([faults.length, faults[0]], [2, -1])
    assert.is(faults[1], b)
  })

  test('two pollers accept from one listener, and either may close first', async (scope) => {
    const [one, two] = [drivenSockets(scope), drivenSockets(scope)]
    const accepted: [Recorder[], Recorder[]] = [[], []]
    let at: Endpoint | undefined
    const handler = (index: 0 | 1) => ({
      onListening: (actual: Endpoint) => {
        at = actual
      },
      onAccept: (socket: Socket) => void accepted[index].push(new Recorder(socket)),
      onProblem: (code: string) => assert.unreachable(code),
    })
    const options = { backlog: 512, keepaliveMs: 30_000 }
    const first = one.listen({ address: '127.0.0.1', port: 0 }, options, handler(0))
    await eventually(() => at !== undefined)
    const second = two.adoptListener(first.share(), at as Endpoint, handler(1))
    scope.defer(() => {
      for (const { socket } of accepted.flat()) socket.reset()
    })
    const knock = () => dialTo(scope, one, at as Endpoint)
    // More than one poller takes in a turn.
    for (let i = 0; i < 200; i++) knock()
    await eventually(() => accepted.flat().length === 200)
    for (const [first] of accepted) {
      const fd = first?.socket.fd ?? -1
      assert.equal([option(fd, 6, 1), option(fd, 1, 9), option(fd, 6, 4)], [1, 1, 30], 'as whoever opened it has said')
    }
    assert.ok(accepted[0].length > 0 && accepted[1].length > 0, `${accepted.map(({ length }) => length)}`)
    const watched = watchedDescriptors()
    first.close()
    assert.is(watchedDescriptors(), watched - 1, 'the queue lives on, but not for this one')
    const before = accepted[1].length
    for (let i = 0; i < 5; i++) knock()
    await eventually(() => accepted[1].length === before + 5)
    assert.is(accepted[1].at(-1)?.socket.local.port, (at as Endpoint).port)
    second.close()
    const refused = knock()
    await eventually(() => refused.cause === 'refused')
  })

  test('a connection handed to another poller lives on, unread bytes included', async (scope) => {
    const [one, two] = [drivenSockets(scope), drivenSockets(scope)]
    const [a, b] = await pairOf(scope, one)
    a.socket.write(Buffer.from('unread'))
    await eventually(() => a.socket.unacknowledged() === 0)
    const { local, remote } = b.socket
    const watched = watchedDescriptors()
    const fd = one.release(b.socket)
    assert.ok(fd !== undefined)
    assert.is(watchedDescriptors(), watched - 1)
    assert.equal([b.socket.fd, one.release(b.socket)], [-1, undefined])
    b.socket.write(Buffer.from('dropped'))
    b.socket.reset()
    const heir = new Recorder(two.adoptSocket(fd))
    assert.equal([heir.socket.local, heir.socket.remote], [local, remote])
    a.socket.resume()
    heir.socket.resume()
    await eventually(() => heir.text.join('') === 'unread')
    heir.socket.write(Buffer.from('here'))
    heir.socket.end()
    await eventually(() => a.saw('end'))
    a.socket.end()
    await eventually(() => heir.closes.length + a.closes.length === 2)
    assert.equal([a.text.join(''), a.cause, heir.cause, b.order], ['here', 'ended', 'ended', []])
  })

  test('a FIN that was read is told again to whom the connection is handed', async (scope) => {
    const sockets = drivenSockets(scope)
    const [a, b] = await pairOf(scope, sockets)
    b.socket.resume()
    a.socket.end()
    await eventually(() => b.saw('end'))
    const fd = sockets.release(b.socket)
    assert.ok(fd !== undefined)
    const heir = new Recorder(sockets.adoptSocket(fd))
    heir.socket.resume()
    await eventually(() => heir.saw('end'))
    heir.socket.end()
    await eventually(() => heir.cause === 'ended')
  })

  test('what was put off is done before a connection is handed over', async (scope) => {
    const sockets = drivenSockets(scope)
    const { at } = await listenHere(scope, sockets)
    const dialled = dialTo(scope, sockets, at)
    await eventually(() => dialled.order[0] === 'open')
    const fd = sockets.release(dialled.socket) ?? -1
    scope.defer(() => sockets.closeDescriptor(fd))
    assert.equal([option(fd, 6, 1), option(fd, 1, 9), option(fd, 6, 4)], [1, 1, 30])
  })

  test('what has queued writes or an end is not handed over', async (scope) => {
    const sockets = drivenSockets(scope)
    const [a, b] = await pairOf(scope, sockets)
    while (a.socket.write(new Uint8Array(MIB)));
    b.socket.end()
    assert.equal([sockets.release(a.socket), sockets.release(b.socket)], [undefined, undefined])
  })

  test('a full table is told, but not over and over, and who knocked gets in later', async (scope) => {
    const sockets = drivenSockets(scope)
    const problems: string[] = []
    const accepted: Recorder[] = []
    let at: Endpoint | undefined
    const options = { backlog: 16, keepaliveMs: 1_000 }
    const listener = sockets.listen({ address: '127.0.0.1', port: 0 }, options, {
      onListening: (actual) => {
        at = actual
      },
      onAccept: (socket) => accepted.push(new Recorder(socket)),
      onProblem: (code, fatal) => problems.push(`${code} ${fatal}`),
    })
    scope.defer(() => {
      listener.close()
      for (const { socket } of accepted) socket.reset()
    })
    await eventually(() => at !== undefined)
    dialTo(scope, sockets, at as Endpoint)
    const free = fullTable(scope)
    const start = performance.now()
    await eventually(() => problems.length === 3)
    assert.ok(performance.now() - start > 150, 'two pauses of 100 ms')
    free?.()
    await eventually(() => accepted.length === 1)
    assert.equal(new Set(problems), new Set(['EMFILE false']))
  })

  test('whatever the end, no descriptor stays behind', async (scope) => {
    const before = openDescriptors().sort()
    const inner = new Scope()
    scope.defer(() => inner.close())
    const sockets = drivenSockets(inner)
    const { at } = await listenHere(inner, sockets)
    const [a, b] = await pairOf(inner, sockets)
    for (const { socket } of [a, b]) {
      socket.resume()
      socket.end()
    }
    const [c, d] = await pairOf(inner, sockets)
    d.socket.resume()
    c.socket.reset()
    const [e, f] = await pairOf(inner, sockets)
    while (e.socket.write(new Uint8Array(MIB)));
    f.socket.reset()
    const failed = [
      dialTo(inner, sockets, { address: '127.0.0.1', port: 1 }),
      dialTo(inner, sockets, at, { from: '192.0.2.1' }),
      dialTo(inner, sockets, at, { from: '::1' }),
      dialTo(inner, sockets, at),
    ]
    failed.at(-1)?.socket.reset()
    const options = { backlog: 1, keepaliveMs: 1_000 }
    const deaf = { onListening: () => {}, onAccept: () => {}, onProblem: () => {} }
    sockets.listen({ address: '192.0.2.1', port: 0 }, options, deaf)
    await eventually(() => [a, b, c, d, e, f, ...failed].every(({ closes }) => closes.length === 1))
    await inner.close()
    assert.equal(openDescriptors().sort(), before)
  })
}

test.run()
