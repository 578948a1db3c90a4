/** What a node says of how it finds others and how it reaches them. */

export type DiscoveryWay = 'lan' | 'swarm' | 'seeds'

export interface DiscoveryView {
  readonly way: DiscoveryWay
  /** Members, as they are known now, to which it has pointed. */
  readonly found: number
  /** `off`: it was asked for, and there is nothing that it could do (`why`). */
  readonly state: 'on' | 'starting' | 'off' | 'problem'
  /** Of `off` and `problem`. */
  readonly why?: string
  readonly swarm?: SwarmView
}

export interface SwarmView {
  /** `HOST:PORT` each; none: those of the public network. */
  readonly bootstrap: readonly string[]
  /** Nodes of the DHT that answer. */
  readonly nodes: number
  readonly connections: number
  /** Of those, the ones that carry a control link. */
  readonly carried: number
  /** Who was there without the cluster's key. */
  readonly strangers: number
  /** Connections beyond the limit. */
  readonly refused: number
}

export interface DiscoveryStatus {
  /** One for each way that was asked for. A node of an earlier release does not tell. */
  readonly discovery?: readonly DiscoveryView[]
}

/** The control link to a member. */
export interface LinkView {
  readonly state: 'self' | 'up' | 'dialing' | 'down'
  /** What it waits for or failed on. */
  readonly why?: string
  /** What carries it, where no TCP connection between the two can be made. */
  readonly by?: 'swarm'
  /** It stands, and no data link can be made, in neither direction: no connection is served from one by the other. */
  readonly noData?: true
}
