/**
 * PROXY protocol version 1, one line of text (haproxy's doc/proxy-protocol.txt, section 2.1):
 *
 *     PROXY TCP4|TCP6 source destination source-port destination-port CR LF
 *     PROXY UNKNOWN anything CR LF
 */
import { canonicalIp, type Endpoint, isIpv6, parseIp } from '../../base/address.js'
import { utf8 } from '../../base/bytes.js'
import type { DecodedHeader, ProxyHeader } from './header.js'

/** The longest line that the specification allows, CR LF included. */
export const LINE_BYTES_MAX = 107

const START = utf8('PROXY ')
const CR = 13
const LF = 10

/** Version 1 knows no TLVs, no datagrams and no LOCAL: what it cannot say is UNKNOWN. */
export function encodeProxyV1(header: ProxyHeader): Uint8Array {
  if (header.command === 'local' || header.transport !== 'stream') return utf8('PROXY UNKNOWN\r\n')
  const { source, destination } = header
  const v6 = isIpv6(source.address) || isIpv6(destination.address)
  const text = (endpoint: Endpoint) =>
    v6 && !isIpv6(endpoint.address) ? `::ffff:${endpoint.address}` : endpoint.address
  const addresses = `${text(source)} ${text(destination)}`
  return utf8(`PROXY TCP${v6 ? 6 : 4} ${addresses} ${source.port} ${destination.port}\r\n`)
}

/** Total: every byte string has an answer, and none of them is an exception. */
export function decodeProxyV1(bytes: Uint8Array): DecodedHeader {
  for (let i = 0; i < Math.min(bytes.byteLength, START.byteLength); i++) {
    if (bytes[i] !== START[i]) return malformed(`byte ${i} is not that of "PROXY "`)
  }
  const lineFeed = bytes.subarray(0, LINE_BYTES_MAX).indexOf(LF)
  if (lineFeed === -1) {
    if (bytes.byteLength >= LINE_BYTES_MAX) return malformed(`no end of line in ${LINE_BYTES_MAX} bytes`)
    return { type: 'need-more', bytesMissing: 1 }
  }
  if (bytes[lineFeed - 1] !== CR) return malformed('LF without CR')
  const header = readLine(String.fromCharCode(...bytes.subarray(0, lineFeed - 1)))
  return header === undefined ? malformed('bad line') : { type: 'header', header, bytesUsed: lineFeed + 1 }
}

function readLine(line: string): ProxyHeader | undefined {
  const [, protocol, source = '', destination = '', sourcePort = '', destinationPort = '', more] = line.split(' ')
  if (protocol === 'UNKNOWN') return { command: 'proxy', transport: 'unknown', tlvs: [] }
  const ipBytes = protocol === 'TCP4' ? 4 : protocol === 'TCP6' ? 16 : undefined
  if (ipBytes === undefined || more !== undefined) return undefined
  const from = readEndpoint(source, sourcePort, ipBytes)
  const to = readEndpoint(destination, destinationPort, ipBytes)
  if (from === undefined || to === undefined) return undefined
  return { command: 'proxy', transport: 'stream', source: from, destination: to, tlvs: [] }
}

function readEndpoint(ip: string, port: string, ipBytes: number): Endpoint | undefined {
  const address = parseIp(ip)?.byteLength === ipBytes ? canonicalIp(ip) : undefined
  if (address === undefined || !/^(0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65_535) return undefined
  return { address, port: Number(port) }
}

function malformed(why: string): DecodedHeader {
  return { type: 'malformed', why: `PROXY v1: ${why}` }
}
