import type { Endpoint } from '../../src/base/address.js'
import { formatIp } from '../../src/base/address.js'
import type { Prng } from '../../src/base/prng.js'
import type { ProxiedHeader, ProxyHeader } from '../../src/proxy/proxy-protocol/header.js'
import { TLV, type Tlv } from '../../src/proxy/proxy-protocol/tlv.js'

/** Set `SEED` to repeat a failure. */
export const SEED = Number(process.env['SEED'] ?? 20_260_301)

export function randomHeader(random: Prng): ProxyHeader {
  const kind = random.below(8)
  if (kind === 0) return { command: 'local' }
  if (kind === 1) return { command: 'proxy', transport: 'unknown', tlvs: randomTlvs(random) }
  return { ...randomAddresses(random), tlvs: randomTlvs(random) }
}

export function randomAddresses(random: Prng): ProxiedHeader {
  const v6 = random.chance(0.5)
  const endpoint = (): Endpoint => ({
    address: formatIp(random.bytes(v6 ? 16 : 4)),
    port: random.below(65_536),
  })
  const transport = random.chance(0.8) ? 'stream' : 'datagram'
  return { command: 'proxy', transport, source: endpoint(), destination: endpoint(), tlvs: [] }
}

/** Few enough to fit every header. */
function randomTlvs(random: Prng): Tlv[] {
  const types = [TLV.alpn, TLV.authority, TLV.uniqueId, TLV.ssl, TLV.netns, TLV.service, TLV.node, TLV.term, 0xf3]
  return Array.from({ length: random.below(5) }, () => ({
    type: types[random.below(types.length)] ?? 0,
    value: random.bytes(random.below(40)),
  }))
}
