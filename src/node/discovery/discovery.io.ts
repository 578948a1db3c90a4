/** The ways by which a node finds others, as it was told to. */
import { type Endpoint, formatEndpoint, isLoopback } from '../../base/address.js'
import { toHex } from '../../base/bytes.js'
import type { AlarmClock } from '../../base/clock.js'
import type { Logger } from '../../base/log.js'
import type { Prng } from '../../base/prng.js'
import { SwarmSource, type SwarmSourceOptions } from '../../gossip/discovery/hyperswarm.io.js'
import { MdnsSource } from '../../gossip/discovery/mdns.io.js'
import type { PeerSource } from '../../gossip/discovery/peer-source.js'
import { SeedSource } from '../../gossip/discovery/seeds.io.js'
import { onlineWord, swarmProblem } from '../../gossip/discovery/swarm-report.js'
import type { Member } from '../../gossip/ports.js'
import type { ControlLinks } from '../../trunk/control-links.io.js'
import { deriveKey, nodeKeyPair } from '../../trunk/keys.io.js'
import type { NodeOptions } from '../config-schema.js'
import type { NodeState } from '../state/state-dir.io.js'
import type { DiscoveryView, DiscoveryWay } from './discovery-protocol.js'

const TAG_BYTES = 8
const INSTANCE_CHARACTERS = 16
const SEED_BYTES = 32
/** Addresses that one way has told. Beyond it they are used, and not counted. */
const TOLD_MAX = 4_096

export interface DiscoveryParts {
  readonly options: Pick<NodeOptions, 'discovery' | 'seeds' | 'bootstrap'>
  readonly state: Pick<NodeState, 'id' | 'keyPair'>
  /** At this moment, the current one first; the same array until that changes. */
  readonly clusterKeys: () => readonly Uint8Array[]
  readonly boot: number
  readonly links: () => Pick<ControlLinks, 'state' | 'carry'>
  readonly clock: AlarmClock
  readonly random: Prng
  readonly logger: Logger
}

/** Where this node answers. */
interface Self {
  readonly gossip: Endpoint
  readonly control: Endpoint
}

interface Way {
  readonly source: PeerSource
  /** Addresses that it has told. */
  readonly told: Set<string>
}

export class Discovery {
  readonly #ways = new Map<DiscoveryWay, Way>()
  #swarm: SwarmSource | undefined

  constructor(private readonly parts: DiscoveryParts) {}

  start(self: Self, found: (at: Endpoint) => void): void {
    for (const [way, source] of this.#sources(self)) {
      const told = new Set<string>()
      this.#ways.set(way, { source, told })
      source.start((at) => {
        if (told.size < TOLD_MAX) told.add(formatEndpoint(at))
        found(at)
      })
    }
  }

  /** Nobody is looked for any more. What carries control links goes on. */
  async stop(): Promise<void> {
    const others = [...this.#ways.values()].filter(({ source }) => source !== this.#swarm)
    await Promise.all(others.map(({ source }) => source.stop()))
  }

  /** After the control links. */
  async leave(): Promise<void> {
    await this.#swarm?.stop()
  }

  views(members: readonly Member[]): DiscoveryView[] {
    return this.parts.options.discovery.map((way) => {
      const told = this.#ways.get(way)?.told
      const found = members.filter(({ profile }) => told?.has(formatEndpoint(profile.gossip))).length
      return { way, found, ...this.#stateOf(way) }
    })
  }

  warnings(): string[] {
    const problem = this.#swarm && swarmProblem(this.#swarm.report())
    return problem === undefined ? [] : [problem]
  }

  #stateOf(way: DiscoveryWay): Pick<DiscoveryView, 'state' | 'why' | 'swarm'> {
    if (way === 'seeds' && this.parts.options.seeds.length === 0) return { state: 'off', why: 'no --seed is given' }
    if (way !== 'seeds' && !this.#ways.has(way)) return { state: 'off', why: 'others do not reach a node on loopback' }
    const report = this.#swarm?.report()
    if (way !== 'swarm' || report === undefined) return { state: 'on' }
    const { bootstrap, nodes, connections, carried, strangers, refused } = report
    const swarm = { bootstrap, nodes, connections, carried, strangers, refused }
    const why = swarmProblem(report)
    if (why !== undefined) return { state: 'problem', why, swarm }
    return { state: onlineWord(report) === 'online' ? 'on' : 'starting', swarm }
  }

  /** A node on a loopback address has no LAN, and is reached by nobody. */
  #sources({ gossip, control }: Self): (readonly [DiscoveryWay, PeerSource])[] {
    const { options, state, clusterKeys, clock, random, logger } = this.parts
    const { discovery, seeds } = options
    const sources: (readonly [DiscoveryWay, PeerSource])[] = []
    if (discovery.includes('seeds')) sources.push(['seeds', new SeedSource({ seeds, clock, random, logger })])
    const isReached = !isLoopback(gossip.address)
    if (discovery.includes('lan') && isReached) {
      // Asked for with each datagram of the LAN.
      const tags = ofEach(clusterKeys, (key) => toHex(deriveKey(key, 'mdns tag 1').subarray(0, TAG_BYTES)))
      const instance = state.id.slice(0, INSTANCE_CHARACTERS)
      sources.push(['lan', new MdnsSource({ tags, instance, at: gossip, clock, random, logger })])
    }
    if (discovery.includes('swarm') && isReached) {
      this.#swarm = this.#swarmSource({ gossip, control })
      sources.push(['swarm', this.#swarm])
    }
    return sources
  }

  #swarmSource(self: Self): SwarmSource {
    const { options, state, clusterKeys, boot, links, clock, logger } = this.parts
    return new SwarmSource({
      ...swarmKeys(clusterKeys),
      // Not the node's own pair: what one protocol signs must mean nothing in another.
      keyPair: nodeKeyPair(deriveKey(state.keyPair.secretKey.subarray(0, SEED_BYTES), 'swarm identity 1')),
      bootstrap: options.bootstrap,
      self: () => ({ node: state.id, boot, ...self }),
      isLinked: (node) => links().state(node).phase === 'up',
      onCarrier: (carrier) => links().carry(carrier),
      clock,
      logger,
    })
  }
}

/** What is made of the keys of a cluster for the swarm: a topic and a proof for each. */
export function swarmKeys(clusterKeys: () => readonly Uint8Array[]): Pick<SwarmSourceOptions, 'topics' | 'proofs'> {
  const proofKeys = ofEach(clusterKeys, (key) => deriveKey(key, 'swarm proof 1'))
  return {
    topics: ofEach(clusterKeys, (key) => deriveKey(key, 'swarm topic 1')),
    proofs: (handshakeHash, isInitiator) => {
      const statement = `${isInitiator ? 'initiator' : 'responder'} ${toHex(handshakeHash)}`
      return proofKeys().map((key) => deriveKey(key, statement))
    },
  }
}

/** Made anew when the keys are others. */
function ofEach<T>(keysOf: () => readonly Uint8Array[], make: (key: Uint8Array) => T): () => readonly T[] {
  let made: { readonly keys: readonly Uint8Array[]; readonly all: readonly T[] } | undefined
  return () => {
    const keys = keysOf()
    if (made?.keys !== keys) made = { keys, all: keys.map(make) }
    return made.all
  }
}
