/** What becomes of a client's connection that another process has left, where this node has lost its lease on the way. */
import type { CarriedSocket, ClientRow } from '../../src/lane/carried.js'
import { Inheritance, type InheritanceParts, Splices } from '../../src/lane/inheritance.js'
import type { Sockets } from '../../src/proxy/ports.js'
import { assert, suite } from '../harness/suite.js'
import { FakeSocket } from '../proxy/fake-socket.js'
import { fakeContext } from './fake-context.js'

const test = suite('lane/inheritance')

class Leaving extends FakeSocket {
  silent = 0

  vanish(): void {
    this.silent++
  }
}

function left(snapshotBytes: number, isServed = true): Leaving {
  const socket = new Leaving()
  const sockets = { engine: 'fake', adoptCarried: () => socket } as unknown as Sockets
  const parts = { context: fakeContext({ now: 0, sockets }, 'a'), directionOf: () => undefined }
  const splices = new Splices()
  const row: Partial<ClientRow> = {
    kind: 'client',
    service: 'web',
    snapshot: { bytes: new Uint8Array(snapshotBytes), at: 0 },
    socket: { isGone: false } as CarriedSocket,
    joined: isServed ? ({ way: 'link', lane: 0 } as ClientRow['joined']) : undefined,
  }
  splices.add(row as ClientRow, 7)
  new Inheritance(parts as unknown as InheritanceParts).take(splices)
  return socket
}

test('whoever directs next rebuilds it: its client hears nothing', () => {
  const socket = left(32)
  assert.equal([socket.silent, socket.resets], [1, 0])
})

test('what nobody can rebuild ends: without a snapshot, or a backend half that keeps what it needs', () => {
  for (const socket of [left(0), left(32, false)]) assert.equal([socket.silent, socket.resets], [0, 1])
})

test.run()
