/**
 * TCP_REPAIR (tcp(7), net/ipv4/tcp.c): reads a TCP socket out and rebuilds one. The order of the steps is the kernel's, and so
 * is what each may do in which state; kernel-notes 1 has it. Repair mode needs CAP_NET_ADMIN. It is left on every path.
 */
import { type Endpoint, isIpv6 } from '../base/address.js'
import type { Capture, Inbound, RepairFault, RestorePlan, Snapshot, SocketRepair, Traits } from '../handoff/ports.js'
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  IP_TRANSPARENT,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_TRANSPARENT,
  MSG_PEEK_DONTWAIT,
  SIOCINQ,
  SIOCOUTQ,
  SO_ATTACH_FILTER,
  SO_DETACH_FILTER,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOCK_STREAM_NONBLOCK_CLOEXEC,
  SOL_SOCKET,
  TCP_MAXSEG,
  TCP_QUEUE_SEQ,
  TCP_REPAIR,
  TCP_REPAIR_OPTIONS,
  TCP_REPAIR_QUEUE,
  TCP_REPAIR_WINDOW,
  TCP_TIMESTAMP,
} from './constants.js'
import {
  fault,
  INFO,
  NO_QUEUE,
  RECV_QUEUE,
  REPAIR_OFF,
  REPAIR_OFF_NO_WP,
  REPAIR_ON,
  RepairCalls,
  SEND_QUEUE,
} from './repair-calls.io.js'
import { encodeSockaddr, SOCKADDR_BYTES_MAX } from './sockaddr.js'
import { addressOf, type Result, type Syscalls } from './syscalls.io.js'

const OPTION_TIMESTAMPS = 1
const OPTION_SACK = 2
const OPTION_WSCALE = 4

/** net/tcp_states.h. */
const ESTABLISHED = 1
const FIN_WAIT1 = 4
const FIN_WAIT2 = 5
const CLOSE_WAIT = 8
const LAST_ACK = 9
const CLOSING = 11
const FIN_SENT = [FIN_WAIT1, FIN_WAIT2, LAST_ACK, CLOSING]
const FIN_ON_ITS_WAY = [FIN_WAIT1, LAST_ACK, CLOSING]
const FIN_RECEIVED = [CLOSE_WAIT, LAST_ACK, CLOSING]
const READABLE_STATES = [ESTABLISHED, ...FIN_SENT, CLOSE_WAIT]

/** TCP option kinds (RFC 9293, 7323, 2018), as TCP_REPAIR_OPTIONS names them. */
const TCPOPT_MSS = 2
const TCPOPT_WINDOW = 3
const TCPOPT_SACK_PERM = 4
const TCPOPT_TIMESTAMP = 8

/** The kernel takes no larger one here (MAX_TCP_WINDOW, net/tcp.h). */
const MAXSEG_MAX = 32_767

/** Between two looks at the sequence number a segment may come; that many in a row do not. */
const LOOKS_MAX = 8

/** Of the send buffer for what may have been sent already: beside the bytes it holds what describes them. */
const BUFFER_FACTOR = 3

/** A classic BPF program of one instruction, `ret 0`: no packet comes in (struct sock_fprog, linux/filter.h). */
const BPF_RET_K = 6

type Step = readonly [name: string, run: () => Result]

interface Ends {
  readonly local: Endpoint
  readonly remote: Endpoint
}

export class KernelRepair implements SocketRepair {
  readonly #calls: RepairCalls
  readonly #name = new Uint8Array(new ArrayBuffer(SOCKADDR_BYTES_MAX))
  readonly #nameAt = addressOf(this.#name.buffer)
  readonly #nothingIn = new BigUint64Array(1)
  readonly #filter: Uint8Array

  constructor(private readonly sys: Syscalls) {
    this.#calls = new RepairCalls(sys)
    new DataView(this.#nothingIn.buffer).setUint16(0, BPF_RET_K, true)
    this.#filter = new Uint8Array(16)
    const program = new DataView(this.#filter.buffer)
    program.setUint16(0, 1, true)
    program.setBigUint64(8, BigInt(addressOf(this.#nothingIn.buffer)), true)
  }

  snapshot(fd: number): Snapshot | RepairFault {
    const entered = this.#calls.set(fd, TCP_REPAIR, REPAIR_ON)
    if (entered < 0) return fault('TCP_REPAIR', entered)
    try {
      return this.#snapshot(fd)
    } finally {
      this.#calls.leave(fd, REPAIR_OFF_NO_WP)
    }
  }

  capture(fd: number): Capture | RepairFault {
    // What comes from now on is as if it were lost: the peer sends it again.
    this.deafen(fd)
    const entered = this.#calls.set(fd, TCP_REPAIR, REPAIR_ON)
    if (entered < 0) return fault('TCP_REPAIR', entered)
    const capture = this.#capture(fd)
    this.#calls.set(fd, TCP_REPAIR_QUEUE, NO_QUEUE)
    return capture
  }

  restore(plan: RestorePlan, instead = -1): number | RepairFault {
    const isV6 = isIpv6(plan.local.address)
    const fd = this.sys.socket(isV6 ? AF_INET6 : AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC)
    // Between the one and the other a segment of the peer meets nobody, and would be answered with an RST: as short as can be.
    let isInPlace = instead < 0
    const makeWay = () => {
      if (!isInPlace) this.sys.close(instead)
      isInPlace = true
      return 0
    }
    const failed = fd < 0 ? fault('socket', fd) : this.#build(fd, isV6, plan, makeWay)
    if (failed === undefined) return fd
    makeWay()
    if (fd >= 0) this.sys.close(fd)
    return failed
  }

  /** The kernel lets nobody connect a second time between the same ends; in repair mode nothing leaves for it. */
  isTaken(local: Endpoint, remote: Endpoint): boolean {
    const isV6 = isIpv6(local.address)
    const fd = this.sys.socket(isV6 ? AF_INET6 : AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC)
    if (fd < 0) return true
    const failed = this.#run(this.#connecting(fd, isV6, { local, remote }, []))
    this.sys.close(fd)
    return failed !== undefined
  }

  clock(fd: number): number | undefined {
    return this.#calls.get(fd, IPPROTO_TCP, TCP_TIMESTAMP) < 0 ? undefined : this.#calls.view.getUint32(0, true)
  }

  fillReceived(fd: number, bytes: Uint8Array): RepairFault | undefined {
    return this.#fill(fd, RECV_QUEUE, bytes)
  }

  fillSent(fd: number, bytes: Uint8Array): RepairFault | undefined {
    return this.#fill(fd, SEND_QUEUE, bytes)
  }

  endSent(fd: number): RepairFault | undefined {
    const chosen = this.#calls.set(fd, TCP_REPAIR_QUEUE, SEND_QUEUE)
    const ended = chosen < 0 ? chosen : this.sys.shutdownWrite(fd)
    this.#calls.set(fd, TCP_REPAIR_QUEUE, NO_QUEUE)
    return ended < 0 ? fault('shutdown', ended) : undefined
  }

  send(fd: number, bytes: Uint8Array): RepairFault | undefined {
    let isRaised = false
    for (let at = 0; at < bytes.byteLength; ) {
      const sent = this.sys.send(fd, at === 0 ? bytes : bytes.subarray(at))
      if (sent > 0) at += sent
      else if (sent === -EAGAIN && !isRaised) {
        isRaised = true
        this.#raiseBuffer(fd, bytes.byteLength)
      } else return fault('send', sent === 0 ? -EAGAIN : sent)
    }
    return undefined
  }

  letGo(fd: number): RepairFault | undefined {
    this.hear(fd)
    const left = this.#calls.leave(fd, REPAIR_OFF)
    // Else it would go on sending after the address has left this host (kernel-notes, fact 7).
    this.#calls.setAt(fd, IPPROTO_IP, IP_TRANSPARENT, 0)
    this.#calls.setAt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 0)
    return left < 0 ? fault('TCP_REPAIR', left) : undefined
  }

  probe(fd: number): void {
    this.#calls.set(fd, TCP_REPAIR, REPAIR_ON)
    this.#calls.leave(fd, REPAIR_OFF)
  }

  bytesAcknowledged(fd: number): number {
    return this.#calls.info(fd) < 0 ? 0 : this.#calls.view.getUint32(INFO.bytesAcknowledged, true)
  }

  bytesIn(fd: number): number {
    return this.#calls.info(fd) < 0 ? 0 : this.#calls.view.getUint32(INFO.bytesReceived, true)
  }

  inbound(fd: number): Inbound {
    const { view } = this.#calls
    view.setUint32(INFO.beyondGap, 0)
    if (this.#calls.info(fd) < 0) return 'nothing'
    if (view.getUint32(INFO.bytesReceived, true) > 0) return 'taken'
    return view.getUint32(INFO.beyondGap, true) > 0 ? 'gap' : 'nothing'
  }

  silence(fd: number): void {
    this.#calls.set(fd, TCP_REPAIR, REPAIR_ON)
  }

  deafen(fd: number): void {
    this.#calls.view.setUint8(0, 0)
    for (let i = 0; i < this.#filter.length; i++) this.#calls.view.setUint8(i, this.#filter[i] as number)
    this.#calls.setBytes(fd, SOL_SOCKET, SO_ATTACH_FILTER, this.#filter.length)
  }

  hear(fd: number): void {
    this.#calls.setAt(fd, SOL_SOCKET, SO_DETACH_FILTER, 0)
  }

  #snapshot(fd: number): Snapshot | RepairFault {
    const calls = this.#calls
    let seq = calls.seq(fd, RECV_QUEUE)
    for (let look = 0; look < LOOKS_MAX; look++) {
      const told = calls.info(fd)
      if (told < 0) return fault('TCP_INFO', told)
      const state = calls.view.getUint8(INFO.state)
      // The FIN is counted among the bytes.
      const received = calls.view.getUint32(INFO.bytesReceived, true)
      if (state !== ESTABLISHED && state !== CLOSE_WAIT) return { why: `in TCP state ${state}` }
      const [options, scales] = [calls.view.getUint8(INFO.options), calls.view.getUint8(INFO.scales)]
      const again = calls.seq(fd, RECV_QUEUE)
      if (typeof seq === 'object') return seq
      if (typeof again === 'object') return again
      if (again === seq) {
        const firstSent = calls.seq(fd, SEND_QUEUE)
        if (typeof firstSent === 'object') return firstSent
        const rest = this.#traits(fd, options, scales)
        return 'why' in rest ? rest : { firstSent, firstReceived: (seq - received) >>> 0, ...rest }
      }
      seq = again
    }
    return { why: 'the peer sends faster than it can be read out' }
  }

  #traits(fd: number, options: number, scales: number): Traits | RepairFault {
    const { view } = this.#calls
    const mss = this.#calls.get(fd, IPPROTO_TCP, TCP_MAXSEG) < 0 ? 0 : view.getInt32(0, true)
    const timestamp = this.#calls.get(fd, IPPROTO_TCP, TCP_TIMESTAMP) < 0 ? 0 : view.getUint32(0, true)
    const told = this.#calls.get(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, 20)
    if (told < 0) return fault('TCP_REPAIR_WINDOW', told)
    return {
      mss,
      sack: (options & OPTION_SACK) !== 0,
      windowScale: (options & OPTION_WSCALE) === 0 ? undefined : { send: scales & 15, receive: scales >> 4 },
      timestamp: (options & OPTION_TIMESTAMPS) === 0 ? undefined : timestamp,
      sendWindow: view.getUint32(4, true),
      maxWindow: view.getUint32(8, true),
      receiveWindow: view.getUint32(12, true),
    }
  }

  #capture(fd: number): Capture | RepairFault {
    const calls = this.#calls
    const told = calls.info(fd)
    if (told < 0) return fault('TCP_INFO', told)
    const state = calls.view.getUint8(INFO.state)
    if (!READABLE_STATES.includes(state)) return { why: `in TCP state ${state}` }
    const traits = this.#traits(fd, calls.view.getUint8(INFO.options), calls.view.getUint8(INFO.scales))
    if ('why' in traits) return traits
    const receiveNext = calls.seq(fd, RECV_QUEUE)
    if (typeof receiveNext === 'object') return receiveNext
    const unread = this.#peek(fd, calls.count(fd, SIOCINQ))
    const sendNext = calls.seq(fd, SEND_QUEUE)
    if (typeof sendNext === 'object') return sendNext
    const queued = calls.count(fd, SIOCOUTQ)
    const finOnItsWay = FIN_ON_ITS_WAY.includes(state)
    const unacknowledged = this.#peek(fd, queued - (finOnItsWay ? 1 : 0))
    if (unread === undefined || unacknowledged === undefined) return { why: 'a queue cannot be read' }
    return {
      ...traits,
      finReceived: FIN_RECEIVED.includes(state),
      finSent: FIN_SENT.includes(state),
      finAcknowledged: FIN_SENT.includes(state) && !finOnItsWay,
      receiveSeq: (receiveNext - unread.byteLength) >>> 0,
      sendSeq: (sendNext - queued) >>> 0,
      unread,
      unacknowledged,
    }
  }

  /** All of the queue that is chosen; `undefined`: not all of it. */
  #peek(fd: number, length: number): Uint8Array | undefined {
    if (length <= 0) return new Uint8Array(0)
    const bytes = new Uint8Array(length)
    return this.sys.receive(fd, bytes, MSG_PEEK_DONTWAIT) === length ? bytes : undefined
  }

  #fill(fd: number, queue: number, bytes: Uint8Array): RepairFault | undefined {
    const chosen = this.#calls.set(fd, TCP_REPAIR_QUEUE, queue)
    if (chosen < 0) return fault('TCP_REPAIR_QUEUE', chosen)
    const failed = this.send(fd, bytes)
    this.#calls.set(fd, TCP_REPAIR_QUEUE, NO_QUEUE)
    return failed
  }

  #raiseBuffer(fd: number, bytes: number): void {
    const held = this.#calls.get(fd, SOL_SOCKET, SO_SNDBUF) < 0 ? 0 : this.#calls.view.getInt32(0, true)
    this.#calls.setAt(fd, SOL_SOCKET, SO_SNDBUFFORCE, held + BUFFER_FACTOR * bytes)
  }

  #build(fd: number, isV6: boolean, plan: RestorePlan, makeWay: () => Result): RepairFault | undefined {
    const { receiveSeq, sendSeq, timestamp, mss } = plan
    const calls = this.#calls
    const numbers: readonly Step[] = [
      ['TCP_REPAIR_QUEUE', () => calls.set(fd, TCP_REPAIR_QUEUE, RECV_QUEUE)],
      ['TCP_QUEUE_SEQ', () => calls.set(fd, TCP_QUEUE_SEQ, receiveSeq)],
      ['TCP_REPAIR_QUEUE', () => calls.set(fd, TCP_REPAIR_QUEUE, SEND_QUEUE)],
      ['TCP_QUEUE_SEQ', () => calls.set(fd, TCP_QUEUE_SEQ, sendSeq)],
      ['TCP_REPAIR_QUEUE', () => calls.set(fd, TCP_REPAIR_QUEUE, NO_QUEUE)],
      // TCP_REPAIR_OPTIONS says what the peer takes, but the kernel goes on cutting segments by what it knew at connect: 536 bytes.
      ['TCP_MAXSEG', () => calls.set(fd, TCP_MAXSEG, Math.min(mss, MAXSEG_MAX))],
      ['close', makeWay],
    ]
    // The address may be here already, and segments be processed in repair mode too (kernel-notes, fact 6).
    this.deafen(fd)
    return this.#run([
      ...this.#connecting(fd, isV6, plan, numbers),
      ['TCP_REPAIR_OPTIONS', () => this.#setOptions(fd, plan)],
      // After connect, which sets a clock of its own.
      ['TCP_TIMESTAMP', () => (timestamp === undefined ? 0 : calls.set(fd, TCP_TIMESTAMP, timestamp))],
      ['TCP_REPAIR_WINDOW', () => this.#setWindow(fd, plan)],
    ])
  }

  #connecting(fd: number, isV6: boolean, ends: Ends, between: readonly Step[]): readonly Step[] {
    const calls = this.#calls
    const [level, transparent] = isV6 ? [IPPROTO_IPV6, IPV6_TRANSPARENT] : [IPPROTO_IP, IP_TRANSPARENT]
    return [
      // Also past a program of this host that listens on the port (SK_FORCE_REUSE): SO_REUSEADDR would take that away.
      ['TCP_REPAIR', () => calls.set(fd, TCP_REPAIR, REPAIR_ON)],
      // The address is not here yet (kernel-notes, fact 7).
      ['IP_TRANSPARENT', () => calls.setAt(fd, level, transparent, 1)],
      ['bind', () => this.sys.bind(fd, this.#nameAt, encodeSockaddr(ends.local, this.#name))],
      ...between,
      ['connect', () => this.sys.connect(fd, this.#nameAt, encodeSockaddr(ends.remote, this.#name))],
    ]
  }

  #run(steps: readonly Step[]): RepairFault | undefined {
    for (const [step, run] of steps) {
      const result = run()
      if (result < 0) return fault(step, result)
    }
    return undefined
  }

  #setOptions(fd: number, { mss, sack, windowScale, timestamp }: RestorePlan): Result {
    const { view } = this.#calls
    let at = 0
    const put = (kind: number, value: number) => {
      view.setUint32(at, kind, true)
      view.setUint32(at + 4, value, true)
      at += 8
    }
    put(TCPOPT_MSS, mss)
    if (sack) put(TCPOPT_SACK_PERM, 0)
    if (windowScale !== undefined) put(TCPOPT_WINDOW, windowScale.send | (windowScale.receive << 16))
    if (timestamp !== undefined) put(TCPOPT_TIMESTAMP, 0)
    return this.#calls.setBytes(fd, IPPROTO_TCP, TCP_REPAIR_OPTIONS, at)
  }

  /** struct tcp_repair_window. */
  #setWindow(fd: number, { receiveSeq, sendWindow, maxWindow, receiveWindow }: RestorePlan): Result {
    const words = [receiveSeq, sendWindow, maxWindow, receiveWindow, receiveSeq]
    for (const [place, word] of words.entries()) this.#calls.view.setUint32(4 * place, word, true)
    return this.#calls.setBytes(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, 4 * words.length)
  }
}
