/**
 * What each node says of itself (its listeners, for one): bytes that only their owner writes, so there is nothing to
 * merge, the newest (boot, version) wins. Facts live in memory only; their owner says them again after every start.
 *
 * Bounded: what goes beyond a limit is refused, and those that are held stay.
 */

import { ByteWriter } from '../base/bytes.js'
import type { NodeId } from '../base/ids.js'
import { fingerprint } from './registry-codec.js'

export interface FactVersion {
  readonly node: NodeId
  /** The owner's boot, 1 … 2³² − 1. */
  readonly boot: number
  /** Counts what the owner said in that boot, from 1; below 2⁵³. */
  readonly version: number
}

export interface Fact extends FactVersion {
  /** At most `FACT_BYTES_MAX`; opaque here. */
  readonly bytes: Uint8Array
}

export const FACT_BYTES_MAX = 65_536
/** As many as gossip remembers members. */
export const FACT_NODES_MAX = 4_096
/** Of all facts: 4 KiB for each of 4,096 nodes. */
export const FACTS_BYTES_MAX = 16_777_216

export type Learnt =
  | { readonly type: 'news' }
  | { readonly type: 'known' }
  | { readonly type: 'refused'; readonly why: string }

export class Facts {
  readonly #facts = new Map<NodeId, Fact>()
  #bytes = 0
  #version = 0

  constructor(private readonly self: { readonly node: NodeId; readonly boot: number }) {}

  get(node: NodeId): Fact | undefined {
    return this.#facts.get(node)
  }

  all(): readonly Fact[] {
    return [...this.#facts.values()]
  }

  /** What an earlier process of this life knew; its own word is counted on from there. */
  resume(facts: readonly Fact[]): void {
    for (const fact of facts) {
      if (fact.node === this.self.node) this.#version = fact.version
      this.#put(fact)
    }
  }

  /** Says something new of this node. `undefined` if it is longer than `FACT_BYTES_MAX`, and then the old word stands. */
  publish(bytes: Uint8Array): Fact | undefined {
    if (bytes.byteLength > FACT_BYTES_MAX) return undefined
    const fact = { ...this.self, version: ++this.#version, bytes: bytes.slice() }
    this.#put(fact)
    return fact
  }

  /** Another node's word, from whomever. `bytes` is copied. */
  learn(fact: Fact): Learnt {
    const held = this.#facts.get(fact.node)
    const newest = fact.node === this.self.node ? { ...this.self, version: this.#version } : held
    if (newest !== undefined && compareVersions(fact, newest) <= 0) return { type: 'known' }
    const refusal = this.#refusal(fact, held)
    if (refusal !== undefined) return { type: 'refused', why: refusal }
    this.#put({ ...fact, bytes: fact.bytes.slice() })
    return { type: 'news' }
  }

  /** The node is no member any more. Until all have forgotten it, somebody may tell of it again. */
  forget(node: NodeId): void {
    this.#bytes -= this.#facts.get(node)?.bytes.byteLength ?? 0
    this.#facts.delete(node)
  }

  versions(): FactVersion[] {
    return this.all()
      .map(({ node, boot, version }) => ({ node, boot, version }))
      .sort((a, b) => (a.node < b.node ? -1 : 1))
  }

  /** 16 hex digits: equal for those that hold the same facts. */
  fingerprint(): string {
    const writer = new ByteWriter()
    for (const { node, boot, version } of this.versions()) writer.hex(node).u32(boot).u64(version)
    return fingerprint(writer.finish())
  }

  /** Those that somebody who holds `versions` lacks or has older. */
  since(versions: readonly FactVersion[]): Fact[] {
    const theirs = new Map(versions.map((version) => [version.node, version]))
    return this.all().filter((fact) => {
      const known = theirs.get(fact.node)
      return known === undefined || compareVersions(known, fact) < 0
    })
  }

  #put(fact: Fact): void {
    this.forget(fact.node)
    this.#facts.set(fact.node, fact)
    this.#bytes += fact.bytes.byteLength
  }

  #refusal(fact: Fact, held: Fact | undefined): string | undefined {
    const { node, boot, version } = fact
    if (node === this.self.node) {
      // Outbidding the other word would never end if two nodes really run from copies of one state folder.
      return `others hold facts of this very node from boot ${boot}, version ${version}; this is boot ${this.self.boot}, version ${this.#version}: was its state folder copied or restored?`
    }
    if (fact.bytes.byteLength > FACT_BYTES_MAX) {
      return `facts of ${node} have ${fact.bytes.byteLength} bytes, at most ${FACT_BYTES_MAX} are possible`
    }
    if (held === undefined && this.#facts.size >= FACT_NODES_MAX) {
      return `facts of ${node} are left out: those of ${FACT_NODES_MAX} nodes are held already`
    }
    const bytes = this.#bytes - (held?.bytes.byteLength ?? 0) + fact.bytes.byteLength
    return bytes > FACTS_BYTES_MAX
      ? `facts of ${node} are left out: all would have ${bytes} bytes, at most ${FACTS_BYTES_MAX} are possible`
      : undefined
  }
}

/** Below 0 if `a` is older. */
export function compareVersions(a: FactVersion, b: FactVersion): number {
  return a.boot - b.boot || a.version - b.version
}
