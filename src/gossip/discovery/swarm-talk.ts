/**
 * What becomes of one connection of the swarm, as a machine: both prove that they have the cluster key, then say where they are to
 * be reached. It stays open for the day when no other link between the two nodes can be made, and carries that one then.
 *
 *   proof-awaited → introduction-awaited → idle → carries          any → over
 *
 * Whether it is to carry a link is for the end that dialled to see. A stranger, who may know of the topic, hears nothing but a
 * proof that fits this one connection.
 */
import type { NodeId } from '../../base/ids.js'
import type { Machine } from '../../base/machine.js'
import type { Millis } from '../../base/time.js'
import { decodeSwarmMessage, encodeSwarmMessage, type SwarmIntroduction, type SwarmMessage } from './swarm-message.js'

export interface SwarmTalkSetup {
  /** Whether this end has dialled. */
  readonly isInitiator: boolean
  /** For this connection, one with each key that this node holds. */
  readonly proofs: readonly Uint8Array[]
  readonly self: SwarmIntroduction
  /** Whether one of the peer's proofs fits this connection and one of our keys. */
  readonly isProven: (proofs: readonly Uint8Array[]) => boolean
  /** Whether there is a control link to a node. */
  readonly isLinked: (node: NodeId) => boolean
}

export type SwarmTalkEvent = { readonly type: 'start' } | { readonly type: 'heard'; readonly bytes: Uint8Array }

export type SwarmTalkEnd = 'unproven' | 'malformed' | 'deadline' | 'self'

export type SwarmTalkEffect =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  /** It has the key, and says that it is there. */
  | { readonly type: 'met'; readonly peer: SwarmIntroduction }
  /** From here on the connection is a control link's, which the initiator begins. The last effect. */
  | { readonly type: 'carry'; readonly peer: SwarmIntroduction }
  /** The last effect. */
  | { readonly type: 'end'; readonly why: SwarmTalkEnd }

type Phase = 'new' | 'proof-awaited' | 'introduction-awaited' | 'idle' | 'over'

/** Three round trips of a bad line. */
export const TALK_MS_MAX: Millis = 5_000
export const LOOK_EVERY_MS: Millis = 250
/** A direct link is made within a round trip or two, where it can be made. */
export const UNLINKED_MS: Millis = 1_000

export class SwarmTalk implements Machine<SwarmTalkEvent, SwarmTalkEffect> {
  readonly #effects: SwarmTalkEffect[] = []
  #phase: Phase = 'new'
  #peer: SwarmIntroduction | undefined
  #deadline: Millis | undefined
  #unlinkedSince: Millis | undefined

  constructor(private readonly setup: SwarmTalkSetup) {}

  handle(event: SwarmTalkEvent, now: Millis): void {
    if (event.type === 'heard') return this.#hear(event.bytes, now)
    this.#phase = 'proof-awaited'
    this.#deadline = now + TALK_MS_MAX
    this.#send({ kind: 'proof', proofs: this.setup.proofs })
  }

  tick(now: Millis): void {
    if (this.#deadline === undefined || now < this.#deadline) return
    if (this.#phase !== 'idle') return this.#end('deadline')
    this.#look(now)
  }

  poll(): SwarmTalkEffect | undefined {
    return this.#effects.shift()
  }

  nextDeadline(): Millis | undefined {
    return this.#deadline
  }

  #hear(bytes: Uint8Array, now: Millis): void {
    if (this.#phase === 'over') return
    const message = decodeSwarmMessage(bytes)
    if (message?.kind === 'proof' && this.#phase === 'proof-awaited') return this.#onProof(message.proofs)
    if (message?.kind === 'introduction' && this.#phase === 'introduction-awaited') {
      return this.#onIntroduction(message.introduction, now)
    }
    if (message?.kind === 'carry' && this.#phase === 'idle' && !this.setup.isInitiator) return this.#carry()
    this.#end('malformed')
  }

  #onProof(proofs: readonly Uint8Array[]): void {
    if (!this.setup.isProven(proofs)) return this.#end('unproven')
    this.#phase = 'introduction-awaited'
    this.#send({ kind: 'introduction', introduction: this.setup.self })
  }

  #onIntroduction(peer: SwarmIntroduction, now: Millis): void {
    // Another process on this state folder, or what is left of an earlier one.
    if (peer.node === this.setup.self.node) return this.#end('self')
    this.#phase = 'idle'
    this.#peer = peer
    this.#effects.push({ type: 'met', peer })
    this.#deadline = this.setup.isInitiator ? now + LOOK_EVERY_MS : undefined
  }

  #look(now: Millis): void {
    this.#deadline = now + LOOK_EVERY_MS
    if (this.#peer === undefined || this.setup.isLinked(this.#peer.node)) {
      this.#unlinkedSince = undefined
      return
    }
    this.#unlinkedSince ??= now
    if (now - this.#unlinkedSince < UNLINKED_MS) return
    this.#send({ kind: 'carry' })
    this.#carry()
  }

  #carry(): void {
    this.#phase = 'over'
    this.#deadline = undefined
    if (this.#peer !== undefined) this.#effects.push({ type: 'carry', peer: this.#peer })
  }

  #end(why: SwarmTalkEnd): void {
    this.#phase = 'over'
    this.#deadline = undefined
    this.#effects.push({ type: 'end', why })
  }

  #send(message: SwarmMessage): void {
    this.#effects.push({ type: 'send', bytes: encodeSwarmMessage(message) })
  }
}
