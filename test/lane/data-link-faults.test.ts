/** One data link whose socket, peer and backends are the test: no seal, no sockets, no time. */

import { DataLink } from '../../src/lane/data-link.js'
import type { LaneContext } from '../../src/lane/lane-context.js'
import { LinkWriter } from '../../src/lane/link-writer.js'
import { BackendHalf } from '../../src/proxy/backend-half.js'
import type { SocketHandler } from '../../src/proxy/endpoint.js'
import type { Socket } from '../../src/proxy/ports.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import type { OpenFrame } from '../../src/proxy/splice-frame.js'
import type { LinkSeal } from '../../src/trunk/ports.js'
import { recordBuffers } from '../../src/trunk/record.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lane/data-link-faults')

const A = 'a'.repeat(32)
const AT = { address: '192.0.2.1', port: 80 }
const NONE = new Uint8Array(0)
const CHUNK_BYTES = 65_536
const WINDOW = 262_144

class QuietSocket implements Socket {
  readonly fd = -1
  readonly local = AT
  readonly remote = AT
  paused = true
  isFull = false
  writes = 0
  resets = 0
  handler: SocketHandler | undefined

  attach(handler: SocketHandler): void {
    this.handler = handler
  }
  write(): boolean {
    this.writes++
    return !this.isFull
  }
  end(): void {}
  reset(): void {
    this.resets++
  }
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
  }
  queued(): number {
    return 0
  }
  unacknowledged(): number | undefined {
    return 0
  }
}

function plainSeal(): LinkSeal {
  const copy = (from: Uint8Array, into: Uint8Array) => {
    into.set(from)
    return from.byteLength
  }
  return {
    sealer: { overheadBytes: 17, seal: copy, close: () => {} },
    opener: { open: copy, close: () => {} },
  } as unknown as LinkSeal
}

class Bench {
  readonly socket = new QuietSocket()
  readonly programs: QuietSocket[] = []
  readonly backends: BackendHalf[] = []
  readonly link: DataLink
  #deferred: (() => void)[] = []

  constructor() {
    const clock = { now: () => 0, wall: () => 0 }
    const pool = new RetentionPool()
    const context = {
      setup: { lane: 0 },
      sockets: {},
      buffers: recordBuffers(),
      clock,
      defer: (task: () => void) => this.#deferred.push(task),
    }
    this.link = new DataLink(
      { node: A, name: 'a' },
      0,
      this.socket,
      plainSeal(),
      false,
      context as unknown as LaneContext,
      {
        openBackend: (frame, reply) => {
          const program = new QuietSocket()
          const host = { clock, pool, onUnsettled: () => {}, onIncident: () => {}, onForgotten: () => {} }
          const backend = new BackendHalf(frame, program, reply, host)
          this.programs.push(program)
          this.backends.push(backend)
          return backend
        },
        findBackend: () => 'link-lost',
        onBackend: () => {},
        onMortal: () => {},
        onDial: () => {},
        onForsaken: () => {},
        onAsk: () => {},
        onLedger: () => {},
        onLinkUp: () => {},
        onEnding: () => {},
        onLinkDown: () => {},
      },
    )
    this.link.onFrame({ kind: 'hello', handle: 0, versionMin: 1, versionMax: 1, features: 0, lane: 0 })
  }

  open(handle: number): void {
    this.link.onFrame(openFrame(handle))
    this.programs.at(-1)?.handler?.onOpen()
  }

  /** Every program that is read says a chunk; then the link writes what was gathered. */
  turn(): void {
    for (const { paused, handler } of this.programs) if (!paused) handler?.onData(new Uint8Array(CHUNK_BYTES))
    for (const task of this.#deferred.splice(0)) task()
  }
}

function openFrame(handle: number): OpenFrame {
  return {
    kind: 'open',
    handle,
    id: { node: A, boot: 1, counter: handle },
    term: { number: 1, holder: A },
    service: 'web',
    port: 80,
    client: AT,
    destination: AT,
    connectMs: 1_000,
    keepaliveMs: 1_000,
    window: WINDOW,
    proxyHeader: NONE,
    snapshot: NONE,
    call: 0,
  }
}

test('splices that wait for a full link share it evenly', () => {
  const bench = new Bench()
  const handles = Array.from({ length: 16 }, (_, i) => 2 + 2 * i)
  for (const handle of handles) bench.open(handle)
  bench.socket.isFull = true
  for (let i = 0; i < 800; i++) {
    bench.turn()
    for (const [k, { half }] of bench.backends.entries()) {
      bench.link.onAckFrame(handles[k] ?? 0, half.sent, half.sent, WINDOW)
    }
    bench.turn()
    bench.link.onDrain()
  }
  const sent = bench.backends.map(({ half }) => half.sent / CHUNK_BYTES)
  assert.ok(Math.min(...sent) > 20, `chunks sent: ${sent}`)
  // Whoever is turned to first may have one chunk more in each turn.
  assert.ok(Math.max(...sent) <= 2 * Math.min(...sent) + 1, `chunks sent: ${sent}`)
})

test('what a peer says behind its goodbye, or behind a fault, opens nothing', () => {
  const bench = new Bench()
  bench.open(2)
  bench.link.onFrame({ kind: 'goodbye', handle: 0, reason: 'node-stopping' })
  bench.open(4)
  assert.is(bench.backends.length, 1)
  assert.is(bench.programs[0]?.resets, 1, 'the first went down with its link')
})

test('a writer that is closed takes bytes without end', () => {
  const writer = new LinkWriter(new QuietSocket(), plainSeal().sealer, recordBuffers(), {
    inbox: undefined,
    defer: () => {},
    onFault: () => {},
  })
  writer.close()
  for (let i = 0; i < 3; i++) writer.data(2, i * CHUNK_BYTES, new Uint8Array(CHUNK_BYTES))
  for (let i = 0; i < 10_000; i++) writer.frame(new Uint8Array(24))
})

test.run()
