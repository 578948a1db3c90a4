/**
 * `tunnel-main.ts OWN-IP ADDRESS`: the far end of a tunnel without link addresses: makes a TUN device `vpn0`, asks for an echo (ICMP) of
 * the address each 20 ms and says `echo` for each that comes. Ends by itself after a minute.
 */

import { readSync, writeSync } from 'node:fs'
import { ByteWriter } from '../../src/base/bytes.js'
import { loadControlCalls } from '../../src/kernel/control-calls.io.js'
import { ip4 } from '../kernel/bpf/frames.js'

const [own = '', address = ''] = process.argv.slice(2)
const [O_RDWR, O_NONBLOCK, TUNSETIFF, IFF_TUN, IFF_NO_PI] = [2, 0o4000, 0x400454ca, 0x0001, 0x1000]
const [EVERY_MS, LIFE_MS, ICMP, ECHO_REQUEST] = [20, 60_000, 1, 8]

const calls = loadControlCalls()
if ('why' in calls) throw new Error(calls.why)
const fd = calls.open('/dev/net/tun', O_RDWR | O_NONBLOCK)
const request = new Uint8Array(40)
request.set(new TextEncoder().encode('vpn0'))
request.set(new ByteWriter(2).u16(IFF_TUN | IFF_NO_PI).finish(), 16)
const made = fd < 0 ? fd : calls.ioctl(fd, TUNSETIFF, request)
if (made < 0) throw new Error(`no TUN device: ${made}`)
process.stdout.write('ready\n')
// Its checksum (RFC 792): all else is 0.
const question = ip4(own, address, Uint8Array.of(ECHO_REQUEST, 0, 0xf7, 0xff, 0, 0, 0, 0), ICMP)
const packet = new Uint8Array(2_048)
setInterval(() => {
  try {
    writeSync(fd, question)
  } catch {
    // It is not up yet.
  }
  for (let length = read(); length > 0; length = read()) {
    if (packet[9] === ICMP && packet[20] === 0) process.stdout.write('echo\n')
  }
}, EVERY_MS)
setTimeout(() => process.exit(), LIFE_MS)

function read(): number {
  try {
    return readSync(fd, packet)
  } catch {
    return 0
  }
}
