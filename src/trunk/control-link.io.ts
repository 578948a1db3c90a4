/**
 * One control link: a TCP socket (or another way to carry bytes in order), the Noise stream over it, and the session that decides. After the greeting one Noise
 * message is one message: channel u8 ‖ payload.
 */
import type { Duplex } from 'node:stream'
import type NoiseStream from '@hyperswarm/secret-stream'
import type { NoiseKeyPair } from '@hyperswarm/secret-stream'
import { assert } from '../base/assert.js'
import type { AlarmClock } from '../base/clock.js'
import { Driver } from '../base/driver.io.js'
import { errnoOf, messageOf } from '../base/errors.js'
import { CHANNEL } from './channels.js'
import type { CloseCode, LinkClose } from './close-code.js'
import { FRAME_LENGTH_BYTES, FRAME_SEAL_BYTES, FrameGate, MESSAGE_BYTES_MAX } from './frame-gate.js'
import { GatedSocket } from './gated-socket.io.js'
import { LinkSession, type LinkSessionEffect, type LinkSessionEvent, type LinkSessionSetup } from './link-session.js'
import type { PeerInfo } from './ports.js'
import { NoiseSecretStream } from './secret-stream.io.js'

const FRAME_OVERHEAD_BYTES = FRAME_LENGTH_BYTES + FRAME_SEAL_BYTES

/** Each is called in a turn of its own, never from within a call of the link. */
export interface ControlLinkHandler {
  /** TCP is connected; only for a link that was dialled. */
  onReached(): void
  /** Only for an accepted one: say `accept` or `refuse`. */
  onGreeted(peer: PeerInfo): void
  onUp(peer: PeerInfo): void
  /** `payload` is the receiver's to keep. */
  onMessage(channel: number, payload: Uint8Array): void
  /** The last call, exactly once; not after `refuse` or `leave`, whose caller knows. The socket may still be closing. */
  onClosed(close: LinkClose): void
}

export interface ControlLinkOptions extends LinkSessionSetup {
  readonly keyPair: NoiseKeyPair
  readonly clock: AlarmClock
  readonly handler: ControlLinkHandler
}

export class ControlLink {
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>
  readonly #driver: Driver<LinkSessionEvent, LinkSessionEffect>
  readonly #gate = new FrameGate()
  readonly #stream: NoiseStream
  #isUp = false
  #over = false
  #muted = false
  /** Bytes given to the Noise stream, its framing included. */
  #handedBytes = 0
  #trouble = ''
  #errno = ''

  constructor(
    private readonly socket: Duplex,
    private readonly options: ControlLinkOptions,
  ) {
    const { clock, keyPair, role } = options
    const session = new LinkSession(options)
    this.#driver = new Driver(session, clock, (effect) => this.#perform(effect))
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    if (role === 'initiator') socket.once('connect', () => this.#tell((handler) => handler.onReached()))
    // Listened to before the Noise stream does, so that the reason is known when it closes.
    socket.on('error', (error) => this.#note(error))
    this.#stream = this.#secure(role === 'initiator', keyPair)
    this.#driver.feed({ type: 'start' })
  }

  accept(): void {
    this.#feed({ type: 'accept' })
  }

  refuse(code: CloseCode): void {
    this.#muted = true
    this.#feed({ type: 'refuse', code })
  }

  /** Says goodbye and closes; nothing is heard of this link any more. */
  leave(code: CloseCode): void {
    this.#muted = true
    this.#feed({ type: 'leave', code })
  }

  /** At once, with nothing said. */
  cut(): void {
    this.#muted = true
    this.#over = true
    this.#driver.stop()
    this.#cut()
  }

  probe(): void {
    this.#feed({ type: 'probe' })
  }

  /**
   * False: the link is not up, or more than `sendQueueBytesMax` would wait for the peer, which closes it.
   * `payload` is copied.
   */
  send(channel: number, payload: Uint8Array): boolean {
    assert(channel !== CHANNEL.link, 'channel 0 is the link’s own')
    assert(payload.byteLength < MESSAGE_BYTES_MAX, `a message has at most ${MESSAGE_BYTES_MAX} bytes with its channel`)
    if (!this.#isUp || this.#over) return false
    const message = new Uint8Array(1 + payload.byteLength)
    message[0] = channel
    message.set(payload, 1)
    return this.#write(message)
  }

  /** Bytes that wait: in the Noise stream until this turn ends, then in the socket. */
  queuedBytes(): number {
    return this.#handedBytes - this.#stream.rawBytesWritten + this.socket.writableLength
  }

  #secure(isInitiator: boolean, keyPair: NoiseKeyPair): NoiseStream {
    const gated = new GatedSocket(this.socket, this.#gate, (problem) =>
      this.#end({ code: 'malformed', by: 'us', detail: problem }, true),
    )
    const stream = new NoiseSecretStream(isInitiator, gated, { keyPair, pattern: 'XX', enableSend: false })
    stream.on('connect', () => {
      const { handshakeHash, remotePublicKey } = stream
      if (handshakeHash === null || remotePublicKey === null) return
      this.#feed({ type: 'secured', handshakeHash, remotePublicKey })
    })
    stream.on('data', (bytes) => this.#feed({ type: 'message', bytes }))
    stream.on('error', (error) => this.#note(error))
    stream.on('end', () => this.#end({ code: 'lost', by: 'us', detail: 'closed without a goodbye' }, false))
    stream.on('close', () => {
      const detail = this.#trouble
      this.#end({ code: 'lost', by: 'us', detail, ...(this.#errno !== '' && { errno: this.#errno }) }, true)
    })
    return stream
  }

  #feed(event: LinkSessionEvent): void {
    if (!this.#over) this.#driver.feed(event)
  }

  #perform(effect: LinkSessionEffect): void {
    switch (effect.type) {
      case 'send':
        this.#write(effect.bytes)
        return
      case 'raise':
        return this.#gate.raise()
      case 'greeted':
        return this.#tell((handler) => handler.onGreeted(effect.peer))
      case 'up':
        this.#isUp = true
        return this.#tell((handler) => handler.onUp(effect.peer))
      case 'message':
        return this.#tell((handler) => handler.onMessage(effect.channel, effect.payload))
      case 'shut':
        return this.#end(effect.close, effect.abrupt)
    }
  }

  #write(message: Uint8Array): boolean {
    if (this.#over) return false
    const frameBytes = message.byteLength + FRAME_OVERHEAD_BYTES
    const queued = this.queuedBytes()
    if (queued + frameBytes > this.options.config.sendQueueBytesMax) {
      this.#end({ code: 'overflow', by: 'us', detail: `${queued} bytes wait` }, true)
      return false
    }
    this.#handedBytes += frameBytes
    this.#stream.write(message)
    return true
  }

  #end(close: LinkClose, abrupt: boolean): void {
    if (this.#over) return
    this.#over = true
    // Not now: a driver that is stopped by its own effect sets its alarm once more afterwards.
    queueMicrotask(() => this.#driver.stop())
    if (abrupt) this.#cut()
    else {
      this.#stream.end()
      const { clock, config } = this.options
      const linger = clock.alarm(() => this.#cut())
      linger.set(clock.now() + config.lingerMs)
      void this.closed.then(() => linger.set(undefined))
    }
    this.#tell((handler) => handler.onClosed(close))
  }

  #cut(): void {
    this.#stream.destroy()
    this.socket.destroy()
  }

  #note(error: Error): void {
    if (this.#trouble !== '') return
    this.#errno = errnoOf(error)
    this.#trouble = this.#errno || messageOf(error)
  }

  /** In the order of the calls. Muted from the moment on at which the owner closes. */
  #tell(call: (handler: ControlLinkHandler) => void): void {
    queueMicrotask(() => {
      if (!this.#muted) call(this.options.handler)
    })
  }
}
