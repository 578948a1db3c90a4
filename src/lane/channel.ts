/**
 * One splice's way to its other half on another node: bound to a handle of one data link at a time, and to none while a
 * broken link is being replaced. What is said into the gap is not lost: bytes and FIN are the half's to send again
 * (proxy/retention), a reset and the last word are remembered here.
 */
import type { Millis } from '../base/time.js'
import type { Counterpart } from '../proxy/counterpart.js'
import type { Reason } from '../proxy/reasons.js'
import type { Carried } from './crossing.js'

/** What a link does for its channels. */
export interface ChannelLink {
  readonly rttMs: Millis
  /** Asking is asking to be called when there is room again. */
  isCongested(handle: number): boolean
  data(handle: number, offset: number, chunk: Uint8Array): void
  ack(handle: number, written: number, acknowledged: number, window: number): void
  fin(handle: number, offset: number): void
  /** Right behind `data` or `fin`: `carried` is to hear when what was said up to `offset` has crossed. */
  carries(carried: Carried, offset: number): void
  freeze(handle: number, clock: number | undefined): void
  reset(handle: number, reason: Reason): void
  /** The handle is free afterwards. */
  confirm(handle: number): void
  /** The handle stands for nothing any more; frames for it are dropped. */
  release(handle: number): void
}

export class Channel implements Counterpart {
  readonly isRemote = true
  #link: ChannelLink | undefined
  #handle = 0
  #owedReset: Reason | undefined
  #owesConfirm = false
  /** Hears how far what is sent has come for good. */
  carried: Carried | undefined

  /** Without a link: it waits for its first. */
  constructor(link: ChannelLink | undefined, handle: number) {
    this.#link = link
    this.#handle = handle
  }

  get congested(): boolean {
    return this.#link?.isCongested(this.#handle) ?? true
  }

  get rttMs(): Millis {
    return this.#link?.rttMs ?? 0
  }

  get isBound(): boolean {
    return this.#link !== undefined
  }

  /** Which link it goes by. */
  get link(): ChannelLink | undefined {
    return this.#link
  }

  get handle(): number {
    return this.#handle
  }

  data(offset: number, chunk: Uint8Array): void {
    this.#link?.data(this.#handle, offset, chunk)
    if (this.carried !== undefined) this.#link?.carries(this.carried, offset + chunk.byteLength)
  }

  ack(written: number, acknowledged: number, window: number): void {
    this.#link?.ack(this.#handle, written, acknowledged, window)
  }

  fin(offset: number): void {
    this.#link?.fin(this.#handle, offset)
    if (this.carried !== undefined) this.#link?.carries(this.carried, offset + 1)
  }

  freeze(clock: number | undefined): void {
    this.#link?.freeze(this.#handle, clock)
  }

  reset(reason: Reason): void {
    if (this.#link === undefined) {
      this.#owedReset ??= reason
      return
    }
    this.#owedReset = undefined
    this.#link.reset(this.#handle, reason)
  }

  confirm(): void {
    if (this.#link === undefined) this.#owesConfirm = true
    else this.#link.confirm(this.#handle)
  }

  /** Frames for it that come by its link are dropped from now on; `bind` names the next. */
  release(): void {
    this.#link?.release(this.#handle)
    this.#link = undefined
  }

  /** The link is gone; `bind` names the next. */
  unbind(): void {
    this.#link = undefined
  }

  /** Goes by another link from now on; when the half has sent again what was lost, `payDebts` is due. */
  bind(link: ChannelLink, handle: number): void {
    this.#link = link
    this.#handle = handle
  }

  /** Says what came to be said while there was no link. */
  payDebts(): void {
    if (this.#owedReset !== undefined) this.#link?.reset(this.#handle, this.#owedReset)
    if (this.#owesConfirm) this.#link?.confirm(this.#handle)
    this.#owedReset = undefined
    this.#owesConfirm = false
  }
}
