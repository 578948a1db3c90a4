/**
 * Who listens on what in the whole cluster, as the nodes said it. Answers which nodes could serve a port; which of them does
 * is the scheduler's decision.
 */
import { isIpv6 } from '../base/address.js'
import type { NodeId } from '../base/ids.js'
import type { Program } from '../base/program.js'
import { LISTENERS_PER_NODE_MAX, lowestPorts, type PublishedListener } from './listener.js'
import { dialAddress, dialAddressIn, type NodeAddresses, remoteness } from './listener-ownership.js'
import type { Candidate } from './schedule/scheduler.js'

export interface ServingNode extends NodeAddresses {
  readonly node: NodeId
  readonly name: string
  /** On the asking node's own host. */
  readonly local: boolean
}

export interface ListenerCandidate extends Candidate {
  /** Where the node's backend half connects to. */
  readonly address: string
  /** Who listens there, where its node could tell. */
  readonly program?: Program
}

/** Facts of more nodes than these are refused: forget those that left. */
export const NODES_MAX = 1_024
/** Answers kept for the next question; when there are more they are all dropped, and found again. */
const PORTS_REMEMBERED_MAX = 4_096

type ByPort = ReadonlyMap<number, readonly PublishedListener[]>

export class ListenerTable {
  readonly #nodes = new Map<NodeId, ByPort>()
  readonly #answers = new Map<number, readonly ListenerCandidate[]>()
  #askedAbout: readonly ServingNode[] = []

  /** The whole truth of one node, in place of what it said before. `false`: the table is full, nothing was changed. */
  set(node: NodeId, listeners: readonly PublishedListener[]): boolean {
    if (!this.#nodes.has(node) && this.#nodes.size >= NODES_MAX) return false
    this.#nodes.set(node, byPort(listeners))
    this.#answers.clear()
    return true
  }

  forget(node: NodeId): void {
    if (this.#nodes.delete(node)) this.#answers.clear()
  }

  /** On which any node listens, ascending. */
  ports(): readonly number[] {
    const ports = new Set([...this.#nodes.values()].flatMap((byPort) => [...byPort.keys()]))
    return [...ports].sort((a, b) => a - b)
  }

  /** What the node itself published, also what does not belong to it; ports in the order published. */
  listenersOf(node: NodeId): readonly PublishedListener[] {
    return [...(this.#nodes.get(node)?.values() ?? [])].flat()
  }

  /**
   * The alive nodes with a listener of their own on `port`, each once. The same array as before while nothing changed: give
   * the same `alive` array while that did not change either.
   */
  candidates(port: number, alive: readonly ServingNode[]): readonly ListenerCandidate[] {
    if (alive !== this.#askedAbout || this.#answers.size >= PORTS_REMEMBERED_MAX) this.#answers.clear()
    this.#askedAbout = alive
    let answer = this.#answers.get(port)
    if (answer === undefined) {
      answer = alive.flatMap((node) => this.#candidateOf(node, port) ?? [])
      this.#answers.set(port, answer)
    }
    return answer
  }

  /** Where a program of the node is reached by the family of addresses that `address` is not of; the better of several. */
  otherAddress(
    serving: ServingNode,
    { port, address }: Pick<ListenerCandidate, 'port' | 'address'>,
  ): string | undefined {
    const family = isIpv6(address) ? 4 : 6
    const reachable = (this.#nodes.get(serving.node)?.get(port) ?? []).filter((listener) => {
      return dialAddressIn(family, listener, serving) !== undefined
    })
    const best = bestListener(reachable, serving)
    return best === undefined ? undefined : dialAddressIn(family, best, serving)
  }

  #candidateOf(serving: ServingNode, port: number): ListenerCandidate | undefined {
    const listener = bestListener(this.#nodes.get(serving.node)?.get(port) ?? [], serving)
    const address = listener === undefined ? undefined : dialAddress(listener, serving)
    if (address === undefined) return undefined
    const { node, name, local } = serving
    const program = listener?.program
    return { node, name, address, port, local, ...(program && { program }) }
  }
}

/** The one through which the node is best reached, of several on one port. */
export function bestListener(
  listeners: readonly PublishedListener[],
  node: NodeAddresses,
): PublishedListener | undefined {
  let best: PublishedListener | undefined
  for (const listener of listeners) {
    if (dialAddress(listener, node) === undefined) continue
    if (best === undefined || remoteness(listener, node) < remoteness(best, node)) best = listener
  }
  return best
}

/** At most `LISTENERS_PER_NODE_MAX` of them: what a peer says has a limit here too. */
function byPort(listeners: readonly PublishedListener[]): ByPort {
  const kept = listeners.length > LISTENERS_PER_NODE_MAX ? lowestPorts(listeners) : listeners
  const ports = new Map<number, PublishedListener[]>()
  for (const listener of kept) {
    const same = ports.get(listener.port)
    if (same === undefined) ports.set(listener.port, [listener])
    else same.push(listener)
  }
  return ports
}
