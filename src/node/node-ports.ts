/** What a node is put together with. */
import type { Endpoint } from '../base/address.js'
import type { AlarmClock } from '../base/clock.js'
import type { NodeId } from '../base/ids.js'
import type { Logger } from '../base/log.js'
import type { Prng } from '../base/prng.js'
import type { Elections } from '../election/elections.js'
import type { DurableRecord } from '../election/ports.js'
import type { Facts } from '../gossip/facts.js'
import type { Member } from '../gossip/ports.js'
import type { Registry } from '../gossip/registry.js'
import type { Swim } from '../gossip/swim.js'
import type { Sync } from '../gossip/sync.js'
import type { CheckResult, ProgramCheck } from '../health/ports.js'
import type { GuardPort } from '../hosting/ports.js'
import type { FromLane, ToLane } from '../proxy/lane-protocol.js'
import type { LeaseSlots } from '../proxy/lease-slots.js'
import type { Service } from '../proxy/service.js'
import type { WantedPeer } from '../trunk/ports.js'
import type { Suite } from '../trunk/suites.js'
import type { AddressKeeper } from './addresses/address-keeper.js'

export interface SteeringPort {
  follow(services: readonly Service[], toLane: (message: ToLane) => void): void
  onDoor(message: Extract<FromLane, { type: 'steer-door' }>, toLane: (message: ToLane) => void): void
  /** The node ends in order. */
  close(): void
}

export interface KeysPort {
  linkUp(peer: NodeId): void
  linkDown(peer: NodeId): void
  receive(from: NodeId, bytes: Uint8Array): void
  forget(node: NodeId): void
  setMembers(members: readonly Member[]): void
  stop(): void
}

export interface NodePorts {
  readonly clock: AlarmClock
  readonly logger: Logger
  readonly random: Prng
  readonly leases: LeaseSlots
  readonly sendDatagram: (to: Endpoint, bytes: Uint8Array) => void
  readonly sendToPeer: (to: NodeId, channel: number, bytes: Uint8Array) => void
  readonly wantPeer: (peer: WantedPeer) => void
  readonly unwantPeer: (node: NodeId) => void
  /** Where each of this node's lanes listens for data links; a witness has none. */
  readonly dataAt: readonly Endpoint[]
  /** What data links may be sealed with. */
  readonly suites: readonly Suite[]
  readonly toLane: (message: ToLane) => void
  /** Brings addresses of services here. */
  readonly addresses: AddressKeeper
  /** Ports that this host is to give to nobody who asks for any. */
  readonly reservePorts?: (ports: readonly number[]) => void
  /** Leads connections of programs to the doors of lanes; `undefined`: none is led. */
  readonly steering?: SteeringPort
  /** Whether programs of this host are to be reached from addresses of clients. */
  readonly useSources?: (isWanted: boolean) => void
  /** Durable when they return. */
  readonly saveVotes: (records: readonly DurableRecord[]) => void
  readonly saveRegistry: () => void
  readonly rememberMembers: (gossip: readonly Endpoint[]) => void
  /** Of Baton, to be told to others. */
  readonly release?: string
  /** `undefined`: programs are not checked. Never rejects. */
  readonly checkProgram?: (check: ProgramCheck) => Promise<CheckResult>
  /** Start and stop programs of services of mode `single`; `undefined`: none is run here. */
  readonly guards?: GuardPort
  /** The keyring, which control links spread. */
  readonly keys?: KeysPort
  /** After the present turn. */
  readonly later: (run: () => void) => void
}

export interface NodeMachines {
  readonly swim: Swim
  readonly sync: Sync
  readonly elections: Elections
  readonly registry: Registry
  readonly facts: Facts
}
