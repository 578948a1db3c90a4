/** Against the npm package `proxy-protocol-js`, as far as it goes: addresses only, no TLV and no checksum. */
import {
  Command,
  INETProtocol,
  IPv4Address,
  IPv4ProxyAddress,
  IPv6Address,
  IPv6ProxyAddress,
  Peer,
  TransportProtocol,
  V1ProxyProtocol,
  V2ProxyProtocol,
} from 'proxy-protocol-js'

import { isIpv6, parseIp } from '../../src/base/address.js'
import { fromUtf8, utf8 } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import type { ProxiedHeader } from '../../src/proxy/proxy-protocol/header.js'
import { decodeProxyV1, encodeProxyV1 } from '../../src/proxy/proxy-protocol/v1.js'
import { decodeProxyV2, encodeProxyV2 } from '../../src/proxy/proxy-protocol/v2.js'
import { assert, suite } from '../harness/suite.js'
import { randomAddresses, SEED } from './random-headers.js'

const test = suite('proxy/proxy-protocol against proxy-protocol-js')

/** The header in the package's words. */
function inTheirWords(header: ProxiedHeader): V2ProxyProtocol {
  const { source, destination } = header
  const ip = (address: string) => [...(parseIp(address) ?? [])]
  const addresses = isIpv6(source.address)
    ? new IPv6ProxyAddress(
        IPv6Address.createFrom(ip(source.address)),
        source.port,
        IPv6Address.createFrom(ip(destination.address)),
        destination.port,
      )
    : new IPv4ProxyAddress(
        IPv4Address.createFrom(ip(source.address)),
        source.port,
        IPv4Address.createFrom(ip(destination.address)),
        destination.port,
      )
  const transport = header.transport === 'stream' ? TransportProtocol.STREAM : TransportProtocol.DGRAM
  return new V2ProxyProtocol(Command.PROXY, transport, addresses)
}

test('version 2: each reads what the other writes', () => {
  const random = new Prng(SEED)
  for (let i = 0; i < 300; i++) {
    const header = randomAddresses(random)
    const theirs = inTheirWords(header)
    const built = theirs.build()
    const why = `SEED=${SEED}, header ${i}`
    assert.equal(decodeProxyV2(built), { type: 'header', header, bytesUsed: built.length }, why)
    const parsed = V2ProxyProtocol.parse(encodeProxyV2(header))
    assert.equal(parsed.proxyAddress, theirs.proxyAddress, why)
    assert.is(parsed.transportProtocol, theirs.transportProtocol, why)
    assert.is(parsed.command, Command.PROXY, why)
  }
})

test('version 2: its LOCAL is LOCAL', () => {
  const local = new V2ProxyProtocol(Command.LOCAL, TransportProtocol.STREAM, IPv4ProxyAddress.from(new Uint8Array(12)))
  assert.equal(decodeProxyV2(local.build()), { type: 'header', header: { command: 'local' }, bytesUsed: 28 })
})

test('version 1: each reads what the other writes', () => {
  const random = new Prng(SEED)
  for (let i = 0; i < 300; i++) {
    const header: ProxiedHeader = { ...randomAddresses(random), transport: 'stream' }
    const { source, destination } = header
    const protocol = isIpv6(source.address) ? INETProtocol.TCP6 : INETProtocol.TCP4
    const theirs = new V1ProxyProtocol(
      protocol,
      new Peer(source.address, source.port),
      new Peer(destination.address, destination.port),
    ).build()
    assert.equal(decodeProxyV1(utf8(theirs)), { type: 'header', header, bytesUsed: theirs.length })
    const parsed = V1ProxyProtocol.parse(fromUtf8(encodeProxyV1(header)))
    assert.equal(
      [parsed.inetProtocol, parsed.source.ipAddress, parsed.source.port],
      [protocol, source.address, source.port],
    )
    assert.equal([parsed.destination.ipAddress, parsed.destination.port], [destination.address, destination.port])
  }
})

test.run()
