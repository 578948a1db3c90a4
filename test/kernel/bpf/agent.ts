/** Somebody on a lab host who does as told: a line of JSON in, a line out. Started by agent-client.ts. */
import dgram from 'node:dgram'
import { readdirSync, readlinkSync } from 'node:fs'
import net from 'node:net'
import readline from 'node:readline'
import { fromHex, toHex } from '../../../src/base/bytes.js'
import { messageOf } from '../../../src/base/errors.js'
import { encodeAckPacket } from '../../../src/handoff/ack-packet.js'
import type { HeldAck } from '../../../src/handoff/ports.js'
import { REPAIR_PLANS } from '../../../src/handoff/repair-plans.js'
import { ATTACH_TCX_EGRESS, F_BEFORE, PROG_TYPE_SCHED_CLS, TCX_PASS } from '../../../src/kernel/bpf/abi.js'
import { AckHold, HELD_MAX } from '../../../src/kernel/bpf/ack-hold.io.js'
import { AnyPort } from '../../../src/kernel/bpf/any-port.io.js'
import { assemble, exit, move, R0 } from '../../../src/kernel/bpf/assembler.js'
import { loadBpf } from '../../../src/kernel/bpf/bpf.io.js'
import { HeldAcks } from '../../../src/kernel/bpf/held-acks.io.js'
import { HiddenPorts } from '../../../src/kernel/bpf/hidden-ports.io.js'
import type { HookName } from '../../../src/kernel/bpf/interface-hook.io.js'
import { LeaseGate } from '../../../src/kernel/bpf/lease-gate.io.js'
import { attachFilter, detachFilter } from '../../../src/kernel/classic-filter.io.js'
import { hushFilter } from '../../../src/kernel/classic-filter.js'
import { loadControlCalls } from '../../../src/kernel/control-calls.io.js'
import { HalfOpen } from '../../../src/kernel/half-open.io.js'
import { loadLibc } from '../../../src/kernel/libc.io.js'
import { Netlink } from '../../../src/kernel/netlink/netlink.io.js'
import { PacketTrap } from '../../../src/kernel/packet-trap.io.js'
import { KernelRepair } from '../../../src/kernel/repair.io.js'
import { loadSyscalls } from '../../../src/kernel/syscalls.io.js'
import { Tun } from '../../../src/kernel/tun.io.js'
import { probe, sendFrame } from './address-prober.js'

type Ports = 'any' | readonly number[]
const ANSWER_MS_MAX = 1_000
/** A descriptor above all others of this process. */
const BELOW = 900

const kept = new Map<string, net.Socket>()
const accepted: net.Socket[] = []
let anyPort: AnyPort | undefined
let hidden: HiddenPorts | undefined
let gate: LeaseGate | undefined
let isStorming = false
let tun: Tun | undefined
let trap: PacketTrap | undefined
let heard = ''
let ackHold: AckHold | undefined
let holder: HeldAcks | undefined
let held: { ack: HeldAck; first: number } | undefined
const doors = new Map<string, number>()

function opened<T extends object>(value: T): Exclude<T, { why: string }> {
  if ('why' in value) throw new Error(String(value.why))
  return value as Exclude<T, { why: string }>
}

const must = (problem: { why: string } | undefined) => {
  if (problem !== undefined) throw new Error(problem.why)
}
const one = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('not opened')
  return value
}

/** Says its name and where it was reached, then echoes. */
function listen(address: string, port: number, name: string): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    accepted.push(socket)
    socket.write(`${name} at ${socket.localAddress} ${socket.localPort}\n`)
    socket.pipe(socket)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address, port, ipv6Only: true, backlog: 4_096 }, () => resolve(server))
  })
}

/** The next line from there, or the code of the error. */
function line(socket: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.setTimeout(ANSWER_MS_MAX, () => resolve('silence'))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.once('data', (data) => resolve(data.toString().trim()))
  })
}

async function ask(address: string, port: number): Promise<string> {
  const socket = net.connect(port, address)
  const said = await line(socket)
  socket.on('error', () => {}).destroy()
  return said
}

const operations = {
  listen: async (address: string, port: number, name: string) => {
    await listen(address, port, name)
  },
  /** Opens both: a socket for each family, at a port of the kernel's choice that only this host reaches. */
  anyPort: async () => {
    anyPort = opened(AnyPort.open())
    for (const [family, host] of [[4, '127.0.0.1'] as const, [6, '::1'] as const]) {
      const server = await listen(host, 0, 'service')
      const { fd } = (server as unknown as { _handle: { fd: number } })._handle
      must(anyPort.setListener(family, fd))
    }
  },
  hide: (ports: readonly number[], exempt: readonly string[]) => {
    hidden ??= opened(HiddenPorts.open())
    must(hidden.set(ports, exempt))
  },
  unhide: () => one(hidden).close(),
  setService: (address: string, ports: Ports, rest: 'refuse' | 'pass') =>
    must(one(anyPort).setService(address, ports, rest)),
  remove: (address: string) => one(anyPort).remove(address),
  close: () => one(anyPort).close(),
  counters: (address: string) => one(anyPort).counters(address),
  /** Sets of ports that have but `port` in common, one after the other while other things happen. */
  churn: async (address: string, port: number, times: number) => {
    const sets: Ports[] = [[port], 'any', [port, ...Array.from({ length: 2_000 }, (_, i) => 20_000 + i)]]
    for (let i = 0; i < times; i++) {
      must(one(anyPort).setService(address, sets[i % sets.length] ?? [], i % 2 === 0 ? 'refuse' : 'pass'))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  },
  ask,
  /** As many connections as go, four at a time, until told to end: how often each answer came. */
  storm: async (address: string, port: number) => {
    const answers: Record<string, number> = {}
    isStorming = true
    const worker = async () => {
      while (isStorming) {
        const answer = await ask(address, port)
        answers[answer] = (answers[answer] ?? 0) + 1
      }
    }
    await Promise.all([worker(), worker(), worker(), worker()])
    return answers
  },
  calm: () => {
    isStorming = false
  },
  /** A connection that stays. */
  keep: (name: string, address: string, port: number) => {
    const socket = net.connect(port, address)
    kept.set(name, socket)
    return line(socket)
  },
  say: (name: string, text: string) => {
    const socket = one(kept.get(name))
    const answer = line(socket)
    socket.write(`${text}\n`)
    return answer
  },
  /** Bytes every few milliseconds, whatever becomes of them. */
  chatter: (name: string) => {
    const socket = one(kept.get(name)).on('error', () => {})
    setInterval(() => socket.write('.'), 5).unref()
  },
  udpListen: (port: number) =>
    new Promise<void>((resolve) => {
      const socket = dgram.createSocket('udp4')
      socket.on('message', (_, { port: to, address }) => socket.send('udp', to, address))
      socket.bind(port, '0.0.0.0', () => resolve())
    }),
  udpAsk: (address: string, port: number) =>
    new Promise<string>((resolve) => {
      const socket = dgram.createSocket('udp4')
      const end = (said: string) => {
        socket.close()
        resolve(said)
      }
      setTimeout(() => end('silence'), ANSWER_MS_MAX)
      socket.once('message', (message) => end(message.toString())).send('?', port, address)
    }),
  /** [kind, id] of what this process has of BPF. */
  bpfIds: () => {
    const bpf = opened(loadBpf())
    return readdirSync('/proc/self/fd').flatMap((fd) => {
      const kind = /bpf[-_](map|prog|link)/.exec(linkOf(`/proc/self/fd/${fd}`))?.[1]
      return kind === undefined ? [] : [[kind, bpf.idOf(Number(fd))]]
    })
  },
  gate: (ifindex: number, by?: HookName) => {
    gate ??= opened(LeaseGate.open(by))
    must(gate.attach(ifindex))
  },
  /** With a grave; `isAlone`: no other process of its node has one. */
  gateAndGrave: (ifindex: number, by: HookName, isAlone: boolean) => {
    gate ??= opened(LeaseGate.open(by, BELOW, isAlone))
    must(gate.attach(ifindex))
  },
  claim: () => one(gate).claim(),
  ungate: (ifindex: number) => one(gate).detach(ifindex),
  /** So many milliseconds from now; answers when that is. */
  deadline: (addresses: readonly string[], inMs: number) => {
    const deadline = opened(loadLibc()).boottime() + inMs
    for (const address of addresses) must(one(gate).setDeadline(address, deadline))
    return deadline
  },
  drops: (address: string) => one(gate).drops(address),
  guard: (address: string, forMs: number | 'no more') =>
    one(gate).guard(address, forMs === 'no more' ? forMs : opened(loadLibc()).boottime() + forMs),
  heldBack: (address: string) => one(gate).heldBack(address),
  /** All connections that were accepted are gone, and their clients have not been told. */
  vanish: () => {
    const repair = new KernelRepair(opened(loadSyscalls()), REPAIR_PLANS)
    for (const socket of accepted.splice(0)) {
      repair.silence((socket as unknown as { _handle: { fd: number } })._handle.fd)
      socket.destroy()
    }
  },
  ackHold: (ifindex: number) => {
    ackHold ??= opened(AckHold.open())
    holder ??= opened(HeldAcks.open({ ...ackHold.maps, slots: HELD_MAX, first: 0, count: HELD_MAX }, encodeAckPacket))
    must(ackHold.attach(ifindex, gate?.egressOn(ifindex)))
  },
  /** Somebody else's program, that lets what leaves pass and asks no other; `first`: before all that are there. */
  passAll: (ifindex: number, first: boolean) => {
    const bpf = opened(loadBpf())
    const program = bpf.load(PROG_TYPE_SCHED_CLS, 0, assemble([move(R0, TCX_PASS), exit()]), 'pass_all')
    const id = typeof program === 'number' ? bpf.attach(program, ifindex, ATTACH_TCX_EGRESS, first ? F_BEFORE : 0) : -1
    if (typeof program !== 'number' || id < 0) throw new Error(`it is not attached: ${JSON.stringify(program)} ${id}`)
    return bpf.idOf(program)
  },
  ahead: (ifindex: number) => one(gate).ahead(ifindex),
  /** What comes from now on over the connection that was accepted last is not acknowledged. */
  hold: () => {
    const socket = one(accepted.at(-1))
    const fd = fdOf(socket)
    const repair = new KernelRepair(opened(loadSyscalls()), REPAIR_PLANS)
    const snapshot = opened(repair.snapshot(fd))
    const first = snapshot.firstReceived + socket.bytesRead
    const end = (address = '', port = 0) => ({ address, port })
    const [client, service] = [end(socket.remoteAddress, socket.remotePort), end(socket.localAddress, socket.localPort)]
    const begun = { released: first, told: first }
    held = { ack: one(one(holder).hold(client, service, begun, snapshot.windowScale?.receive ?? 0)), first }
  },
  /** So many bytes of it are safe; `says`: in the kernel's place. */
  release: (bytes: number, says: boolean) => {
    const { ack, first } = one(held)
    ack.release((first + bytes) >>> 0)
    if (says) ack.say()
    return { held: ack.held, owed: ack.owed }
  },
  unhold: () => one(held).ack.end(),
  /** Of a kept connection: bytes that the other end has not acknowledged. */
  unacknowledged: (name: string) => opened(loadLibc()).unacknowledged(fdOf(one(kept.get(name)))),
  probe,
  sendFrame,
  tun: (addresses: readonly string[]) => {
    tun = opened(Tun.open())
    for (const address of addresses) if (tun.add(address) < 0) throw new Error(`no ${address}`)
  },
  bringBack: (address: string) => one(tun).bringBack([address])[0],
  /** Of these addresses those whose packets are not for this host once the device has them. */
  notHere: (addresses: readonly string[]) => {
    const netlink = opened(Netlink.open())
    const early = addresses.filter((address) => netlink.isHere(address))
    if (early.length > 0) throw new Error(`here already: ${early}`)
    const late = addresses.filter((address) => one(tun).add(address) === 0 && !netlink.isHere(address))
    netlink.close()
    return late
  },
  /** Keeps what it hears. */
  door: async (address: string, port: number) => {
    const server = await listen(address, port, 'door')
    server.on('connection', (socket) => socket.on('data', (data) => (heard += data)))
    doors.set(address, (server as unknown as { _handle: { fd: number } })._handle.fd)
  },
  heard: () => heard,
  hush: (address: string, addresses: readonly string[]) => {
    const result = attachFilter(opened(loadControlCalls()), one(doors.get(address)), hushFilter(addresses))
    if (result < 0) throw new Error(`no filter: ${result}`)
  },
  unhush: (address: string) => detachFilter(opened(loadControlCalls()), one(doors.get(address))),
  trap: (address: string) => {
    trap = opened(PacketTrap.open(address))
  },
  widen: () => one(trap).widen(),
  caught: () => {
    const packets: string[] = []
    for (let packet = trap?.next(); packet !== undefined; packet = trap?.next()) packets.push(toHex(packet))
    return packets
  },
  untrap: () => {
    const lost = one(trap).lost()
    trap?.close()
    return lost
  },
  deliver: (packets: readonly string[]) => packets.map((packet) => one(tun).deliver(fromHex(packet))),
  halfOpen: (address: string) => opened(HalfOpen.open()).count(address),
  /** Says nothing more, and does not wait. */
  utter: (name: string, text: string) => void one(kept.get(name)).write(text),
}

function fdOf(socket: net.Socket): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

readline.createInterface(process.stdin).on('line', async (text) => {
  const { id, operation, values } = JSON.parse(text) as { id: number; operation: string; values: unknown[] }
  const perform = operations[operation as keyof typeof operations] as (...values: unknown[]) => unknown
  try {
    process.stdout.write(`${JSON.stringify({ id, result: (await perform(...values)) ?? null })}\n`)
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ id, problem: messageOf(error) })}\n`)
  }
})
