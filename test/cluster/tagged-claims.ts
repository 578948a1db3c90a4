/** `tagged-claims.ts ADDRESS`: claims an address in VLAN 7 by eth0, each 5 ms for six seconds. */
import { parseIp } from '../../src/base/address.js'
import { assert } from '../../src/base/assert.js'
import { ByteWriter } from '../../src/base/bytes.js'
import { loadControlCalls } from '../../src/kernel/control-calls.io.js'
import { macBytes } from '../../src/kernel/neighbour/ethernet.js'
import { Netlink } from '../../src/kernel/netlink/netlink.io.js'
import { arp, ethernet } from '../kernel/bpf/frames.js'

const [AF_PACKET, SOCK_RAW, ETH_P_ALL, FOR_MS, EVERY_MS] = [17, 3, 3, 6_000, 5]
const address = process.argv[2] ?? ''
const [calls, netlink] = [loadControlCalls(), Netlink.open()]
assert(!('why' in calls) && !('why' in netlink) && parseIp(address) !== undefined, 'for Linux, as root')
const links = netlink.links()
const index = 'why' in links ? 0 : (links.find(({ name }) => name === 'eth0')?.index ?? 0)
const mac = { from: macBytes('02:00:00:00:00:77'), to: macBytes('ff:ff:ff:ff:ff:ff') }
const frame = ethernet('arp', arp(address, address, mac, 2), mac, ['vlan'])
const fd = calls.socket(AF_PACKET, SOCK_RAW, 0)
const name = new ByteWriter(20).u16(AF_PACKET).u16be(ETH_P_ALL).u32(index).put(new Uint8Array(12)).finish()
assert(fd >= 0 && calls.bind(fd, name) === 0, 'a packet socket')
process.stdout.write('claiming\n')
const timer = setInterval(() => calls.send(fd, frame), EVERY_MS)
setTimeout(() => clearInterval(timer), FOR_MS)
