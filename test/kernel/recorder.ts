/** What the tests of an engine work with: sockets that record all they hear, and listeners on loopback. */
import { createHash } from 'node:crypto'
import os from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Endpoint } from '../../src/base/address.js'
import type { CloseCause, DialOptions, Socket, SocketHandler, Sockets } from '../../src/proxy/ports.js'
import { assert, type Scope } from '../harness/suite.js'

const OPTIONS: DialOptions = { connectMs: 5_000, keepaliveMs: 30_000 }
export const MIB = 2 ** 20
/** Both kernel buffers of a loopback connection at their largest (tcp_wmem, tcp_rmem), and something over. */
export const KERNEL_BYTES_MAX = 24 * MIB

/** Asked every few milliseconds; the test's own limit ends the wait. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(2)
}

/** Until the value has been the same for so long that nothing moves any more. */
export async function quiet(value: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 20; await pause(5)) {
    same = value() === last ? same + 1 : 0
    last = value()
  }
}

export class Recorder implements SocketHandler {
  readonly hash = createHash('sha256')
  readonly text: string[] = []
  readonly closes: [cause: CloseCause, detail: string][] = []
  /** Everything in its order; data as one word, however it was cut. */
  readonly order: string[] = []
  bytes = 0
  bytesKept = 100
  onChunk: ((chunk: Uint8Array) => void) | undefined

  constructor(readonly socket: Socket) {
    socket.attach(this)
  }

  get cause(): CloseCause | undefined {
    return this.closes[0]?.[0]
  }

  onOpen(): void {
    this.order.push('open')
  }

  onData(chunk: Uint8Array): void {
    if (this.bytes < this.bytesKept) this.text.push(Buffer.from(chunk).toString('latin1'))
    this.bytes += chunk.length
    this.hash.update(chunk)
    if (this.order.at(-1) !== 'data') this.order.push('data')
    this.onChunk?.(chunk)
  }

  onEnd(): void {
    this.order.push('end')
  }

  onDrain(): void {
    this.order.push('drain')
  }

  onClose(cause: CloseCause, detail: string): void {
    this.order.push('close')
    this.closes.push([cause, detail])
  }

  saw(event: string): boolean {
    return this.order.includes(event)
  }
}

export function hasIpv6(): boolean {
  return Object.values(os.networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
}

interface Here {
  readonly at: Endpoint
  readonly accepted: Recorder[]
}

export async function listenHere(scope: Scope, sockets: Sockets, address = '127.0.0.1'): Promise<Here> {
  const accepted: Recorder[] = []
  let at: Endpoint | undefined
  const listener = sockets.listen(
    { address, port: 0 },
    { backlog: 1_024, keepaliveMs: 30_000 },
    {
      onListening: (actual) => {
        at = actual
      },
      onAccept: (socket) => accepted.push(new Recorder(socket)),
      onProblem: (code) => assert.unreachable(`problem ${code}`),
    },
  )
  scope.defer(() => {
    listener.close()
    for (const { socket, closes } of accepted) if (closes.length === 0) socket.reset()
  })
  await eventually(() => at !== undefined)
  return { at: at as Endpoint, accepted }
}

export function dialTo(scope: Scope, sockets: Sockets, to: Endpoint, options: Partial<DialOptions> = {}): Recorder {
  const recorder = new Recorder(sockets.dial(to, { ...OPTIONS, ...options }))
  scope.defer(() => {
    if (recorder.closes.length === 0) recorder.socket.reset()
  })
  return recorder
}

export async function pairOf(
  scope: Scope,
  sockets: Sockets,
): Promise<readonly [dialled: Recorder, accepted: Recorder]> {
  const here = await listenHere(scope, sockets)
  const dialled = dialTo(scope, sockets, here.at)
  await eventually(() => dialled.saw('open') && here.accepted.length === 1)
  return [dialled, here.accepted[0] as Recorder]
}

/** A pair whose accepted side, paused again, takes megabytes unread: the kernel has seen that it reads fast. */
export async function fastPairOf(scope: Scope, sockets: Sockets): Promise<readonly [Recorder, Recorder]> {
  const [a, b] = await pairOf(scope, sockets)
  b.socket.resume()
  a.socket.write(new Uint8Array(32 * MIB))
  await eventually(() => b.bytes === 32 * MIB)
  b.socket.pause()
  b.order.splice(0)
  b.bytes = 0
  return [a, b]
}

/** An address where somebody listens whose queue of connections is full: further SYNs go unanswered. */
export async function fullBacklog(scope: Scope): Promise<Endpoint> {
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port)
      Atomics.wait(workerData, 0, 0)
      process.exit()
    })`
  const worker = new Worker(code, { eval: true, workerData: gate })
  scope.defer(async () => {
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
    await worker.terminate()
  })
  const port = await new Promise<number>((resolve) => worker.once('message', resolve))
  return { address: '127.0.0.1', port }
}
