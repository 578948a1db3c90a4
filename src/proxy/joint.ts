import type { Counterpart } from './counterpart.js'
import type { Half } from './half.js'
import type { Reason } from './reasons.js'

/** The other half when both are in one lane: no frames, the calls go straight across. */
export class Joint implements Counterpart {
  readonly congested = false
  readonly isRemote = false
  readonly rttMs = 0

  constructor(
    private readonly other: Half,
    private readonly onConfirm: () => void,
  ) {}

  data(offset: number, chunk: Uint8Array): void {
    this.other.receiveData(offset % 2 ** 32, chunk)
  }

  ack(written: number, acknowledged: number, window: number): void {
    this.other.receiveAck(written, acknowledged, window)
  }

  fin(offset: number): void {
    this.other.receiveFin(offset)
  }

  freeze(clock: number | undefined): void {
    this.other.receiveFreeze(clock)
  }

  reset(reason: Reason): void {
    this.other.receiveReset(reason)
  }

  confirm(): void {
    this.onConfirm()
  }
}
