/**
 * The beginning of a data link: both sides send a preamble in the clear, which names the keys that the control link
 * handed over, and where their seal begins. Whoever does not know such keys gets no further.
 */
import { toHex } from '../base/bytes.js'
import type { Millis } from '../base/time.js'
import type { LinkKeys, NodeName } from '../proxy/lane-protocol.js'
import type { CloseCause, Socket, SocketHandler } from '../proxy/ports.js'
import { encodePreamble, PreambleReader } from '../trunk/link-preamble.js'
import type { LinkSeal, Sealer, SealFactory } from '../trunk/ports.js'

/** From the connection to the peer's preamble. */
export const GREETING_MS_MAX: Millis = 3_000

export interface Agreed {
  readonly peer: NodeName
  readonly pair: number
  readonly keys: LinkKeys
}

export interface GreetingHost {
  readonly seals: SealFactory
  /** The keys that the control link agreed on under this id, once: they serve one connection. */
  claim(linkId: string): Agreed | undefined
  /** The link stands; what it answers hears the socket from now on. */
  onGreeted(greeting: LinkGreeting, agreed: Agreed, seal: LinkSeal): SocketHandler
  onFailed(greeting: LinkGreeting, why: string): void
}

export class LinkGreeting implements SocketHandler {
  readonly #reader = new PreambleReader()
  #sealer: Sealer | undefined
  #next: SocketHandler | undefined
  #failed = false
  #agreed: Agreed | undefined

  constructor(
    readonly socket: Socket,
    agreed: Agreed | undefined,
    readonly deadline: Millis,
    private readonly host: GreetingHost,
  ) {
    this.#agreed = agreed
    socket.attach(this)
    if (agreed === undefined) socket.resume()
  }

  /** What a dialler has agreed on; the other side learns it from the preamble. Forgotten when the link stands. */
  get agreed(): Agreed | undefined {
    return this.#agreed
  }

  fail(why: string): void {
    if (this.#failed || this.#next !== undefined) return
    this.#failed = true
    this.#sealer?.close()
    this.socket.reset()
    this.host.onFailed(this, why)
  }

  onOpen(): void {
    if (this.agreed === undefined) return
    this.#greet(this.agreed.keys)
    this.socket.resume()
  }

  onData(chunk: Uint8Array): void {
    if (this.#next !== undefined) return this.#next.onData(chunk)
    if (this.#failed) return
    const read = this.#reader.push(chunk)
    if (read.type === 'malformed') return this.fail(read.why)
    if (read.type === 'preamble') this.#onPreamble(read.preamble.linkId, read.preamble.sealHeader, read.rest)
  }

  room(): Uint8Array | undefined {
    return this.#next?.room?.()
  }

  onFilled(length: number): void {
    this.#next?.onFilled?.(length)
  }

  onEnd(): void {
    if (this.#next !== undefined) this.#next.onEnd()
    else this.fail('closed during the greeting')
  }

  onDrain(): void {
    this.#next?.onDrain()
  }

  onClose(cause: CloseCause, detail: string): void {
    if (this.#next !== undefined) return this.#next.onClose(cause, detail)
    if (this.#failed) return
    this.#failed = true
    this.#sealer?.close()
    this.host.onFailed(this, detail === '' ? cause : detail)
  }

  #onPreamble(linkId: Uint8Array, sealHeader: Uint8Array, rest: Uint8Array): void {
    const id = toHex(linkId)
    const agreed = this.agreed ?? this.host.claim(id)
    if (agreed === undefined || toHex(agreed.keys.linkId) !== id) return this.fail('a link id that was not agreed on')
    const sealer = this.#sealer ?? this.#greet(agreed.keys)
    const opener = this.host.seals.opener(agreed.keys.suite, agreed.keys.in, sealHeader)
    const next = this.host.onGreeted(this, agreed, { sealer, opener })
    this.#next = next
    // This hears the socket as long as the link stands: whoever reads memory then must not find where its keys began.
    this.#agreed = undefined
    for (const key of [agreed.keys.out, agreed.keys.in]) key.fill(0)
    if (rest.byteLength > 0) next.onData(rest)
  }

  #greet(keys: LinkKeys): Sealer {
    const { sealer, header } = this.host.seals.sealer(keys.suite, keys.out)
    this.#sealer = sealer
    this.socket.write(encodePreamble({ linkId: keys.linkId, sealHeader: header }))
    return sealer
  }
}
