/**
 * The laws of membership, judged from outside: by what machines show and by what passes on the network. Nothing here
 * knows a rule of SWIM.
 */
import { formatEndpoint } from '../../src/base/address.js'
import type { NodeId } from '../../src/base/ids.js'
import type { Millis } from '../../src/base/time.js'
import type { Member } from '../../src/gossip/messages.js'
import type { MembershipCluster } from './membership.js'
import type { Observation, SimNode } from './membership-cast.js'

/** Beside the rounds of asking: a node may have stood still meanwhile. */
const SLACK_MS: Millis = 15_000

interface Memory {
  readonly life: number
  members: Map<NodeId, Member>
  /** When each address was last seen to be asked, or first seen to be absent. */
  readonly asked: Map<string, Millis>
}

export class Laws {
  readonly #memories = new Map<number, Memory>()
  /** The highest incarnation that each life of a member has shown of itself. */
  readonly #own = new Map<string, number>()

  constructor(private readonly cluster: MembershipCluster) {
    cluster.onDatagram = (from, to) => {
      this.#noteOwn(from)
      const asked = this.#memoryOf(from).asked
      if (asked.has(to.address)) asked.set(to.address, cluster.now)
    }
  }

  /** The first law that is broken now, in words. Look often: what happens between two looks is not seen. */
  broken(): string | undefined {
    const up = this.cluster.nodes.filter((node) => node.up)
    for (const node of up) this.#noteOwn(node)
    for (const node of up) {
      const wrong = this.#judge(node)
      if (wrong !== undefined) return `node ${node.index} at ${this.cluster.now.toFixed(0)} ms ${wrong}`
    }
    return undefined
  }

  #judge(node: SimNode): string | undefined {
    const memory = this.#memoryOf(node)
    const own = this.#own.get(`${node.id}-${node.boot}`) ?? 0
    const members = new Map(node.swim.members().map((member) => [member.profile.node, member]))
    const incarnation = members.get(node.id)?.incarnation ?? 0
    if (incarnation < own) return `went back from its own incarnation ${own} to ${incarnation}`
    for (const [id, before] of memory.members) {
      const held = members.get(id)
      if (held === undefined) return `forgot ${before.profile.name}`
      if (isOlder(held, before)) return `went back from ${shown(before)} to ${shown(held)}`
    }
    memory.members = members
    for (const member of members.values()) {
      if (member.incarnation > (this.#own.get(lifeOf(member)) ?? -1))
        return `holds ${shown(member)}, which it never was`
    }
    return this.#judgeAsking(node, memory)
  }

  /** Whoever is down, and whoever was known before the last start and has not been met since, is asked for ever. */
  #judgeAsking(node: SimNode, { asked, members }: Memory): string | undefined {
    const { now, config } = this.cluster
    const known = [...members.values()]
    const met = new Set(known.map(({ profile }) => profile.gossip.address))
    const absent = new Set([...node.disk].filter((address) => !met.has(address)))
    for (const { profile, state } of known) if (state === 'down') absent.add(profile.gossip.address)
    for (const address of asked.keys()) if (!absent.has(address)) asked.delete(address)
    const rounds = 2 * (known.length + absent.size)
    for (const address of absent) {
      const since = asked.get(address) ?? now
      asked.set(address, since)
      if (now - since > rounds * config.reconnectIntervalMs + SLACK_MS) {
        return `has not asked ${address} for ${(now - since).toFixed(0)} ms`
      }
    }
    return undefined
  }

  #memoryOf(node: SimNode): Memory {
    const known = this.#memories.get(node.index)
    if (known?.life === node.life) return known
    const memory: Memory = { life: node.life, members: new Map(), asked: new Map() }
    this.#memories.set(node.index, memory)
    return memory
  }

  #noteOwn(node: SimNode): void {
    const self = node.swim.members().find(({ profile }) => profile.node === node.id)
    if (self === undefined) return
    const life = lifeOf(self)
    this.#own.set(life, Math.max(self.incarnation, this.#own.get(life) ?? 0))
  }
}

/** Verdicts over members that are up, in the boot of which the verdict speaks. For times without faults. */
export function falseVerdicts(cluster: MembershipCluster, from = 0): Observation[] {
  return cluster.seen.slice(from).filter(({ state, about, boot }) => {
    const node = cluster.nodeOf(about)
    return state === 'down' && node?.up === true && node.id === about && node.boot === boot
  })
}

/** How views differ from the truth and from each other, in words; `undefined` if they do not. */
export function disagreement(cluster: MembershipCluster): string | undefined {
  const up = cluster.nodes.filter((node) => node.up)
  for (const { index, swim } of up) {
    const live = swim.members().filter(({ state }) => state === 'alive' || state === 'suspect')
    for (const member of live) if (!cluster.isTrue(member)) return `${index} holds ${shown(member)}`
    for (const { id, index: other } of up) {
      if (!live.some(({ profile }) => profile.node === id)) return `${index} does not hold ${other} alive`
    }
  }
  return undefined
}

function lifeOf({ profile }: Member): string {
  return `${profile.node}-${profile.boot}`
}

function isOlder(a: Member, b: Member): boolean {
  return a.profile.boot < b.profile.boot || (a.profile.boot === b.profile.boot && a.incarnation < b.incarnation)
}

function shown({ profile, state, incarnation }: Member): string {
  return `${profile.name}-${profile.boot} ${state} in incarnation ${incarnation} (${formatEndpoint(profile.gossip)})`
}
