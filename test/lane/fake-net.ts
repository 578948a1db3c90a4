/** TCP connections whose kernels, wires and delays are the test: nothing moves but in `step`, and then as a seed says. */
import { type Endpoint, formatEndpoint } from '../../src/base/address.js'
import type { Prng } from '../../src/base/prng.js'
import type {
  CarriedEnds,
  CloseCause,
  Listener,
  ListenHandler,
  Socket,
  SocketHandler,
  Sockets,
} from '../../src/proxy/ports.js'

/** What a kernel takes of a connection before it says stop. */
const KERNEL_BYTES = 20_000

let descriptors = 100

export class End implements Socket {
  readonly fd = descriptors++
  paused = true
  /** Its wire is cut, and nobody says so. */
  frozen = false
  ended = false
  endSeen = false
  closed = false
  isOpen = false
  handler: SocketHandler | undefined
  peer: End | undefined
  #failure: CloseCause | undefined
  #accept: (() => void) | undefined
  #owesDrain = false
  readonly #queue: Uint8Array[] = []
  #queuedBytes = 0
  readonly #wire: Uint8Array[] = []
  #wireBytes = 0

  constructor(
    readonly local: Endpoint,
    readonly remote: Endpoint,
  ) {}

  attach(handler: SocketHandler): void {
    this.handler = handler
  }

  write(chunk: Uint8Array): boolean {
    if (this.ended || this.closed || this.#failure !== undefined) return true
    this.#queue.push(chunk.slice())
    this.#queuedBytes += chunk.byteLength
    this.#toKernel()
    this.#owesDrain ||= this.#queuedBytes > 0
    return this.#queuedBytes === 0
  }

  end(): void {
    this.ended = true
  }

  reset(): void {
    this.fail('aborted')
    this.peer?.fail('reset')
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  queued(): number {
    return this.#queuedBytes
  }

  unacknowledged(): number | undefined {
    if (this.#failure !== undefined || this.closed) return undefined
    return this.#wireBytes + (this.ended && this.peer?.endSeen === false ? 1 : 0)
  }

  /** What it holds is the kernel's and the process's at once: there is nothing to be written again. */
  carried(): CarriedEnds | undefined {
    if (!this.isOpen || this.closed) return undefined
    const sent = this.ended && this.#queuedBytes === 0
    return { unsent: new Uint8Array(0), read: this.endSeen, ending: this.ended, sent }
  }

  adopted(): this {
    this.handler = undefined
    this.paused = true
    return this
  }

  /** Its process is no more: what it has sent still arrives. */
  orphaned(): void {
    this.handler = undefined
    this.paused = false
    this.end()
  }

  // --- what the test does ---

  fail(cause: CloseCause): void {
    if (this.closed) return
    this.#failure ??= cause
    this.#queue.length = 0
    this.#queuedBytes = 0
    this.#wire.length = 0
    this.#wireBytes = 0
  }

  /** `accept` is called when it stands; never if it fails before. */
  connect(peer: End, accept: () => void): void {
    this.peer = peer
    peer.peer = this
    this.#accept = accept
  }

  /** One thing that may happen here now, if any. */
  step(random: Prng): void {
    if (this.closed || this.frozen) return
    if (this.#failure !== undefined) return this.#close(this.#failure)
    if (!this.isOpen) return this.#open()
    const { peer } = this
    if (this.#owesDrain && this.#queuedBytes === 0) {
      this.#owesDrain = false
      return this.handler?.onDrain()
    }
    if (peer === undefined) return
    if (!this.paused && peer.#wireBytes > 0) {
      const chunk = peer.#taken(1 + random.below(random.chance(0.1) ? 30_000 : 3_000))
      this.handler?.onData(chunk)
      chunk.fill(0xdd)
      return
    }
    if (peer.ended && !this.endSeen && peer.#wireBytes + peer.#queuedBytes === 0 && !peer.isReset) {
      this.endSeen = true
      return this.handler?.onEnd()
    }
    if (this.ended && this.endSeen && this.#queuedBytes === 0) this.#close('ended')
  }

  get isReset(): boolean {
    return this.#failure !== undefined
  }

  #open(): void {
    if (this.#accept === undefined) return
    const accept = this.#accept
    this.#accept = undefined
    this.isOpen = true
    if (this.peer !== undefined) this.peer.isOpen = true
    accept()
    this.handler?.onOpen()
  }

  #close(cause: CloseCause): void {
    this.closed = true
    this.handler?.onClose(cause, '')
  }

  #taken(bytesMax: number): Uint8Array {
    const first = this.#wire[0] ?? new Uint8Array(0)
    const chunk = first.slice(0, bytesMax)
    if (chunk.byteLength === first.byteLength) this.#wire.shift()
    else this.#wire[0] = first.subarray(chunk.byteLength)
    this.#wireBytes -= chunk.byteLength
    this.#toKernel()
    return chunk
  }

  #toKernel(): void {
    while (this.#queue.length > 0 && this.#wireBytes < KERNEL_BYTES) {
      const first = this.#queue[0] as Uint8Array
      const part = first.subarray(0, KERNEL_BYTES - this.#wireBytes)
      if (part.byteLength === first.byteLength) this.#queue.shift()
      else this.#queue[0] = first.subarray(part.byteLength)
      this.#queuedBytes -= part.byteLength
      this.#wire.push(part)
      this.#wireBytes += part.byteLength
    }
  }
}

/** Each host has a loopback address of its own: 127.0.0.2 is that of 10.0.0.2. */
function loopbackOf(host: string, at: Endpoint): Endpoint {
  return at.address === '127.0.0.1' ? { ...at, address: host.replace(/^10\./, '127.') } : at
}

export class FakeNet {
  ends: End[] = []
  /** Of this port one connection in ten is refused, although somebody listens. */
  rejectsAt: number | undefined
  readonly #listeners = new Map<string, ListenHandler>()
  /** Where a listening socket listens, by its descriptor. */
  readonly #places = new Map<number, string>()
  #port = 40_000

  constructor(private readonly random: Prng) {}

  /** What the host at `address` dials and listens with; `soon` runs a task at the end of the turn. */
  socketsOf(address: string, soon: (task: () => void) => void): Sockets {
    return {
      engine: 'fake',
      dial: (to, { from = address }) => this.connect({ address: from, port: this.#port++ }, to),
      listen: (at, _options, handler) => this.listen(loopbackOf(address, at), handler, soon),
      adoptListener: (fd, at, handler) => this.listen(at, handler, soon, fd),
      adoptCarried: (fd) => {
        const end = this.ends.find((one) => one.fd === fd)
        if (end === undefined) throw new Error(`no descriptor ${fd}`)
        return end.adopted()
      },
    }
  }

  /** Of a process that has ended: all but those that another has. */
  drop(isTheirs: (end: End) => boolean, kept: ReadonlySet<number>): void {
    for (const end of this.ends) if (!end.closed && isTheirs(end) && !kept.has(end.fd)) end.reset()
  }

  listen(at: Endpoint, handler: ListenHandler, soon: (task: () => void) => void, adopted?: number): Listener {
    const fd = adopted ?? descriptors++
    const place = this.#places.get(fd) ?? formatEndpoint(at)
    this.#places.set(fd, place)
    this.#listeners.set(place, handler)
    soon(() => handler.onListening(at))
    return { fd, close: () => this.#listeners.delete(place) }
  }

  connect(from: Endpoint, to: Endpoint): End {
    const end = new End(from, to)
    const listener = this.#listeners.get(formatEndpoint(to))
    this.ends.push(end)
    const isRejected = to.port === this.rejectsAt && this.random.chance(0.1)
    if (listener === undefined || isRejected) end.fail('refused')
    else {
      const other = new End(to, from)
      end.connect(other, () => {
        this.ends.push(other)
        // Whoever listens by then: another process may.
        ;(this.#listeners.get(formatEndpoint(to)) ?? listener).onAccept(other)
      })
    }
    return end
  }

  /** Something may happen at one of all ends. */
  step(): void {
    this.ends[this.random.below(Math.max(1, this.ends.length))]?.step(this.random)
    if (this.random.chance(0.05)) this.ends = this.ends.filter(({ closed }) => !closed)
  }

  /** Something may happen at each; after it the hosts end their turns. */
  round(endTurn: () => void): void {
    for (const end of this.random.shuffle([...this.ends])) {
      end.step(this.random)
      endTurn()
    }
    this.ends = this.ends.filter(({ closed }) => !closed)
  }
}
