/** What brings addresses of services to a node's host. */
import type { AlarmClock } from '../../base/clock.js'
import type { Logger } from '../../base/log.js'
import { AckHold, HELD_MAX } from '../../kernel/bpf/ack-hold.io.js'
import type { Lacking } from '../../kernel/control-calls.io.js'
import type { Service } from '../../proxy/service.js'
import { AckHolding } from '../lanes/ack-holding.io.js'
import type { IdleLane } from '../lanes/idle-lane.js'
import type { LaneGroup } from '../lanes/lane-group.io.js'
import { exitInSilence } from '../lifecycle.io.js'
import { type AddressKeeper, NOTHING_TO_TAKE } from './address-keeper.js'
import type { OnRival } from './host-network.io.js'
import { HostNetwork, type LeftNetwork } from './host-network.io.js'
import { OwnAddresses } from './own-addresses.io.js'

const NO_SHARED_MEMORY: Lacking = { why: 'lanes of the portable engine share no memory with the kernel' }

export interface AddressParts {
  readonly isWitness: boolean
  readonly lanes: LaneGroup | IdleLane
  /** Lease deadlines: see proxy/lease-slots. */
  readonly leases: SharedArrayBuffer
  readonly seed: number
  readonly clock: AlarmClock
  readonly logger: Logger
  /** Of this node itself. */
  readonly keepOpen: readonly number[]
  readonly portsOf: (service: Service) => readonly number[]
  /** This host may own an address from now on. */
  readonly onOpen: () => void
  /** Another host claims an address that is held here, or does so no more. */
  readonly onDispute: () => void
  readonly onDeath: (error: Error) => void
  readonly left?: LeftNetwork | undefined
}

/** What goes from one process of this node to the next. */
export interface Belongings {
  /** `undefined`: this host has no device. */
  readonly estate: Pick<HostNetwork, 'leaving' | 'arm'> | undefined
  /** The next has them from now on: nothing is taken away when this process ends. */
  giveAway(): void
}

export interface Addresses {
  /** What an operator should look at. */
  readonly warnings: readonly string[]
  close(): Promise<void>
}

/** A witness directs nothing. */
export function openAddresses(parts: AddressParts): AddressKeeper & Belongings & Addresses {
  const { isWitness, lanes, leases, seed, clock, logger, keepOpen, portsOf, onOpen, onDispute, onDeath, left } = parts
  if (isWitness) {
    const nothing = { estate: undefined, warnings: [], giveAway: () => {}, close: async () => {} }
    return { ...NOTHING_TO_TAKE, ...nothing }
  }
  const lanesAdopt = lanes.view.engine === 'epoll'
  const giveDoor = (duplicate: () => number) => lanes.giveDoor(duplicate)
  const holding = new AckHolding({
    logger,
    open: () => (lanesAdopt ? AckHold.open() : NO_SHARED_MEMORY),
    slots: HELD_MAX,
    give: (held) => lanes.giveHold(held),
  })
  const openNetwork = (onRival: OnRival) => {
    // First: then core dumps are forbidden, and with them a look at the process's own files.
    onOpen()
    return HostNetwork.open({ logger, lanesAdopt, giveDoor, holding, leases, seed, onRival, onDeath, left })
  }
  const inherits = left !== undefined
  const addresses = new OwnAddresses({ clock, logger, openNetwork, keepOpen, portsOf, onDispute, inherits })
  exitInSilence(() => {
    const gone = addresses.vanish()
    lanes.silence(new Set(gone))
    return gone.length > 0
  })
  return addresses
}
