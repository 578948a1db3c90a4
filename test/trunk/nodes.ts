/** Nodes with real control links on loopback, and what is heard of them, each thing waited for. */
import type { Endpoint } from '../../src/base/address.js'
import type { NodeId } from '../../src/base/ids.js'
import type { LogFields } from '../../src/base/log.js'
import { Prng } from '../../src/base/prng.js'
import { realClock } from '../../src/base/real-clock.io.js'
import { type TrunkConfig, trunkConfig } from '../../src/trunk/config.js'
import { ControlLinks, type ControlLinksSelf, type PeerInfo } from '../../src/trunk/control-links.io.js'
import { type NodeKeyPair, nodeIdOf, nodeKeyPair } from '../../src/trunk/keys.io.js'
import type { Scope } from '../harness/suite.js'

export const CLUSTER_KEY = new Uint8Array(32).fill(1)
export const OTHER_KEY = new Uint8Array(32).fill(2)

/** The same keys, and so the same ids, in every run; in order of their ids. */
export const KEYS: readonly NodeKeyPair[] = Array.from({ length: 8 }, (_, i) =>
  nodeKeyPair(new Uint8Array(32).fill(i + 1)),
).sort((a, b) => (nodeIdOf(a.publicKey) < nodeIdOf(b.publicKey) ? -1 : 1))

export function keysOf(index: number): NodeKeyPair {
  const keys = KEYS[index]
  if (keys === undefined) throw new Error(`no node ${index}`)
  return keys
}

export interface NodeOptions {
  readonly boot?: number
  readonly clusterKeys?: readonly Uint8Array[]
  readonly isBanned?: (node: NodeId) => boolean
  readonly config?: Partial<TrunkConfig>
  readonly self?: Partial<ControlLinksSelf>
  readonly bind?: Endpoint
  readonly onMessage?: (node: TestNode, from: NodeId, payload: Uint8Array) => void
}

export class TestNode {
  /** `up 1`, `down 1: why`, `message 1/2: 3 4`, `log event why`; peers as indexes of KEYS. */
  readonly heard: string[] = []
  readonly links: ControlLinks
  readonly node: NodeId
  readonly #boot: number
  readonly #watchers = new Set<() => void>()
  #at: Endpoint = { address: '127.0.0.1', port: 0 }

  constructor(
    readonly index: number,
    options: NodeOptions = {},
  ) {
    const { publicKey, secretKey } = keysOf(index)
    this.node = nodeIdOf(publicKey)
    this.#boot = options.boot ?? 1
    this.links = new ControlLinks({
      self: { node: this.node, boot: this.#boot, name: `node-${index}`, publicKey, secretKey, ...options.self },
      clusterKeys: () => options.clusterKeys ?? [CLUSTER_KEY],
      ...(options.isBanned === undefined ? {} : { isBanned: options.isBanned }),
      bind: options.bind ?? this.#at,
      config: trunkConfig({ dialFirstMs: 10, dialMaxMs: 50, ...options.config }),
      clock: realClock(),
      random: new Prng(index + 1),
      log: { log: (_level, event, fields) => this.#hear(`log ${event} ${describe(fields)}`) },
      events: {
        onUp: (peer: PeerInfo) => this.#hear(`up ${indexOf(peer.node)}`),
        onDown: (node, why) => this.#hear(`down ${indexOf(node)}: ${why}`),
        onRefused: (node) => this.#hear(`refused ${indexOf(node)}`),
        onMessage: (from, channel, payload) => {
          const shown = payload.byteLength > 20 ? `${payload.byteLength} bytes` : payload.join(' ')
          this.#hear(`message ${indexOf(from)}/${channel}: ${shown}`)
          options.onMessage?.(this, from, payload)
        },
      },
    })
  }

  static async up(scope: Scope, index: number, options: NodeOptions = {}): Promise<TestNode> {
    const node = new TestNode(index, options)
    scope.defer(() => node.links.close())
    node.#at = await node.links.listen()
    return node
  }

  get at(): Endpoint {
    return this.#at
  }

  wants(peer: TestNode, control = peer.at): void {
    this.links.want({ node: peer.node, boot: peer.#boot, control })
  }

  send(peer: TestNode, channel: number, ...payload: number[]): boolean {
    return this.links.send(peer.node, channel, Uint8Array.from(payload))
  }

  /** The first line heard, by now or later, that begins with `start`. The suite's limit bounds the wait. */
  hears(start: string): Promise<string> {
    return this.until(() => this.heard.find((line) => line.startsWith(start)))
  }

  async until<T>(condition: () => T | undefined | false): Promise<T> {
    for (;;) {
      const value = condition()
      if (value !== undefined && value !== false) return value
      await new Promise<void>((resolve) => {
        const watcher = () => {
          this.#watchers.delete(watcher)
          resolve()
        }
        this.#watchers.add(watcher)
      })
    }
  }

  count(start: string): number {
    return this.heard.filter((line) => line.startsWith(start)).length
  }

  #hear(line: string): void {
    this.heard.push(line)
    for (const watcher of [...this.#watchers]) watcher()
  }
}

export function indexOf(node: NodeId): number {
  return KEYS.findIndex((keys) => nodeIdOf(keys.publicKey) === node)
}

function describe(fields: LogFields = {}): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
