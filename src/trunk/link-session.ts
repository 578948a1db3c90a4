/**
 * One control link after the Noise handshake, as a machine: greeting (see hello), keepalive, goodbye. It decides when the
 * peer is proven and when it is dead; whether a proven peer is wanted is its owner's to say (`accept`, `refuse`).
 *
 *   initiator   handshake → hello-awaited → welcome-awaited → up
 *   responder   handshake → hello-awaited → verdict-awaited → welcome-awaited → up          any → shut
 */
import type { Endpoint } from '../base/address.js'
import { ByteReader, ByteWriter } from '../base/bytes.js'
import type { NodeId } from '../base/ids.js'
import type { Machine } from '../base/machine.js'
import type { Millis } from '../base/time.js'
import { CHANNEL } from './channels.js'
import { type CloseCode, closeCodeOf, closeNumber, type LinkClose } from './close-code.js'
import type { TrunkConfig } from './config.js'
import { decodeGreeting, encodeGreeting, type Greeting, type Hello, negotiate } from './hello.js'
import type { LinkRole, PeerInfo, ProofPort } from './ports.js'

export interface LinkSessionSetup {
  readonly role: LinkRole
  readonly remote: Endpoint
  /** Who was dialled. The responder learns it from the HELLO. */
  readonly expected?: NodeId
  /** What this node says of itself; proofs are added. */
  readonly self: Omit<Hello, 'kind' | 'proofs'>
  readonly publicKey: Uint8Array
  readonly proofs: ProofPort
  readonly config: TrunkConfig
}

export type LinkSessionEvent =
  /** The socket exists: the time for the greeting begins. */
  | { readonly type: 'start' }
  /** The Noise handshake is done. */
  | { readonly type: 'secured'; readonly handshakeHash: Uint8Array; readonly remotePublicKey: Uint8Array }
  | { readonly type: 'message'; readonly bytes: Uint8Array }
  | { readonly type: 'accept' }
  | { readonly type: 'refuse'; readonly code: CloseCode }
  /** Does it still live? A socket that is dead at the other end answers with RST. */
  | { readonly type: 'probe' }
  | { readonly type: 'leave'; readonly code: CloseCode }

export type LinkSessionEffect =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  /** Frames above the limit of the greeting may come from now on. */
  | { readonly type: 'raise' }
  /** A proven peer asks to be let in: `accept` or `refuse` it. */
  | { readonly type: 'greeted'; readonly peer: PeerInfo }
  | { readonly type: 'up'; readonly peer: PeerInfo }
  | { readonly type: 'message'; readonly channel: number; readonly payload: Uint8Array }
  /** The last effect. `abrupt`: what is unsent is of no use any more. */
  | { readonly type: 'shut'; readonly close: LinkClose; readonly abrupt: boolean }

type Phase = 'handshake' | 'hello-awaited' | 'verdict-awaited' | 'welcome-awaited' | 'up' | 'shut'

const LINK_MESSAGES = { ping: 1, pong: 2, goodbye: 3 } as const
/** Messages of the link's own channel. */
export const PING = Uint8Array.of(CHANNEL.link, LINK_MESSAGES.ping)
export const PONG = Uint8Array.of(CHANNEL.link, LINK_MESSAGES.pong)

export class LinkSession implements Machine<LinkSessionEvent, LinkSessionEffect> {
  readonly #effects: LinkSessionEffect[] = []
  #greetBy: Millis | undefined
  #phase: Phase = 'handshake'
  #handshakeHash: Uint8Array = new Uint8Array(0)
  #remotePublicKey: Uint8Array = new Uint8Array(0)
  #peer: PeerInfo | undefined
  #heardAt: Millis = 0
  /** When the peer was last asked; the silence is judged only if it had the time to answer. */
  #pingedAt: Millis | undefined

  constructor(private readonly setup: LinkSessionSetup) {}

  handle(event: LinkSessionEvent, now: Millis): void {
    if (this.#phase === 'shut') return
    switch (event.type) {
      case 'start':
        this.#greetBy = now + this.setup.config.greetMs
        return
      case 'secured':
        return this.#onSecured(event.handshakeHash, event.remotePublicKey)
      case 'message':
        this.#heardAt = now
        this.#pingedAt = undefined
        return this.#phase === 'up' ? this.#onMessage(event.bytes) : this.#onGreeting(event.bytes, now)
      case 'accept':
        return this.#accept()
      case 'refuse':
        return this.#refuse(event.code)
      case 'probe':
        return this.#phase === 'up' ? this.#ping(now) : undefined
      case 'leave':
        return this.#leave(event.code)
    }
  }

  tick(now: Millis): void {
    const due = this.nextDeadline()
    if (due === undefined || now < due) return
    const { greetMs, heartbeatMs, silenceMs } = this.setup.config
    if (this.#phase !== 'up') {
      return this.#fail('deadline', `${greetMs} ms, ${this.#phase}`)
    }
    // Where this very tick comes late the loop stood still, and an answer may lie unread: ask again, accuse nobody.
    const stalled = now - due >= heartbeatMs
    if (this.#pingedAt === undefined || stalled || now - this.#heardAt < silenceMs) return this.#ping(now)
    this.#fail('silence', `for ${Math.round(now - this.#heardAt)} ms`)
  }

  poll(): LinkSessionEffect | undefined {
    return this.#effects.shift()
  }

  nextDeadline(): Millis | undefined {
    const { heartbeatMs, silenceMs } = this.setup.config
    if (this.#phase === 'shut') return undefined
    if (this.#phase !== 'up') return this.#greetBy
    if (this.#pingedAt === undefined) return this.#heardAt + heartbeatMs
    const nextPing = this.#pingedAt + heartbeatMs
    return nextPing < this.#heardAt + silenceMs ? nextPing : Math.max(nextPing, this.#heardAt + silenceMs)
  }

  #onSecured(handshakeHash: Uint8Array, remotePublicKey: Uint8Array): void {
    const { role, expected, proofs } = this.setup
    this.#handshakeHash = handshakeHash
    this.#remotePublicKey = remotePublicKey
    this.#phase = 'hello-awaited'
    if (role === 'responder') return
    const node = proofs.nodeIdOf(remotePublicKey)
    // Before our HELLO: it is said to nobody but the node that was dialled.
    if (node !== expected) return this.#fail('wrong-node', `${node} answers there`)
    this.#sendHello()
  }

  #onGreeting(bytes: Uint8Array, now: Millis): void {
    const decoded = decodeGreeting(bytes)
    if (decoded.type === 'malformed') return this.#fail('malformed', decoded.why)
    const { greeting } = decoded
    if (greeting.kind === 'refused') return this.#shut({ code: greeting.code, by: 'them', detail: '' })
    if (greeting.kind === 'hello' && this.#phase === 'hello-awaited') return this.#onHello(greeting)
    if (greeting.kind === 'welcome' && this.#phase === 'welcome-awaited') return this.#onWelcome(now)
    this.#fail('malformed', `${greeting.kind}, ${this.#phase}`)
  }

  #onHello(hello: Hello): void {
    const { role, proofs, self, remote } = this.setup
    const theirRole = role === 'initiator' ? 'responder' : 'initiator'
    if (!proofs.verify(hello.proofs, theirRole, this.#handshakeHash, this.#remotePublicKey)) {
      return this.#refuse('wrong-key')
    }
    if (hello.node !== proofs.nodeIdOf(this.#remotePublicKey)) {
      return this.#refuse('wrong-node', `it calls itself ${hello.node}, which its key does not bear out`)
    }
    const negotiated = negotiate(self.versions, hello.versions, hello.name, hello.release)
    if (negotiated.type === 'none') {
      // It is proven, so it may know what we speak, and can say itself who must be upgraded.
      if (role === 'responder') this.#sendHello()
      return this.#refuse('version', negotiated.why)
    }
    const { node, boot, name, release } = hello
    this.#peer = {
      node,
      boot,
      name,
      ...(release !== undefined && { release }),
      version: negotiated.version,
      features: (self.features & hello.features) >>> 0,
      remote,
    }
    if (role === 'initiator') this.#phase = 'welcome-awaited'
    else {
      this.#phase = 'verdict-awaited'
      this.#effects.push({ type: 'greeted', peer: this.#peer })
    }
  }

  #accept(): void {
    if (this.#phase !== 'verdict-awaited') return
    this.#phase = 'welcome-awaited'
    this.#sendHello()
    this.#welcome()
  }

  #onWelcome(now: Millis): void {
    if (this.#peer === undefined) return
    this.#phase = 'up'
    this.#heardAt = now
    if (this.setup.role === 'initiator') this.#welcome()
    this.#effects.push({ type: 'up', peer: this.#peer })
  }

  #onMessage(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes)
    const channel = reader.u8()
    if (reader.failed) return this.#fail('malformed', 'an empty message')
    if (channel !== CHANNEL.link) {
      this.#effects.push({ type: 'message', channel, payload: reader.rest() })
      return
    }
    const kind = reader.u8()
    // Pongs and whatever later releases say need no answer: that something was heard is their meaning.
    if (kind === LINK_MESSAGES.ping) this.#send(PONG)
    if (kind === LINK_MESSAGES.goodbye) this.#shut({ code: closeCodeOf(reader.u16()), by: 'them', detail: '' })
  }

  #ping(now: Millis): void {
    this.#pingedAt = now
    this.#send(PING)
  }

  #sendHello(): void {
    const { role, self, proofs, publicKey } = this.setup
    this.#greet({ kind: 'hello', ...self, proofs: proofs.make(role, this.#handshakeHash, publicKey) })
  }

  /** Raised first: with WELCOME the peer may send long messages. */
  #welcome(): void {
    this.#effects.push({ type: 'raise' })
    this.#greet({ kind: 'welcome' })
  }

  #refuse(code: CloseCode, detail = ''): void {
    this.#greet({ kind: 'refused', code })
    this.#shut({ code, by: 'us', detail })
  }

  #greet(greeting: Greeting): void {
    this.#send(encodeGreeting(greeting))
  }

  #send(bytes: Uint8Array): void {
    this.#effects.push({ type: 'send', bytes })
  }

  #leave(code: CloseCode): void {
    const wasUp = this.#phase === 'up'
    if (wasUp) this.#send(encodeGoodbye(code))
    this.#shut({ code, by: 'us', detail: '' }, !wasUp)
  }

  /** Ends a link at whose other end nobody is who would read a goodbye, or deserves one. */
  #fail(code: CloseCode, detail: string): void {
    this.#shut({ code, by: 'us', detail }, true)
  }

  #shut(close: LinkClose, abrupt = false): void {
    this.#phase = 'shut'
    this.#effects.push({ type: 'shut', close, abrupt })
  }
}

export function encodeGoodbye(code: CloseCode): Uint8Array {
  return new ByteWriter(4).u8(CHANNEL.link).u8(LINK_MESSAGES.goodbye).u16(closeNumber(code)).finish()
}
