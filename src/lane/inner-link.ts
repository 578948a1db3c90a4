import type { Half } from '../proxy/half.js'
import { isForsaken, type Reason } from '../proxy/reasons.js'
import { DATA_OFFSET_MODULUS } from '../proxy/splice-frame.js'
import type { ChannelLink } from './channel.js'

/** The handle says nothing where there is one splice only. */
export const INNER_HANDLE = 0

/**
 * To a half in the same lane, with all that a link has: what is sent is kept until it is settled, so the splice goes on when
 * its director is another node.
 */
export class InnerLink implements ChannelLink {
  readonly rttMs = 0

  constructor(
    private readonly to: Half,
    /** The client half is done. */
    private readonly onConfirm: () => void = () => {},
    /** The client half may not act any more. */
    private readonly onForsaken: () => void = () => {},
  ) {}

  isCongested(): boolean {
    return false
  }

  data(_handle: number, offset: number, chunk: Uint8Array): void {
    this.to.receiveData(offset % DATA_OFFSET_MODULUS, chunk)
  }

  ack(_handle: number, written: number, acknowledged: number, window: number): void {
    this.to.receiveAck(written, acknowledged, window)
  }

  fin(_handle: number, offset: number): void {
    this.to.receiveFin(offset)
  }

  /** It ends with this node. */
  carries(): void {}

  freeze(_handle: number, clock: number | undefined): void {
    this.to.receiveFreeze(clock)
  }

  reset(_handle: number, reason: Reason): void {
    if (isForsaken(reason)) this.onForsaken()
    else this.to.receiveReset(reason)
  }

  confirm(): void {
    this.onConfirm()
  }

  release(): void {}
}
