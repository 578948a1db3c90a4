/** What the control plane and the thread that speaks with the LAN say to each other. */
import type { Rival } from '../address/ports.js'
import type { LogFields, LogLevel } from '../base/log.js'

export interface WireSetup {
  readonly seed: number
  /** Lease deadlines: see proxy/lease-slots. */
  readonly leases: SharedArrayBuffer
  /** One number of 32 bits, which it changes at each turn: ten times a second at least. */
  readonly turns: SharedArrayBuffer
  /** The descriptor of the gate's pulse, which beats as long as an address is held here: see `Pulse.of`. */
  readonly pulse?: number | undefined
}

export type ToWire =
  | { readonly type: 'probe'; readonly address: string; readonly places: readonly string[] }
  /** `slot`: of the lease, without which nothing is said of the address. */
  | { readonly type: 'hold'; readonly address: string; readonly places: readonly string[]; readonly slot: number }
  | { readonly type: 'drop'; readonly address: string }
  | { readonly type: 'stop' }

export type FromWire =
  | { readonly type: 'awake'; readonly wakeFd: number }
  | { readonly type: 'probed'; readonly address: string; readonly rival: Rival | undefined; readonly asked: number }
  /** Another says that it has an address that is held here. `times`: since the last that was told. */
  | { readonly type: 'rival'; readonly address: string; readonly rival: Rival; readonly times: number }
  | { readonly type: 'log'; readonly level: LogLevel; readonly event: string; readonly fields: LogFields }
