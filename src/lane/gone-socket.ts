import type { Endpoint } from '../base/address.js'
import type { Socket } from '../proxy/ports.js'

/** Of a half whose socket has ended in order in another process, while its last bytes still wait to be passed on. */
export class GoneSocket implements Socket {
  readonly fd = -1

  constructor(
    readonly local: Endpoint,
    readonly remote: Endpoint,
  ) {}

  attach(): void {}

  write(): boolean {
    return true
  }

  end(): void {}

  reset(): void {}

  pause(): void {}

  resume(): void {}

  queued(): number {
    return 0
  }

  unacknowledged(): number {
    return 0
  }
}
