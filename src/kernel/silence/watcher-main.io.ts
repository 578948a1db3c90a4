/**
 * Makes a network namespace, has a process in it that owns an address and has clients, kills it, and listens for what the
 * clients are told. Prints a `Silence` as JSON. Ends by itself, and with it all that it has made.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseIp } from '../../base/address.js'
import { ByteWriter } from '../../base/bytes.js'
import { messageOf } from '../../base/errors.js'
import { SOCK_NONBLOCK_CLOEXEC } from '../constants.js'
import { type ControlCalls, errorName, loadControlCalls } from '../control-calls.io.js'
import { Netlink } from '../netlink/netlink.io.js'
import { kindOf, outcomeOf, type Silence } from './outcome.js'
import { CLIENT_ADDRESS, CLIENTS, THE_ADDRESS } from './places.js'
import { LOADER } from './silence-test.io.js'

const CLONE_NEWNET = 0x40000000
const AF_PACKET = 17
const SOCK_DGRAM = 2
const ETH_P_IP = 0x0800
const PACKET_BYTES_MAX = 2_048
const DYING = fileURLToPath(new URL(`./dying-main.io${import.meta.url.slice(-3)}`, import.meta.url))
/** The kernel has closed everything by the time that the end of the process is told. */
const AFTER_MS = 100

async function watch(place: string): Promise<Silence> {
  const calls = loadControlCalls()
  if ('why' in calls) return untested(calls.why)
  // Of this thread, which is the one that makes sockets and processes.
  const apart = calls.unshare(CLONE_NEWNET)
  if (apart < 0) return untested(`no network namespace can be made: ${errorName(apart)} (it needs CAP_SYS_ADMIN)`)
  const netlink = Netlink.open()
  if ('why' in netlink) return untested(netlink.why)
  const links = netlink.links()
  const lo = 'why' in links ? undefined : links.find(({ isLoopback }) => isLoopback)?.index
  if (lo === undefined) return untested('the network namespace has no loopback')
  netlink.setUp(lo)
  netlink.addAddress(lo, CLIENT_ADDRESS)
  const ear = listenOn(calls, lo)
  if (ear < 0) return untested(`no packet socket: ${errorName(ear)}`)

  const child = spawn(process.execPath, [...LOADER, DYING, place], { stdio: ['pipe', 'pipe', 'pipe'] })
  const gone = once(child, 'exit')
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value } = await lines.next()
  const port = Number(/^ready (\d+)$/.exec(String(value))?.[1])
  if (!port) return untested(said.trim().split('\n').at(-1) || 'the process did not start')
  const clients: net.Socket[] = []
  for (let i = 0; i < CLIENTS; i++) {
    const client = net.connect({ host: THE_ADDRESS, port, localAddress: CLIENT_ADDRESS })
    client.on('error', () => {})
    clients.push(client)
    await Promise.all([once(client, 'connect'), lines.next()])
  }
  await Promise.all(clients.map((client) => new Promise((resolve) => client.write('not all of it is read', resolve))))
  child.kill('SIGKILL')
  await gone
  await new Promise((resolve) => setTimeout(resolve, AFTER_MS))
  return outcomeOf(heardOn(calls, ear), CLIENTS)
}

function listenOn(calls: ControlCalls, index: number): number {
  const fd = calls.socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK_CLOEXEC, 0)
  if (fd < 0) return fd
  const name = new ByteWriter(20).u16(AF_PACKET).u16be(ETH_P_IP).u32(index).put(new Uint8Array(12)).finish()
  const bound = calls.bind(fd, name)
  return bound < 0 ? bound : fd
}

function heardOn(calls: ControlCalls, ear: number): { synAcks: number; ends: number } {
  const packet = new Uint8Array(PACKET_BYTES_MAX)
  const source = parseIp(THE_ADDRESS) ?? new Uint8Array(0)
  const seen = { synAcks: 0, ends: 0 }
  for (let length = calls.receive(ear, packet); length >= 0; length = calls.receive(ear, packet)) {
    const kind = kindOf(packet.subarray(0, length), source)
    if (kind === 'synAck') seen.synAcks++
    if (kind === 'end') seen.ends++
  }
  return seen
}

function untested(why: string): Silence {
  return { type: 'untested', why }
}

process.stdin.on('end', () => process.exit()).resume()
const silence = await watch(process.argv[2] ?? '').catch((error: unknown) => untested(messageOf(error)))
process.stdout.write(`${JSON.stringify(silence)}\n`, () => process.exit())
