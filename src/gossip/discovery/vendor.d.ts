/** Types of the parts that Baton uses; the packages bring none. */

declare module 'hyperdht' {
  import type { SwarmConnection, SwarmKeyPair } from './swarm-connection.js'

  export interface DhtOptions {
    /** `HOST:PORT` each. Missing: those of the public network. */
    readonly bootstrap?: readonly string[]
    readonly port?: number
    /** An IPv4 address. */
    readonly host?: string
    readonly ephemeral?: boolean
    readonly firewalled?: boolean
    /** Whether another port is taken where this one is not free. */
    readonly anyPort?: boolean
  }

  export default class HyperDHT {
    constructor(options: DhtOptions)
    /** A node that knows no other, and that others begin with. Throws unless `host` is an IPv4 address. */
    static bootstrapper(port: number, host: string, options?: DhtOptions): HyperDHT
    /** To whoever listens under that key; a test's strangers have many. */
    connect(publicKey: Uint8Array, options: { readonly keyPair: SwarmKeyPair }): SwarmConnection
    /** Behind a NAT or a filter, as far as it knows. */
    readonly firewalled: boolean
    /** Other nodes that it knows now. */
    readonly nodes: { readonly length: number }
    /** Settled when the bootstrap nodes were asked, whether one has answered or not; rejects where no port can be had. */
    fullyBootstrapped(): Promise<void>
    destroy(options?: { readonly force?: boolean }): Promise<void>
  }
}

declare module 'hyperswarm' {
  import type HyperDHT from 'hyperdht'
  import type { SwarmConnection, SwarmKeyPair } from './swarm-connection.js'

  export interface SwarmOptions {
    readonly dht: HyperDHT
    readonly keyPair: SwarmKeyPair
    readonly maxPeers: number
    readonly maxParallel: number
  }

  /** Of one topic. */
  export interface SwarmSession {
    destroy(): Promise<void>
    /** Announces and looks anew. False: that failed. */
    refresh(): Promise<boolean>
  }

  export interface SwarmPeer {
    readonly publicKey: Uint8Array
    ban(isBanned: boolean): void
  }

  export default class Hyperswarm {
    constructor(options: SwarmOptions)
    readonly peers: { readonly size: number }
    /** What others connect to: tells the DHT anew where it is to be found, within 3 s. */
    readonly server: { refresh(): void }
    join(
      topic: Uint8Array,
      options: { readonly server: boolean; readonly client: boolean; readonly onerror?: (error: Error) => void },
    ): SwarmSession
    destroy(options?: { readonly force?: boolean }): Promise<void>
    on(event: 'connection', listener: (connection: SwarmConnection, peer: SwarmPeer) => void): this
  }
}
