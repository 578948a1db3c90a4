import type { Rival } from '../../address/ports.js'
import type { Alarm, AlarmClock } from '../../base/clock.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'

/** So long after another host was last heard to claim an address that is held here it is told of as disputed. */
const DISPUTED_MS: Millis = 60_000

interface Dispute {
  readonly why: string
  readonly alarm: Alarm
}

/** Addresses of this host that another claims too. The lease says who has one; an administrator has to find out who the other is. */
export class Disputes {
  readonly #open = new Map<string, Dispute>()

  constructor(
    private readonly clock: AlarmClock,
    private readonly logger: Logger,
    /** What `why` answers for some address is another now. */
    private readonly onChange: () => void,
  ) {}

  /** As the rest of a sentence that begins with the node. */
  why(address: string): string | undefined {
    return this.#open.get(address)?.why
  }

  heard(address: string, { mac, interface: on }: Rival, times: number, isHere: boolean): void {
    this.logger.log('error', 'address-rival', { address, mac, interface: on, times })
    if (!isHere) return
    const before = this.#open.get(address)
    const why = `has ${address}, and a host with the link address ${mac} on ${on} claims it too: take it away there`
    const alarm = before?.alarm ?? this.clock.alarm(() => this.settle(address))
    alarm.set(this.clock.now() + DISPUTED_MS)
    this.#open.set(address, { why, alarm })
    if (before?.why !== why) this.onChange()
  }

  settle(address: string): void {
    this.#open.get(address)?.alarm.set(undefined)
    if (this.#open.delete(address)) this.onChange()
  }

  close(): void {
    for (const { alarm } of this.#open.values()) alarm.set(undefined)
  }
}
