/** Addresses that are held here and that another host has claimed of late. */
import type { Rival } from '../address/ports.js'
import type { Alarm, AlarmClock } from '../base/clock.js'
import type { Millis } from '../base/time.js'

/** So long after another host was last heard to claim an address that is held here it is told of as disputed. */
const DISPUTED_MS: Millis = 60_000

interface Dispute {
  readonly why: string
  readonly alarm: Alarm
}

export class AddressDisputes {
  readonly #disputes = new Map<string, Dispute>()

  constructor(
    private readonly clock: AlarmClock,
    /** What `why` answers for some address is another now. */
    private readonly onChange: () => void,
  ) {}

  /** As the rest of a sentence that begins with the node. */
  why(address: string): string | undefined {
    return this.#disputes.get(address)?.why
  }

  heard(address: string, { mac, interface: on }: Rival): void {
    const before = this.#disputes.get(address)
    const why = `has ${address}, and a host with the link address ${mac} on ${on} claims it too: take it away there`
    const alarm = before?.alarm ?? this.clock.alarm(() => this.settle(address))
    alarm.set(this.clock.now() + DISPUTED_MS)
    this.#disputes.set(address, { why, alarm })
    if (before?.why !== why) this.onChange()
  }

  /** It is not held here any more, or nobody has claimed it for long. */
  settle(address: string): void {
    this.#disputes.get(address)?.alarm.set(undefined)
    if (this.#disputes.delete(address)) this.onChange()
  }

  close(): void {
    for (const { alarm } of this.#disputes.values()) alarm.set(undefined)
  }
}
