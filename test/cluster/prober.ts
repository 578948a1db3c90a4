/**
 * On a host of clients: asks who has the addresses, by ARP and by neighbour solicitations, each so often a second, and connects
 * to a port of the first anew all the time, where a program is to answer. Each answer is a line: time in ms, what, who.
 *
 * usage: prober.ts OWN-IP PORT IPV4 [IPV6]
 */
import { writeSync } from 'node:fs'
import net from 'node:net'
import { realClock } from '../../src/base/real-clock.io.js'
import { readInterfaces } from '../../src/kernel/interfaces.io.js'
import { PacketSocket } from '../../src/kernel/neighbour/packet-socket.io.js'
import { Netlink } from '../../src/kernel/netlink/netlink.io.js'
import { Poller } from '../../src/kernel/poller.io.js'
import { loadSyscalls } from '../../src/kernel/syscalls.io.js'

const ASK_EVERY_MS = 1
const CONNECT_EVERY_MS = 5
const CONNECT_MS_MAX = 200

const [own = '', port = '', ...addresses] = process.argv.slice(2)
const [sys, netlink] = [loadSyscalls(), Netlink.open()]
if ('why' in sys || 'why' in netlink) throw new Error('for Linux')
const interfaces = readInterfaces(netlink)
if ('why' in interfaces) throw new Error(interfaces.why)
const [card] = interfaces.filter(({ isUsable }) => isUsable)
if (card === undefined) throw new Error('no interface')

const now = () => performance.timeOrigin + performance.now()
const say = (what: string, who: string) => void writeSync(1, `${now().toFixed(2)} ${what} ${who}\n`)
const poller = new Poller(sys, realClock(), { onFault: (error) => say('fault', String(error)) })
const sockets = ([4, 6] as const).map((family) => {
  const socket = PacketSocket.open(card.index, family, (_, heard) => {
    if (heard.kind === 'claim' && addresses.includes(heard.address)) say(heard.address, heard.mac)
  })
  if ('why' in socket) throw new Error(socket.why)
  poller.add(socket.fd, socket.events, socket)
  return socket
})

let nextConnect = now()
for (let _asked = 0; ; _asked++) {
  const due = nextConnect
  for (const address of addresses) {
    // As a host that has an address of its own asks: from all zeros a kernel answers too, and learns nothing.
    sockets[address.includes(':') ? 1 : 0]?.say(card.mac, { kind: 'probe', address })
  }
  if (now() >= due) {
    nextConnect += CONNECT_EVERY_MS
    connect(addresses[0] ?? '')
  }
  poller.turn(0)
  await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
}

function connect(address: string): void {
  const at = now()
  const socket = net.connect({ host: address, port: Number(port), localAddress: own })
  const timer = setTimeout(() => socket.destroy(), CONNECT_MS_MAX)
  socket.on('error', () => {})
  // A kernel accepts for a process that is frozen: only an answer counts.
  socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nhost: prober\r\nconnection: close\r\n\r\n'))
  socket.on('data', () => {
    say('connected', at.toFixed(2))
    socket.destroy()
  })
  socket.on('close', () => clearTimeout(timer))
}
