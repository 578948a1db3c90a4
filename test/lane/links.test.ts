import type { Endpoint } from '../../src/base/address.js'
import { Backends } from '../../src/lane/backends.js'
import { Links } from '../../src/lane/links.js'
import { Unsettled } from '../../src/lane/unsettled.js'
import type { FromLane } from '../../src/proxy/lane-protocol.js'
import type { ListenHandler, Sockets } from '../../src/proxy/ports.js'
import { encodeFrame } from '../../src/proxy/splice-codec.js'
import { encodePreamble } from '../../src/trunk/link-preamble.js'
import { RECORD_HEADER_BYTES, SEAL_OVERHEAD_BYTES_MIN, writeRecordHeader } from '../../src/trunk/record.js'
import { assert, suite } from '../harness/suite.js'
import { FakeSocket } from '../proxy/fake-socket.js'
import { fakeContext } from './fake-context.js'
import { A, B, HELLO, LinkUnderTest } from './link-under-test.js'

const test = suite('lane/links')

const PORT = 7441

const NO_RECOVERIES = {
  onLedger: () => {},
  onMortal: () => {},
  onLinkUp: () => {},
  onLinkDown: () => {},
  onGone: () => {},
}

/** The links of node B; the test is the network. */
class LinksUnderTest {
  now = 0
  readonly heard: FromLane[] = []
  readonly sockets: Sockets
  readonly links: Links
  #handler: ListenHandler | undefined
  #ids = 0

  constructor() {
    this.sockets = {
      engine: 'fake',
      dial: () => new FakeSocket(),
      listen: (_at: Endpoint, _options, handler) => {
        this.#handler = handler
        return { close: () => {} }
      },
    }
    const context = fakeContext(this, B)
    this.links = new Links(context, new Backends(context, new Unsettled()), NO_RECOVERIES, { onFrame: () => {} })
    this.links.listen(PORT)
  }

  post(message: FromLane): void {
    this.heard.push(message)
  }

  stranger(): FakeSocket {
    const socket = new FakeSocket()
    this.#handler?.onAccept(socket)
    return socket
  }

  /** Node A comes with keys that were agreed on, and its link stands. */
  peer(socket = this.stranger()): FakeSocket {
    const linkId = new Uint8Array(16).fill(++this.#ids)
    const keys = { linkId, out: new Uint8Array(32), in: new Uint8Array(32), suite: 'secretstream' } as const
    this.links.expect({ node: A, name: 'node-a' }, 0, keys)
    socket.say(encodePreamble({ linkId, sealHeader: new Uint8Array(24) }))
    const hello = encodeFrame(HELLO)
    const record = new Uint8Array(RECORD_HEADER_BYTES + hello.byteLength + SEAL_OVERHEAD_BYTES_MIN)
    writeRecordHeader(record, hello.byteLength + SEAL_OVERHEAD_BYTES_MIN)
    record.set(hello, RECORD_HEADER_BYTES)
    socket.say(record)
    return socket
  }

  refusals(): unknown[] {
    return this.heard.filter((message) => message.type === 'log' && message.event === 'link-refused')
  }
}

test('strangers that say nothing do not keep a peer out: the one that is silent the longest makes room', () => {
  const room = new LinksUnderTest()
  const strangers = Array.from({ length: 64 }, () => room.stranger())
  const late = room.stranger()
  assert.is(strangers[0]?.resets, 1)
  assert.is(strangers[1]?.resets, 0)
  room.peer(late)
  assert.is(late.resets, 0)
  assert.ok(room.links.to(A))
})

test('a flood of strangers fills no log', () => {
  const room = new LinksUnderTest()
  for (let i = 0; i < 1_000; i++) room.stranger()
  assert.is(room.refusals().length, 1)
  room.now = 1_000
  room.stranger()
  assert.is(room.refusals().length, 2)
  assert.match(JSON.stringify(room.refusals()[1]), /"heldBack":935/)
})

test('a stranger that stays silent is gone after three seconds', () => {
  const room = new LinksUnderTest()
  const stranger = room.stranger()
  room.now = 2_999
  room.links.sweep(room.now)
  assert.is(stranger.resets, 0)
  room.now = 3_000
  room.links.sweep(room.now)
  assert.is(stranger.resets, 1)
})

test('a link that a newer one replaces is closed in order, and cut if its peer does not take the end', () => {
  const room = new LinksUnderTest()
  const before = room.peer()
  const next = room.peer()
  assert.ok(before.ended)
  assert.is(before.resets, 0)
  room.now = 3_000
  next.say(new Uint8Array(0))
  room.links.sweep(room.now)
  assert.is(before.resets, 1)
  assert.is(next.resets, 0)
  room.links.sweep(room.now)
  assert.is(before.resets, 1, 'once')
})

test('a link whose peer asks on and never reads ends before its answers fill the memory', () => {
  const room = new LinkUnderTest()
  room.socket.queued = () => 16 * 1024 * 1024
  room.hears({ kind: 'ping', handle: 0, token: 1 })
  assert.is(room.socket.resets, 0)
  room.socket.queued = () => 16 * 1024 * 1024 + 1
  room.hears({ kind: 'ping', handle: 0, token: 2 })
  assert.is(room.socket.resets, 1)
  assert.match(room.events.at(-1) ?? '', /does not read/)
})

test('the last bytes of splices that leave are no such answers: the link stands until they have left', () => {
  const room = new LinkUnderTest()
  room.link.freeze(1, undefined)
  room.socket.queued = () => 32 * 1024 * 1024
  room.hears({ kind: 'ping', handle: 0, token: 1 })
  assert.is(room.socket.resets, 0)
  room.socket.queued = () => 16 * 1024 * 1024 + 1
  room.link.onDrain()
  room.hears({ kind: 'ping', handle: 0, token: 2 })
  assert.is(room.socket.resets, 1)
})

test('a link ends as well for a peer whose records never end where a read does', () => {
  const room = new LinkUnderTest()
  room.socket.say(Uint8Array.of(20))
  room.socket.queued = () => 16 * 1024 * 1024 + 1
  room.link.onFilled(0)
  assert.is(room.socket.resets, 1)
})

test('what comes on a link after it was closed is not heard', () => {
  const room = new LinkUnderTest()
  room.link.close('other')
  room.said()
  room.hears({ kind: 'ping', handle: 0, token: 1 })
  assert.is(room.socket.resets, 0)
  assert.equal(room.said(), [])
})

test.run()
