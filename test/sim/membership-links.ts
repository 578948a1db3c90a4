import type { Millis } from '../../src/base/time.js'
import type { MembershipCluster } from './membership.js'
import type { SimNode } from './membership-cast.js'

const DIAL_MS: Millis = 5
const REDIAL_MS: Millis = 1_000
/** A cut is noticed by a link after some time in between, and then the link is gone at both ends. */
const BREAK_MS = { min: 200, max: 3_000 }

/**
 * Control links: reliable, in order, dialled by whoever holds the other alive, given up when it is held down. What a link
 * cannot carry because of a cut is lost with it, since it ends even if the cut heals before.
 */
export class Links {
  readonly #size: number
  /** `[a * size + b]`, both ways the same: 0 no link, 1 up, 2 up but nothing passes any more. */
  readonly #states: Uint8Array
  /** `[a * size + b]`: a wants a link to b. */
  readonly #wanted: Uint8Array
  readonly #forbidden = new Set<number>()

  constructor(
    private readonly cluster: MembershipCluster,
    private readonly enabled: boolean,
  ) {
    this.#size = cluster.nodes.length
    this.#states = new Uint8Array(this.#size ** 2)
    this.#wanted = new Uint8Array(this.#size ** 2)
  }

  /** Neither reaches the other. */
  forbid(a: SimNode, b: SimNode): void {
    this.#forbidden.add(this.#place(a, b)).add(this.#place(b, a))
    this.#end(a, b)
  }

  carries(from: SimNode, to: SimNode): boolean {
    return to.up && this.#states[this.#place(from, to)] === 1
  }

  want(node: SimNode, peer: SimNode, wanted: boolean): void {
    if (!this.enabled || node === peer) return
    const place = this.#place(node, peer)
    if (this.#wanted[place] === Number(wanted)) return
    this.#wanted[place] = Number(wanted)
    if (wanted) this.#dial(node, peer, DIAL_MS)
    else if (this.#states[place] !== 0) this.#after(0, () => this.#end(node, peer))
  }

  cut(a: SimNode, b: SimNode): void {
    if (this.#states[this.#place(a, b)] !== 1) return
    this.#set(a, b, 2)
    const lives = a.life + b.life
    this.#after(this.cluster.random.between(BREAK_MS.min, BREAK_MS.max), () => {
      if (a.life + b.life === lives) this.#end(a, b)
    })
  }

  /** Without a word to the peers: their links hang until they give up, or the node is back and refuses. */
  died(node: SimNode): void {
    for (const peer of this.cluster.nodes) this.#wanted[this.#place(node, peer)] = 0
  }

  /** It starts again: what the peers still have of it is refused. */
  reset(node: SimNode): void {
    for (const peer of this.cluster.nodes) if (this.#states[this.#place(node, peer)] !== 0) this.#end(node, peer)
  }

  #dial(node: SimNode, peer: SimNode, afterMs: Millis): void {
    const { life } = node
    this.#after(afterMs, () => {
      const place = this.#place(node, peer)
      if (node.life !== life || this.#wanted[place] !== 1 || this.#states[place] !== 0) return
      if (!this.#reaches(node, peer)) return this.#dial(node, peer, REDIAL_MS)
      this.#set(node, peer, 1)
      this.cluster.deliver(node, { type: 'link-up', peer: peer.id })
      this.cluster.deliver(peer, { type: 'link-up', peer: node.id })
    })
  }

  #end(a: SimNode, b: SimNode): void {
    if (this.#states[this.#place(a, b)] === 0) return
    this.#set(a, b, 0)
    for (const [node, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      this.cluster.deliver(node, { type: 'link-down', peer: peer.id })
      if (node.up && this.#wanted[this.#place(node, peer)] === 1) this.#dial(node, peer, REDIAL_MS)
    }
  }

  #reaches(a: SimNode, b: SimNode): boolean {
    const { now } = this.cluster
    if (this.#forbidden.has(this.#place(a, b))) return false
    const awake = [a, b].every((node) => node.up && node.pausedUntil <= now)
    return awake && !this.cluster.isCut(a.index, b.index) && !this.cluster.isCut(b.index, a.index)
  }

  #after(ms: Millis, run: () => void): void {
    this.cluster.queue.add(this.cluster.now + ms, run)
  }

  #place(a: SimNode, b: SimNode): number {
    return a.index * this.#size + b.index
  }

  #set(a: SimNode, b: SimNode, state: 0 | 1 | 2): void {
    this.#states[this.#place(a, b)] = state
    this.#states[this.#place(b, a)] = state
  }
}
