/** Members for tests, by number. */
import type { Endpoint } from '../../src/base/address.js'
import type { NodeId } from '../../src/base/ids.js'
import type { MemberProfile } from '../../src/gossip/messages.js'

export function nodeId(index: number): NodeId {
  // Spread over the whole range, as hashes are.
  return ((index + 1) * 0x9e3779b1)
    .toString(16)
    .padStart(12, '0')
    .padEnd(32, (index % 16).toString(16))
    .slice(0, 32)
}

export function profileOf(index: number, boot = 1, node = nodeId(index)): MemberProfile {
  const address = `10.0.${index >> 8}.${index & 255}`
  const port = (number: number): Endpoint => ({ address, port: number })
  return { node, boot, name: `node-${index}`, gossip: port(7000), control: port(7001), data: port(0), flags: 0 }
}
