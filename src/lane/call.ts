/**
 * A program of this node that asks for a connection under the address of a service: from its first byte until the director has made
 * the connection and a backend half has the program's socket, or until it has its refusal.
 */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import { joined } from '../base/bytes.js'
import type { Millis } from '../base/time.js'
import { CallGreeting, type CallProtocol, type CarriedGreeting, refusal, type Wish } from '../proxy/call-greeting.js'
import type { Socket, SocketHandler } from '../proxy/ports.js'
import type { Reason } from '../proxy/reasons.js'

/** Whoever connects and does not say what it wants. */
const GREETING_MS_MAX: Millis = 10_000
/** Who was refused has so long to close its end. */
const FAREWELL_MS_MAX: Millis = 5_000

const NOTHING = new Uint8Array(0)

export interface CallHost {
  readonly clock: { now(): Millis }
  onWish(call: Call, wish: Wish): void
  onGone(call: Call): void
}

/** Where a wish stands; `asked` has been told to a director. */
export type CallState = 'greeting' | 'resolving' | 'waiting' | 'asked' | 'over'

/** For the next process, which asks anew: whoever was asked here has no way to answer any more. */
export interface CarriedCall {
  readonly state: 'greeting' | 'resolving' | 'waiting'
  readonly protocol: CallProtocol
  readonly deadline: Millis
  readonly host: string
  readonly destinations: readonly Endpoint[]
  readonly rest: Uint8Array
  readonly isEnded: boolean
  readonly greeting: CarriedGreeting
}

export class Call implements SocketHandler {
  state: CallState = 'greeting'
  deadline: Millis
  /** Addresses of what it wants, the next to be tried first. */
  destinations: readonly Endpoint[] = []
  /** What came behind the wish. */
  rest: Uint8Array = NOTHING
  /** Its FIN, behind that. */
  isEnded = false
  protocol: CallProtocol = 'socks5'
  /** The name, while it is being resolved. */
  host = ''
  /** Why it has to wait, or what came of the address before. */
  failure: { readonly reason: Reason; readonly detail: string } = { reason: 'not-here', detail: '' }
  #greeting = new CallGreeting()

  constructor(
    readonly socket: Socket,
    readonly service: string,
    private readonly parent: CallHost,
    /** Where it was to go that the kernel has led here: it has no words for a refusal. */
    to?: Endpoint,
  ) {
    this.deadline = parent.clock.now() + GREETING_MS_MAX
    socket.attach(this)
    if (to === undefined) socket.resume()
    else {
      this.protocol = 'none'
      this.state = 'waiting'
    }
  }

  /** `undefined`: it has its refusal. */
  get carried(): CarriedCall | undefined {
    if (this.state === 'over') return undefined
    const { protocol, deadline, host, destinations, rest, isEnded } = this
    const state = this.state === 'asked' ? 'waiting' : this.state
    return { state, protocol, deadline, host, destinations, rest, isEnded, greeting: this.#greeting.carried }
  }

  /** As another process had it. */
  static carriedOn(socket: Socket, service: string, parent: CallHost, carried: CarriedCall): Call {
    const { state, greeting, ...rest } = carried
    // Not one that says what it wants: nothing is read before all is as it was.
    const call = new Call(socket, service, parent, { address: '', port: 0 })
    Object.assign(call, rest)
    call.state = state
    call.#greeting = new CallGreeting(greeting)
    if (state === 'greeting') socket.resume()
    return call
  }

  /** For logs. */
  get from(): string {
    return formatEndpoint(this.socket.remote)
  }

  refuse(reason: Reason, detail: string): void {
    if (this.state === 'over') return
    if (this.protocol === 'none') this.socket.reset()
    else this.#dismiss(refusal(this.protocol, reason, detail))
  }

  onOpen(): void {}

  onData(chunk: Uint8Array): void {
    if (this.state !== 'greeting') {
      // What came too late to be paused; a refused one says it in vain.
      if (this.state !== 'over') this.rest = joined(this.rest, chunk)
      return
    }
    const greeted = this.#greeting.push(chunk)
    if (greeted.type === 'unfit') return this.#dismiss(greeted.reply)
    if (greeted.reply !== undefined) this.socket.write(greeted.reply)
    if (greeted.type === 'more') return
    this.socket.pause()
    this.rest = greeted.rest
    this.protocol = greeted.protocol
    this.state = 'waiting'
    this.parent.onWish(this, greeted.wish)
  }

  /** It has said all that it will: it may wait for an answer all the same. */
  onEnd(): void {
    this.isEnded = true
    if (this.state === 'greeting') this.socket.reset()
  }

  onDrain(): void {}

  onClose(): void {
    this.state = 'over'
    this.parent.onGone(this)
  }

  #dismiss(lastWord: Uint8Array): void {
    this.state = 'over'
    this.deadline = this.parent.clock.now() + FAREWELL_MS_MAX
    if (lastWord.byteLength > 0) this.socket.write(lastWord)
    this.socket.end()
    this.socket.resume()
  }
}
