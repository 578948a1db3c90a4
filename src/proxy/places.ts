/** Where the clients of a service go: what a client half asks for, and `lane/placement` decides. */
import type { Endpoint } from '../base/address.js'
import type { NodeId } from '../base/ids.js'
import type { NodeName } from './lane-protocol.js'

/** A client's connection that wants a node. */
export interface Guest {
  readonly client: Endpoint
  readonly destination: Endpoint
  /** It is in the queue, until `call` finds it a node. */
  readonly isWaiting: boolean
  /** Some node has refused it. */
  readonly isRetrying: boolean
  /** The sorry backend was asked for it; it is once. */
  readonly hasApologised: boolean
  call(): void
}

/** `sorry`: it is the director itself, for the backend that answers when no node can. */
export interface ChosenNode extends NodeName {
  readonly sorry?: Endpoint
}

/** Where clients of a service go. */
export interface Places {
  /** The next node, none of `tried`; it counts the connection until `leave`. `full`: some node could, and none has room now. */
  pick(client: Guest, tried: ReadonlySet<NodeId>): ChosenNode | 'full' | undefined
  sorry(): ChosenNode | undefined
  /** A connection that stands already is counted as well. */
  seat(node: ChosenNode): void
  leave(node: ChosenNode): void
  /** Waits until `call`; `false`: no more may wait. One that waits already keeps its place. */
  enqueue(client: Guest): boolean
  onQueueTimeout(client: Guest): void
  onSorry(): void
}
