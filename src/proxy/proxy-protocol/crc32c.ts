/**
 * CRC-32C (Castagnoli), as iSCSI defines it (RFC 3720, B.4): polynomial 0x1EDC6F41, bits reflected, all ones at both
 * ends. Not the CRC of zlib, Ethernet and gzip.
 */
const REFLECTED_POLYNOMIAL = 0x82f63b78

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REFLECTED_POLYNOMIAL : crc >>> 1
  return crc
})

/** An unsigned 32-bit number. `before` is the checksum of the bytes in front of these, to go on in pieces. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[i] as number)) & 255] as number)
  return ~crc >>> 0
}
