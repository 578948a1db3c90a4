/** What an engine owes when there are many sockets, or no descriptor for one more; the rest is in endpoint-compliance. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Endpoint } from '../../src/base/address.js'
import type { Sockets } from '../../src/proxy/ports.js'
import { assert, type Scope, type Suite } from '../harness/suite.js'
import { fullTable } from './descriptor-table.js'
import { dialTo, eventually, fastPairOf, listenHere, MIB, pairOf, quiet, Recorder } from './recorder.js'

export interface EngineFacts {
  /** What a socket reads at most before the others have their turn. */
  readonly turnBytesMax: number
}

export function testCrowds(test: Suite, make: (scope: Scope) => Sockets, facts: EngineFacts): void {
  test('a bulk flow takes no more than its share before small ones have theirs', async (scope) => {
    const sockets = make(scope)
    const [source, bulk] = await fastPairOf(scope, sockets)
    const small = await Promise.all(Array.from({ length: 20 }, () => pairOf(scope, sockets)))
    while (source.socket.write(new Uint8Array(MIB)));
    for (const [sender] of small) sender.socket.write(Buffer.from('me too'))
    // All of it lies in the readers' kernel queues, and their engine has heard of it.
    await quiet(() => source.socket.queued())
    const ahead: number[] = []
    for (const [, reader] of small) reader.onChunk = () => ahead.push(bulk.bytes)
    bulk.socket.resume()
    for (const [, reader] of small) reader.socket.resume()
    await eventually(() => ahead.length === small.length)
    assert.ok(Math.max(...ahead) <= facts.turnBytesMax, `${Math.max(...ahead)} bytes came first`)
  })

  test('a full table of descriptors fails a dial, and a listener outlives it', async (scope) => {
    const sockets = make(scope)
    const problems: [string, boolean][] = []
    const accepted: Recorder[] = []
    let at: Endpoint | undefined
    const listener = sockets.listen(
      { address: '127.0.0.1', port: 0 },
      { backlog: 16, keepaliveMs: 1_000 },
      {
        onListening: (actual) => {
          at = actual
        },
        onAccept: (socket) => accepted.push(new Recorder(socket)),
        onProblem: (code, fatal) => problems.push([code, fatal]),
      },
    )
    scope.defer(() => {
      listener.close()
      for (const { socket } of accepted) socket.reset()
    })
    await eventually(() => at !== undefined)
    const early = dialTo(scope, sockets, at as Endpoint)
    const free = fullTable(scope)
    if (free === undefined) return
    const late = dialTo(scope, sockets, at as Endpoint)
    await eventually(() => late.saw('close') && early.order.length > 0)
    assert.equal([late.cause, late.order], ['exhausted', ['close']])
    await pause(20)
    free()
    const next = dialTo(scope, sockets, at as Endpoint)
    await eventually(() => accepted.some(({ socket }) => socket.remote.port === next.socket.local.port))
    for (const problem of problems) assert.equal(problem, ['EMFILE', false])
  })

  test('two thousand connections at once, each with its own bytes', async (scope) => {
    const sockets = make(scope)
    const here = await listenHere(scope, sockets)
    const dials = Array.from({ length: 2_000 }, () => dialTo(scope, sockets, here.at))
    for (const [i, { socket }] of dials.entries()) {
      socket.write(Buffer.from(`<${i}>`))
      socket.end()
    }
    await eventually(() => here.accepted.length === dials.length)
    for (const recorder of here.accepted) recorder.socket.resume()
    await eventually(() => here.accepted.every((recorder) => recorder.saw('end')))
    for (const { socket, text } of here.accepted) {
      socket.write(Buffer.from(text.join('')))
      socket.end()
    }
    for (const { socket } of dials) socket.resume()
    await eventually(() => [...dials, ...here.accepted].every(({ closes }) => closes.length === 1))
    for (const [i, { text, cause }] of dials.entries()) assert.equal([text.join(''), cause], [`<${i}>`, 'ended'])
  })
}
