/** Clients and programs with something to say, which know what they should hear. */
import type { Prng } from '../../src/base/prng.js'
import type { CloseCause, SocketHandler } from '../../src/proxy/ports.js'
import type { End } from './fake-net.js'

/** Byte `at` of what the talker `id` says: its id first, and then what tells a byte from its neighbours. */
function byteOf(id: number, at: number): number {
  return at < 4 ? (id >>> (8 * at)) & 0xff : (id * 29 + at * 7 + (at >> 8) * 13 + (at >> 16)) & 0xff
}

export class Talker implements SocketHandler {
  /** Bytes of the other talker, whose id is in the first four. */
  heard = 0
  from: number | undefined
  said = 0
  gotFin = false
  cause: CloseCause | undefined
  /** It was this one that reset the connection. */
  hasReset = false
  fault: string | undefined
  #idSoFar = 0

  constructor(
    readonly id: number,
    readonly end: End,
    readonly toSay: number,
  ) {
    end.attach(this)
    end.resume()
  }

  get isWhole(): boolean {
    return this.gotFin && this.end.ended && this.said === this.toSay
  }

  get wasReset(): boolean {
    return this.cause !== undefined && this.cause !== 'ended' && !this.hasReset
  }

  onOpen(): void {}
  onDrain(): void {}

  onData(chunk: Uint8Array): void {
    for (const byte of chunk) this.onByte(byte)
  }

  onEnd(): void {
    this.gotFin = true
  }

  onClose(cause: CloseCause): void {
    this.cause = cause
  }

  /** `eager`: nothing is withheld any more. */
  act(random: Prng, eager: boolean): void {
    const { end } = this
    if (!end.isOpen || end.closed || end.isReset) return
    if (eager || random.chance(0.5)) end.resume()
    else end.pause()
    if (this.said < this.toSay) {
      if (end.queued() > 0) return
      const length = Math.min(this.toSay - this.said, 1 + random.below(random.chance(0.1) ? 60_000 : 2_000))
      const chunk = new Uint8Array(length)
      for (let i = 0; i < length; i++) chunk[i] = byteOf(this.id, this.said + i)
      end.write(chunk)
      this.said += length
    } else if (!end.ended && (eager || random.chance(0.2))) end.end()
  }

  reset(): void {
    if (this.end.closed || this.end.isReset) return
    this.hasReset = true
    this.end.reset()
  }

  protected onByte(byte: number): void {
    const at = this.heard++
    if (at < 4) this.#idSoFar += byte * 2 ** (8 * at)
    if (at === 3) this.from = this.#idSoFar
    if (at >= 4 && this.from !== undefined && byte !== byteOf(this.from, at))
      this.fault ??= `byte ${at} is not its ${at}th`
  }
}

/** Hears first whom it serves: the client's port, in a PROXY header. */
export class Program extends Talker {
  serves: number | undefined
  readonly #header: number[] = []

  protected override onByte(byte: number): void {
    if (this.serves !== undefined) return super.onByte(byte)
    const header = this.#header
    header.push(byte)
    if (header.length < 16 || header.length < 16 + (header[14] as number) * 256 + (header[15] as number)) return
    this.serves = (header[24] as number) * 256 + (header[25] as number)
  }
}

/** To it leads a connection that a caller has asked for: the caller's number is in the port. */
export class Far extends Talker {
  readonly serves: number

  constructor(id: number, end: End, toSay: number, clientPort: number) {
    super(id, end, toSay)
    this.serves = clientPort + end.local.port - FAR_PORT
  }
}

export const FAR_PORT = 20_000
const [METHOD_BYTES, REPLY_BYTES] = [2, 10]

/** Asks for a connection (SOCKS 5) and waits for no answer: what it says follows at once. */
export class Caller extends Talker {
  refused: number | undefined
  #answered = 0

  constructor(id: number, end: End, toSay: number) {
    super(id, end, toSay)
    const port = FAR_PORT + id
    end.write(Uint8Array.of(5, 1, 0, 5, 1, 0, 1, 198, 51, 100, 7, port >> 8, port & 255))
  }

  /** Whoever is refused has no connection. */
  override get isWhole(): boolean {
    return this.refused === undefined && super.isWhole
  }

  protected override onByte(byte: number): void {
    if (this.#answered === METHOD_BYTES + 1 && byte !== 0) this.refused = byte
    if (this.#answered++ >= METHOD_BYTES + REPLY_BYTES) super.onByte(byte)
  }
}
