/**
 * Datagrams under the cluster key: NaCl secretbox (XSalsa20-Poly1305).
 *
 *   datagram  format u8 (1) ‖ nonce 24 ‖ box (16 bytes longer than its content)
 *   nonce     first 12 bytes of the sender's node id ‖ boot u32 ‖ counter u64
 *
 * The nonce is also the replay identity, so it must never repeat: boots are durable and only grow, the counter starts at
 * 0 with each. What an opener cannot know after its own start is what it heard before: an old datagram replayed then is
 * opened once, and precedence and random probe numbers make it harmless.
 */
import nacl from 'tweetnacl'
import { assert } from '../base/assert.js'
import { ByteReader, ByteWriter } from '../base/bytes.js'
import type { NodeId } from '../base/ids.js'
import type { Identity } from './messages.js'

const FORMAT = 1
const SENDER_BYTES = 12
const NONCE_BYTES = nacl.secretbox.nonceLength
export const SEAL_OVERHEAD_BYTES = 1 + NONCE_BYTES + nacl.secretbox.overheadLength
export const SEAL_KEY_BYTES = nacl.secretbox.keyLength

export class Sealer {
  #counter: number
  readonly #prefix: string

  /**
   * `key`, of 32 bytes, is the one for whoever has no other. One sealer for each boot, whatever the keys: a second one would use
   * its nonces again, unless it counts on from there.
   */
  constructor(
    private readonly key: Uint8Array,
    private readonly sender: Identity,
    counter = 0,
  ) {
    this.#counter = counter
    assert(key.byteLength === SEAL_KEY_BYTES, `a sealing key has ${SEAL_KEY_BYTES} bytes`)
    this.#prefix = sender.node.slice(0, 2 * SENDER_BYTES)
  }

  /** Of the next datagram. */
  get counter(): number {
    return this.#counter
  }

  seal(content: Uint8Array, key = this.key): Uint8Array {
    const nonce = new ByteWriter(NONCE_BYTES)
      .hex(this.#prefix)
      .u32(this.sender.boot)
      .u64(this.#counter++)
      .finish()
    const box = nacl.secretbox(content, nonce, key)
    return new ByteWriter(1 + NONCE_BYTES + box.byteLength).u8(FORMAT).put(nonce).put(box).finish()
  }
}

export type RefusalReason = 'format' | 'key' | 'replay' | 'old-boot' | 'banned'

export type Opened =
  /** `key`: of those that the opener was given, the one it was sealed with. */
  | { readonly type: 'opened'; readonly content: Uint8Array; readonly key: Uint8Array }
  /** `old-boot`: a sender that lost its memory, or a late datagram of its last life. */
  | { readonly type: 'refused'; readonly why: RefusalReason }

export class Opener {
  readonly #windows = new Map<string, ReplayWindow>()
  #keys: readonly Uint8Array[] = []
  #banned: ReadonlySet<string> = new Set()

  /**
   * `keys`: see `useKeys`. `sendersMax`: beyond it the sender
   * longest silent is forgotten, and with it the protection against replays of its datagrams.
   */
  constructor(
    keys: readonly Uint8Array[],
    private readonly sendersMax = 4_096,
  ) {
    this.useKeys(keys)
  }

  /** The current one first, then those that are being rotated in or out: a datagram under none of them costs a try with each. */
  useKeys(keys: readonly Uint8Array[]): void {
    for (const key of keys) assert(key.byteLength === SEAL_KEY_BYTES, `a sealing key has ${SEAL_KEY_BYTES} bytes`)
    this.#keys = keys
  }

  /**
   * Nodes of which nothing is opened from now on. It is what a datagram says of its sender: who has a key may say that it is another.
   */
  refuse(banned: Iterable<NodeId>): void {
    this.#banned = new Set([...banned].map((node) => node.slice(0, 2 * SENDER_BYTES)))
  }

  /** Total: every byte string has an answer, and none of them is an exception. */
  open(datagram: Uint8Array): Opened {
    const reader = new ByteReader(datagram)
    const format = reader.u8()
    const nonce = reader.take(NONCE_BYTES)
    const box = reader.rest()
    const identity = new ByteReader(nonce)
    const sender = identity.hex(SENDER_BYTES)
    const boot = identity.u32()
    const counter = identity.u64()
    if (reader.failed || identity.failed || format !== FORMAT) return { type: 'refused', why: 'format' }
    if (this.#banned.has(sender)) return { type: 'refused', why: 'banned' }
    const window = this.#windows.get(sender) ?? new ReplayWindow()
    // Before the costly part, so that a flood of replays costs little.
    const verdict = window.judge(boot, counter)
    if (verdict !== 'fresh') return { type: 'refused', why: verdict }
    const unboxed = this.#unbox(box, nonce)
    if (unboxed === undefined) return { type: 'refused', why: 'key' }
    // Only now: a forger must not be able to move a window or to push a sender out.
    window.note(boot, counter)
    this.#remember(sender, window)
    return { type: 'opened', ...unboxed }
  }

  #unbox(box: Uint8Array, nonce: Uint8Array): { content: Uint8Array; key: Uint8Array } | undefined {
    for (const key of this.#keys) {
      const content = nacl.secretbox.open(box, nonce, key)
      if (content !== null) return { content, key }
    }
    return undefined
  }

  #remember(sender: string, window: ReplayWindow): void {
    this.#windows.delete(sender)
    this.#windows.set(sender, window)
    if (this.#windows.size <= this.sendersMax) return
    for (const longestSilent of this.#windows.keys()) {
      this.#windows.delete(longestSilent)
      return
    }
  }
}

export const REPLAY_WINDOW = 1_024

/**
 * One sender's last 1024 counters, as RFC 4303 section 3.4.3 keeps them: later than all is fresh, within the window a
 * bit tells, below it counts as a replay.
 */
export class ReplayWindow {
  #boot = 0
  #top = -1
  readonly #seen = new Uint8Array(REPLAY_WINDOW)

  judge(boot: number, counter: number): 'fresh' | 'replay' | 'old-boot' {
    if (boot !== this.#boot) return boot > this.#boot ? 'fresh' : 'old-boot'
    if (counter > this.#top) return 'fresh'
    if (counter <= this.#top - REPLAY_WINDOW) return 'replay'
    return this.#seen[counter % REPLAY_WINDOW] === 1 ? 'replay' : 'fresh'
  }

  /** Only for what `judge` calls fresh. */
  note(boot: number, counter: number): void {
    if (boot > this.#boot) {
      this.#boot = boot
      this.#top = -1
      this.#seen.fill(0)
    }
    for (let skipped = Math.max(this.#top + 1, counter - REPLAY_WINDOW + 1); skipped < counter; skipped++) {
      this.#seen[skipped % REPLAY_WINDOW] = 0
    }
    this.#top = Math.max(this.#top, counter)
    this.#seen[counter % REPLAY_WINDOW] = 1
  }
}
