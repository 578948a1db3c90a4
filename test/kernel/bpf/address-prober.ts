/**
 * Asks for two addresses again and again, as a neighbour and as a client would, with frames of its own and without a kernel
 * that remembers; and notes when something answers.
 */
import { fromHex } from '../../../src/base/bytes.js'
import { SOCK_NONBLOCK_CLOEXEC } from '../../../src/kernel/constants.js'
import { loadLibc } from '../../../src/kernel/libc.io.js'
import { addressOf, loadSyscalls, type Syscalls } from '../../../src/kernel/syscalls.io.js'
import { arp, ethernet, ip4, ip6, neighbour, SYN, saidBy, solicitedNode, tcp } from './frames.js'

const AF_PACKET = 17
const SOCK_RAW = 3
/** In network order. */
const ETH_P_ALL = 0x0300
const EVERY_MS = 4
const FRAME_BYTES_MAX = 2_048

export interface ProbePlan {
  readonly ifindex: number
  readonly own: { readonly mac: string; readonly ip4: string; readonly ip6: string }
  readonly ip4: string
  readonly ip6: string
  readonly port: number
  /** Who has the addresses. */
  readonly mac: string
  readonly forMs: number
}

/** Instants of CLOCK_BOOTTIME. */
export interface ProbeResult {
  readonly asked: readonly number[]
  /** Of each kind of answer, of each family: `arp`, `na`, `syn-ack 4`… */
  readonly answered: Readonly<Record<string, readonly number[]>>
}

function packetSocket(sys: Syscalls, ifindex: number): number {
  const fd = sys.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK_CLOEXEC, ETH_P_ALL)
  const where = new DataView(new ArrayBuffer(20))
  where.setUint16(0, AF_PACKET, true)
  where.setUint16(2, ETH_P_ALL, true)
  where.setInt32(4, ifindex, true)
  if (fd < 0 || sys.bind(fd, addressOf(where.buffer), 20) < 0) throw new Error('no packet socket')
  return fd
}

/** One frame, as it is, in hexadecimal. */
export function sendFrame(ifindex: number, frame: string): void {
  const sys = loadSyscalls()
  if ('why' in sys) throw new Error(sys.why)
  const fd = packetSocket(sys, ifindex)
  sys.send(fd, fromHex(frame))
  sys.close(fd)
}

export function probe(plan: ProbePlan): Promise<ProbeResult> {
  const [sys, libc] = [loadSyscalls(), loadLibc()]
  if ('why' in sys || 'why' in libc) throw new Error('no system calls')
  const fd = packetSocket(sys, plan.ifindex)
  const frame = new Uint8Array(new ArrayBuffer(FRAME_BYTES_MAX))
  const frameAt = addressOf(frame.buffer)
  const asked: number[] = []
  const answered: Record<string, number[]> = {
    arp: [],
    na: [],
    'syn-ack 4': [],
    'syn-ack 6': [],
    'other 4': [],
    'other 6': [],
  }
  const listen = () => {
    for (;;) {
      const length = sys.read(fd, frameAt, FRAME_BYTES_MAX)
      if (length <= 0) return
      for (const [family, address] of [[4, plan.ip4] as const, [6, plan.ip6] as const]) {
        const kind = saidBy(address, frame.subarray(0, length))
        if (kind !== undefined) (answered[kind] ?? answered[`${kind} ${family}`])?.push(libc.boottime())
      }
    }
  }
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      listen()
      for (const question of questions(plan, asked.length)) sys.send(fd, question)
      asked.push(libc.boottime())
    }, EVERY_MS)
    setTimeout(() => {
      clearInterval(timer)
      listen()
      sys.close(fd)
      resolve({ asked, answered })
    }, plan.forMs)
  })
}

function questions({ own, ip4: to4, ip6: to6, port, mac: theirs }: ProbePlan, round: number): Uint8Array[] {
  const mac = { from: macBytes(own.mac), to: macBytes(theirs) }
  const all = { from: mac.from, to: new Uint8Array(6).fill(0xff) }
  const from = 1_024 + (round % 30_000)
  return [
    ethernet('arp', arp(own.ip4, to4, mac), all),
    ethernet('ip6', neighbour(135, own.ip6, solicitedNode(to6), to6, mac), all),
    ethernet('ip4', ip4(own.ip4, to4, tcp(own.ip4, from, to4, port, SYN)), mac),
    ethernet('ip6', ip6(own.ip6, to6, tcp(own.ip6, from, to6, port, SYN)), mac),
  ]
}

export const macBytes = (text: string) => Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16))
