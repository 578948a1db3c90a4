/** One end of a data link with real backends behind it; the test is the other end, the programs and the clock. */

import type { Endpoint } from '../../src/base/address.js'
import { Backends } from '../../src/lane/backends.js'
import type { BoundClient } from '../../src/lane/bound.js'
import { DataLink } from '../../src/lane/data-link.js'
import type { LaneContext } from '../../src/lane/lane-context.js'
import { Unsettled } from '../../src/lane/unsettled.js'
import { type Attempt, ClientHalf, type ClientHost, type OpenRequest } from '../../src/proxy/client-half.js'
import type { FromLane } from '../../src/proxy/lane-protocol.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import { SERVICE_DEFAULTS, type Service } from '../../src/proxy/service.js'
import { encodeFrame, visitFrames, writeDataHeader } from '../../src/proxy/splice-codec.js'
import {
  DATA_OFFSET_BYTES,
  FRAME_HEADER_BYTES,
  type OpenFrame,
  type SpliceFrame,
} from '../../src/proxy/splice-frame.js'
import type { LinkSeal } from '../../src/trunk/ports.js'
import {
  RECORD_HEADER_BYTES,
  RecordReader,
  recordBuffers,
  SEAL_OVERHEAD_BYTES_MIN,
  writeRecordHeader,
} from '../../src/trunk/record.js'
import { FakePlaces } from '../proxy/fake-places.js'
import { FakeSocket } from '../proxy/fake-socket.js'
import { fakeContext } from './fake-context.js'
import { PLAIN_SEAL } from './plain-seals.js'

export const A = 'a'.repeat(32)
export const B = 'b'.repeat(32)
export const HELLO = { kind: 'hello', handle: 0, versionMin: 1, versionMax: 1, features: 0, lane: 0 } as const
export const WEB: Service = {
  name: 'web',
  address: '10.0.0.100',
  ports: [{ first: 80, last: 80 }],
  ...SERVICE_DEFAULTS,
}

/** DATA as the test writes it down. */
export type Said = SpliceFrame | { readonly kind: 'data'; readonly handle: number; readonly text: string }

export class LinkUnderTest {
  readonly socket = new FakeSocket()
  /** Connections to this node's programs, in the order dialled. */
  readonly programs: FakeSocket[] = []
  readonly events: string[] = []
  readonly posted: FromLane[] = []
  /** Client halves that wait for another link. */
  readonly waiting: BoundClient[] = []
  readonly backends: Backends
  readonly link: DataLink
  readonly context: LaneContext
  now = 0
  readonly #reader = new RecordReader(recordBuffers())
  readonly #seal: LinkSeal
  #heardBytes = 0

  constructor(options: { dialled?: boolean; greeted?: boolean; seals?: { link: LinkSeal; test: LinkSeal } } = {}) {
    const seals = options.seals ?? { link: PLAIN_SEAL, test: PLAIN_SEAL }
    this.#seal = seals.test
    const dial = () => {
      const program = new FakeSocket()
      this.programs.push(program)
      return program
    }
    const sockets = { engine: 'fake', dial, listen: () => ({ close: () => {} }) }
    const room = this
    this.context = fakeContext(
      {
        get now() {
          return room.now
        },
        sockets,
        post: (message) => this.posted.push(message),
      },
      B,
    )
    this.backends = new Backends(this.context, new Unsettled())
    this.backends.setServices([WEB])
    this.backends.setListeners([{ port: 80, address: '10.0.0.11' }])
    const peer = { node: A, name: 'node-a' }
    this.link = new DataLink(peer, 0, this.socket, seals.link, options.dialled ?? false, this.context, {
      openBackend: (frame, reply) => this.backends.open(frame, reply),
      findBackend: (frame) => this.backends.find(frame),
      onBackend: (bound) => this.backends.remember(bound),
      onMortal: () => {},
      onDial: () => {},
      onForsaken: (bound) => this.backends.forsake(bound),
      onAsk: () => {},
      onLedger: () => {},
      onLinkUp: () => this.events.push('up'),
      onEnding: () => {},
      onLinkDown: (_link, why, halves) => {
        this.events.push(`down: ${why}`)
        for (const bound of halves) {
          if (bound.role === 'backend') this.backends.suspend(bound)
          else this.waiting.push(bound)
        }
      },
    })
    this.socket.attach(this.link)
    if (options.greeted === false) return
    this.hears(HELLO)
    this.said()
  }

  /** All of these in one record, in this order. */
  hears(...frames: (SpliceFrame | Uint8Array)[]): void {
    this.hearsRecord(frames.map((frame) => (frame instanceof Uint8Array ? frame : encodeFrame(frame))))
  }

  hearsRecord(encoded: readonly Uint8Array[], lastByte = 0): void {
    const plain = Uint8Array.from(encoded.flatMap((bytes) => [...bytes]))
    const record = new Uint8Array(RECORD_HEADER_BYTES + plain.byteLength + SEAL_OVERHEAD_BYTES_MIN)
    writeRecordHeader(record, plain.byteLength + SEAL_OVERHEAD_BYTES_MIN)
    this.#seal.sealer.seal(plain, record.subarray(RECORD_HEADER_BYTES))
    if (lastByte !== 0) record[record.byteLength - 1] = lastByte
    this.socket.say(record)
  }

  /** What the link has said since the last call. */
  said(): Said[] {
    const said: Said[] = []
    const bytes = Uint8Array.from(this.socket.delivered.slice(this.#heardBytes))
    this.#heardBytes = this.socket.delivered.length
    const problem = this.#reader.push(bytes, (sealed) => {
      const plain = new Uint8Array(sealed.byteLength - SEAL_OVERHEAD_BYTES_MIN)
      if (this.#seal.opener.open(sealed, plain) === undefined) return 'a record that does not open'
      return visitFrames(plain, {
        onAckFrame: (handle, written, acknowledged, window) => {
          said.push({ kind: 'ack', handle, written, acknowledged, window })
        },
        onFrame: (frame) => void said.push(frame),
        onDataFrame: (handle, _offset, chunk) => void said.push({ kind: 'data', handle, text: textOf([...chunk]) }),
      })
    })
    if (problem !== undefined) throw new Error(problem)
    return said
  }

  /** A splice whose program stands and has got nothing yet. */
  splice(handle: number): FakeSocket {
    this.hears(open(handle))
    const program = this.programs.at(-1)
    if (program === undefined) throw new Error('no program was dialled')
    program.open()
    this.said()
    return program
  }
}

export function open(handle: number, term = { number: 5, holder: A }): OpenFrame {
  const client: Endpoint = { address: '192.0.2.1', port: 50_000 }
  const destination: Endpoint = { address: WEB.address, port: 80 }
  const id = { node: A, boot: 1, counter: handle }
  const spans = { connectMs: 1_000, keepaliveMs: 10_000, window: 1_000 }
  const nothing = { proxyHeader: new Uint8Array(0), snapshot: new Uint8Array(0), call: 0 }
  return { kind: 'open', handle, id, term, service: 'web', port: 80, client, destination, ...spans, ...nothing }
}

export function data(handle: number, offset: number, text: string): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + DATA_OFFSET_BYTES + text.length)
  frame.set(bytesOf(text), writeDataHeader(frame, 0, handle, offset, text.length))
  return frame
}

/** A frame of a kind that only a newer release knows. */
export function unknownFrame(handle: number, kind: number, length: number): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + length).fill(0xff)
  frame.set(Uint8Array.of(handle, 0, 0, 0, kind, length, length >> 8, length >> 16))
  return frame
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function textOf(bytes: readonly number[]): string {
  return new TextDecoder().decode(Uint8Array.from(bytes))
}

/** A client half on this node that asks the peer over the link, or what `way` names later, and no other node. */
export function clientOver(room: LinkUnderTest) {
  const [socket, finished]: [FakeSocket, string[]] = [new FakeSocket(), []]
  const time = { now: 0 }
  const way = { link: room.link }
  const host: ClientHost = {
    clock: { now: () => time.now, wall: () => 0 },
    pool: new RetentionPool(),
    gate: { isOpen: () => true },
    service: WEB,
    term: { number: 5, holder: B },
    begunAt: 0,
    places: new FakePlaces([{ node: A, name: 'node-a' }]),
    open: (asking: ClientHalf, _to, request: OpenRequest): Attempt | undefined => {
      return way.link.isUp ? way.link.open(asking, request, new Uint8Array(0)) : undefined
    },
    onJoined: () => {},
    onRetried: () => {},
    onUnsettled: () => {},
    onIncident: () => {},
    onFinished: (_client, reason, detail) => finished.push(`${reason}: ${detail}`),
  }
  const client = new ClientHalf({ node: B, boot: 1, counter: 1 }, socket, host)
  client.choose()
  return { socket, finished, client, time, way }
}
