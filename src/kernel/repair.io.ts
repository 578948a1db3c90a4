/**
 * TCP_REPAIR (tcp(7), net/ipv4/tcp.c): reads a TCP socket out and rebuilds one. The order of the steps is the kernel's, and so
 * is what each may do in which state; kernel-notes 1 has it. Repair mode needs CAP_NET_ADMIN. It is left on every path.
 */
import { isIpv6 } from '../base/address.js'
import type { RepairFault, RestorePlan, Snapshot, SocketRepair } from '../handoff/ports.js'
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  EINVAL,
  IP_TRANSPARENT,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_TRANSPARENT,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOCK_STREAM_NONBLOCK_CLOEXEC,
  SOL_SOCKET,
  TCP_INFO,
  TCP_MAXSEG,
  TCP_QUEUE_SEQ,
  TCP_REPAIR,
  TCP_REPAIR_OPTIONS,
  TCP_REPAIR_QUEUE,
  TCP_REPAIR_WINDOW,
  TCP_TIMESTAMP,
} from './constants.js'
import { errorName } from './control-calls.io.js'
import { encodeSockaddr, SOCKADDR_BYTES_MAX } from './sockaddr.js'
import { addressOf, type Result, type Syscalls } from './syscalls.io.js'

const REPAIR_ON = 1
/** Off, with a window probe, or without. */
const REPAIR_OFF = 0
const REPAIR_OFF_NO_WP = -1

const NO_QUEUE = 0
const RECV_QUEUE = 1
const SEND_QUEUE = 2

/** struct tcp_info (linux/tcp.h). */
const INFO_BYTES = 136
const STATE_AT = 0
const OPTIONS_AT = 5
const SCALES_AT = 6
const BYTES_RECEIVED_AT = 128
const OPTION_TIMESTAMPS = 1
const OPTION_SACK = 2
const OPTION_WSCALE = 4

/** net/tcp_states.h. */
const ESTABLISHED = 1
const CLOSE_WAIT = 8

/** TCP option kinds (RFC 9293, 7323, 2018), as TCP_REPAIR_OPTIONS names them. */
const TCPOPT_MSS = 2
const TCPOPT_WINDOW = 3
const TCPOPT_SACK_PERM = 4
const TCPOPT_TIMESTAMP = 8

/** Between two looks at the sequence number a segment may come; that many in a row do not. */
const LOOKS_MAX = 8

/** Of the send buffer for what may have been sent already: beside the bytes it holds what describes them. */
const BUFFER_FACTOR = 3

export class KernelRepair implements SocketRepair {
  readonly #view = new DataView(new ArrayBuffer(256))
  readonly #at = addressOf(this.#view.buffer as ArrayBuffer)
  readonly #length = new Uint32Array(1)
  readonly #lengthAt = addressOf(this.#length.buffer)
  readonly #name = new Uint8Array(new ArrayBuffer(SOCKADDR_BYTES_MAX))
  readonly #nameAt = addressOf(this.#name.buffer)

  constructor(private readonly sys: Syscalls) {}

  snapshot(fd: number): Snapshot | RepairFault {
    const entered = this.#set(fd, TCP_REPAIR, REPAIR_ON)
    if (entered < 0) return fault('TCP_REPAIR', entered)
    try {
      return this.#read(fd)
    } finally {
      this.#set(fd, TCP_REPAIR_QUEUE, NO_QUEUE)
      this.#leave(fd, REPAIR_OFF_NO_WP)
    }
  }

  restore(plan: RestorePlan): number | RepairFault {
    const isV6 = isIpv6(plan.local.address)
    const fd = this.sys.socket(isV6 ? AF_INET6 : AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC)
    if (fd < 0) return fault('socket', fd)
    const failed = this.#build(fd, isV6, plan)
    if (failed === undefined) return fd
    this.sys.close(fd)
    return failed
  }

  fillSent(fd: number, bytes: Uint8Array): RepairFault | undefined {
    const chosen = this.#set(fd, TCP_REPAIR_QUEUE, SEND_QUEUE)
    if (chosen < 0) return fault('TCP_REPAIR_QUEUE', chosen)
    let failed: RepairFault | undefined
    let isRaised = false
    for (let at = 0; at < bytes.byteLength && failed === undefined; ) {
      const sent = this.sys.send(fd, at === 0 ? bytes : bytes.subarray(at))
      if (sent > 0) at += sent
      else if (sent === -EAGAIN && !isRaised) {
        isRaised = true
        const held = this.#get(fd, SOL_SOCKET, SO_SNDBUF) < 0 ? 0 : this.#view.getInt32(0, true)
        this.#setAt(fd, SOL_SOCKET, SO_SNDBUFFORCE, held + BUFFER_FACTOR * bytes.byteLength)
      } else failed = fault('send', sent === 0 ? -EAGAIN : sent)
    }
    this.#set(fd, TCP_REPAIR_QUEUE, NO_QUEUE)
    return failed
  }

  endSent(fd: number): RepairFault | undefined {
    const chosen = this.#set(fd, TCP_REPAIR_QUEUE, SEND_QUEUE)
    const ended = chosen < 0 ? chosen : this.sys.shutdownWrite(fd)
    this.#set(fd, TCP_REPAIR_QUEUE, NO_QUEUE)
    return ended < 0 ? fault('shutdown', ended) : undefined
  }

  letGo(fd: number): RepairFault | undefined {
    const left = this.#leave(fd, REPAIR_OFF)
    // Else it would go on sending after the address has left this host (kernel-notes, fact 7).
    this.#setAt(fd, IPPROTO_IP, IP_TRANSPARENT, 0)
    this.#setAt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 0)
    return left < 0 ? fault('TCP_REPAIR', left) : undefined
  }

  silence(fd: number): void {
    this.#set(fd, TCP_REPAIR, REPAIR_ON)
  }

  #read(fd: number): Snapshot | RepairFault {
    let seq = this.#seq(fd, RECV_QUEUE)
    for (let look = 0; look < LOOKS_MAX; look++) {
      const told = this.#get(fd, IPPROTO_TCP, TCP_INFO, INFO_BYTES)
      if (told < 0) return fault('TCP_INFO', told)
      const view = this.#view
      const [state, options, scales] = [view.getUint8(STATE_AT), view.getUint8(OPTIONS_AT), view.getUint8(SCALES_AT)]
      // The FIN is counted among the bytes.
      const received = view.getUint32(BYTES_RECEIVED_AT, true)
      if (state !== ESTABLISHED && state !== CLOSE_WAIT) return { why: `in TCP state ${state}` }
      const again = this.#seq(fd, RECV_QUEUE)
      if (typeof seq === 'object') return seq
      if (typeof again === 'object') return again
      if (again === seq) return this.#readRest(fd, { options, scales, firstReceived: (seq - received) >>> 0 })
      seq = again
    }
    return { why: 'the peer sends faster than it can be read out' }
  }

  #readRest(
    fd: number,
    { options, scales, firstReceived }: { options: number; scales: number; firstReceived: number },
  ): Snapshot | RepairFault {
    const firstSent = this.#seq(fd, SEND_QUEUE)
    if (typeof firstSent === 'object') return firstSent
    const view = this.#view
    const mss = this.#get(fd, IPPROTO_TCP, TCP_MAXSEG) < 0 ? 0 : view.getInt32(0, true)
    const timestamp = this.#get(fd, IPPROTO_TCP, TCP_TIMESTAMP) < 0 ? 0 : view.getUint32(0, true)
    const told = this.#get(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, 20)
    if (told < 0) return fault('TCP_REPAIR_WINDOW', told)
    return {
      firstSent,
      firstReceived,
      mss,
      sack: (options & OPTION_SACK) !== 0,
      windowScale: (options & OPTION_WSCALE) === 0 ? undefined : { send: scales & 15, receive: scales >> 4 },
      timestamp: (options & OPTION_TIMESTAMPS) === 0 ? undefined : timestamp,
      sendWindow: view.getUint32(4, true),
      maxWindow: view.getUint32(8, true),
      receiveWindow: view.getUint32(12, true),
    }
  }

  #build(fd: number, isV6: boolean, plan: RestorePlan): RepairFault | undefined {
    const { receiveSeq, sendSeq, local, remote, timestamp } = plan
    const [level, transparent] = isV6 ? [IPPROTO_IPV6, IPV6_TRANSPARENT] : [IPPROTO_IP, IP_TRANSPARENT]
    const steps: readonly (readonly [string, () => Result])[] = [
      // Also past a program of this host that listens on the port (SK_FORCE_REUSE): SO_REUSEADDR would take that away.
      ['TCP_REPAIR', () => this.#set(fd, TCP_REPAIR, REPAIR_ON)],
      // The address is not here yet (kernel-notes, fact 7).
      ['IP_TRANSPARENT', () => this.#setAt(fd, level, transparent, 1)],
      ['bind', () => this.sys.bind(fd, this.#nameAt, encodeSockaddr(local, this.#name))],
      ['TCP_REPAIR_QUEUE', () => this.#set(fd, TCP_REPAIR_QUEUE, RECV_QUEUE)],
      ['TCP_QUEUE_SEQ', () => this.#set(fd, TCP_QUEUE_SEQ, receiveSeq)],
      ['TCP_REPAIR_QUEUE', () => this.#set(fd, TCP_REPAIR_QUEUE, SEND_QUEUE)],
      ['TCP_QUEUE_SEQ', () => this.#set(fd, TCP_QUEUE_SEQ, sendSeq)],
      ['TCP_REPAIR_QUEUE', () => this.#set(fd, TCP_REPAIR_QUEUE, NO_QUEUE)],
      ['connect', () => this.sys.connect(fd, this.#nameAt, encodeSockaddr(remote, this.#name))],
      ['TCP_REPAIR_OPTIONS', () => this.#setOptions(fd, plan)],
      // After connect, which sets a clock of its own.
      ['TCP_TIMESTAMP', () => (timestamp === undefined ? 0 : this.#set(fd, TCP_TIMESTAMP, timestamp))],
      ['TCP_REPAIR_WINDOW', () => this.#setWindow(fd, plan)],
    ]
    for (const [step, run] of steps) {
      const result = run()
      if (result < 0) return fault(step, result)
    }
    return undefined
  }

  #setOptions(fd: number, { mss, sack, windowScale, timestamp }: RestorePlan): Result {
    const view = this.#view
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
    return this.sys.setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_OPTIONS, this.#at, at)
  }

  /** struct tcp_repair_window. */
  #setWindow(fd: number, { receiveSeq, sendWindow, maxWindow, receiveWindow }: RestorePlan): Result {
    const words = [receiveSeq, sendWindow, maxWindow, receiveWindow, receiveSeq]
    for (const [place, word] of words.entries()) this.#view.setUint32(4 * place, word, true)
    return this.sys.setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, this.#at, 4 * words.length)
  }

  /** The kernel takes SO_REUSEADDR away with repair mode: a listener that starts later could not have the port. */
  #leave(fd: number, how: number): Result {
    const result = this.#set(fd, TCP_REPAIR, how)
    this.#setAt(fd, SOL_SOCKET, SO_REUSEADDR, 1)
    return result
  }

  #seq(fd: number, queue: number): number | RepairFault {
    const chosen = this.#set(fd, TCP_REPAIR_QUEUE, queue)
    if (chosen < 0) return fault('TCP_REPAIR_QUEUE', chosen)
    const told = this.#get(fd, IPPROTO_TCP, TCP_QUEUE_SEQ)
    return told < 0 ? fault('TCP_QUEUE_SEQ', told) : this.#view.getUint32(0, true)
  }

  #set(fd: number, option: number, value: number): Result {
    return this.#setAt(fd, IPPROTO_TCP, option, value)
  }

  #setAt(fd: number, level: number, option: number, value: number): Result {
    this.#view.setInt32(0, value, true)
    return this.sys.setsockopt(fd, level, option, this.#at, 4)
  }

  #get(fd: number, level: number, option: number, bytes = 4): Result {
    this.#length[0] = bytes
    return this.sys.getsockopt(fd, level, option, this.#at, this.#lengthAt)
  }
}

function fault(step: string, result: Result): RepairFault {
  return { why: `${step}: ${errorName(result === 0 ? -EINVAL : result)}` }
}
