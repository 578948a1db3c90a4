/** Members, services and facts as the tests of this folder use them. */
import type { NodeId } from '../../src/base/ids.js'
import type { Member, MemberState } from '../../src/gossip/ports.js'
import { encodeNodeFacts, type Serving } from '../../src/node/node-facts.js'
import type { PublishedListener } from '../../src/proxy/listener.js'
import { encodeListeners } from '../../src/proxy/listener-codec.js'
import { SERVICE_DEFAULTS, type Service } from '../../src/proxy/service.js'

export const A: NodeId = 'a'.repeat(32)
export const B: NodeId = 'b'.repeat(32)
export const C: NodeId = 'c'.repeat(32)

/** Node `a` is `node-a` on 10.0.0.10, `b` is `node-b` on 10.0.0.11. */
export function member(node: NodeId, state: MemberState = 'alive', since = 0): Member {
  const address = `10.0.0.${Number.parseInt(node.slice(0, 1), 16)}`
  const at = { address, port: 7440 }
  const profile = { node, boot: 1, name: `node-${node.slice(0, 1)}`, gossip: at, control: at, data: at, flags: 0 }
  return { profile, state, incarnation: 1, since }
}

export function service(name: string, port: number, settings: Partial<Service> = {}): Service {
  return {
    name,
    address: '10.0.0.100',
    ports: [{ first: port, last: port }],
    ...SERVICE_DEFAULTS,
    local: 'last',
    ...settings,
  }
}

export function listener(port: number, address = '0.0.0.0'): PublishedListener {
  return { address, port, uid: 1_000 }
}

export function facts(ports: readonly number[], serving: readonly Serving[] = []): Uint8Array {
  return encodeNodeFacts({
    listeners: encodeListeners(ports.map((port) => listener(port))),
    serving,
    health: [],
    hosting: [],
  })
}
