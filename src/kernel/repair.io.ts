/**
 * TCP_REPAIR (tcp(7), net/ipv4/tcp.c): reads a TCP socket out and rebuilds one. The order of the steps is the kernel's, and so
 * is what each may do in which state; kernel-notes 1 has it. Repair mode needs CAP_NET_ADMIN. It is left on every path.
 */
import { type Endpoint, isIpv6 } from '../base/address.js'
import type {
  Capture,
  Inbound,
  RepairFault,
  RepairPlans,
  RestorePlan,
  RestoreStep,
  Snapshot,
  SocketPosition,
  SocketRepair,
  Traits,
} from '../handoff/ports.js'
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  IP_TRANSPARENT,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_TRANSPARENT,
  SIOCINQ,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOCK_STREAM_NONBLOCK_CLOEXEC,
  SOL_SOCKET,
  TCP_MAXSEG,
  TCP_QUEUE_SEQ,
  TCP_QUICKACK,
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
  QUEUES,
  RECV_QUEUE,
  REPAIR_OFF,
  REPAIR_OFF_NO_WP,
  REPAIR_ON,
  RepairCalls,
  SEND_QUEUE,
} from './repair-calls.io.js'
import { encodeSockaddr, SOCKADDR_BYTES_MAX } from './sockaddr.js'
import { SocketReader } from './socket-reader.io.js'
import { addressOf, type Result, type Syscalls } from './syscalls.io.js'

/** TCP option kinds (RFC 9293, 7323, 2018), as TCP_REPAIR_OPTIONS names them. */
const TCPOPT_MSS = 2
const TCPOPT_WINDOW = 3
const TCPOPT_SACK_PERM = 4
const TCPOPT_TIMESTAMP = 8

/** Of the send buffer for what may have been sent already: beside the bytes it holds what describes them. */
const BUFFER_FACTOR = 3

export class KernelRepair implements SocketRepair {
  readonly #calls: RepairCalls
  readonly #reader: SocketReader
  readonly #name = new Uint8Array(new ArrayBuffer(SOCKADDR_BYTES_MAX))
  readonly #nameAt = addressOf(this.#name.buffer)

  constructor(
    private readonly sys: Syscalls,
    private readonly plans: RepairPlans,
  ) {
    this.#calls = new RepairCalls(sys)
    this.#reader = new SocketReader(sys, this.#calls, plans)
  }

  snapshot(fd: number): Snapshot | RepairFault {
    const entered = this.#calls.set(fd, TCP_REPAIR, REPAIR_ON)
    if (entered < 0) return fault('TCP_REPAIR', entered)
    try {
      return this.#reader.snapshot(fd)
    } finally {
      this.#calls.leave(fd, REPAIR_OFF_NO_WP)
    }
  }

  position(fd: number): SocketPosition | RepairFault {
    // It may have been deaf when whoever had it died.
    this.hear(fd)
    const entered = this.#calls.set(fd, TCP_REPAIR, REPAIR_ON)
    if (entered < 0) return fault('TCP_REPAIR', entered)
    try {
      return this.#reader.position(fd)
    } finally {
      this.#calls.leave(fd, REPAIR_OFF_NO_WP)
    }
  }

  isUntouched(fd: number): boolean {
    return this.#reader.isUntouched(fd)
  }

  capture(fd: number): Capture | RepairFault {
    return this.#reader.capture(fd)
  }

  restore(plan: RestorePlan, instead = -1): number | RepairFault {
    const family = isIpv6(plan.local.address) ? AF_INET6 : AF_INET
    const fd = this.sys.socket(family, SOCK_STREAM_NONBLOCK_CLOEXEC)
    let failed = fd < 0 ? fault('socket', fd) : undefined
    let isInPlace = instead < 0
    const makeWay = () => {
      if (!isInPlace) this.sys.close(instead)
      isInPlace = true
      return 0
    }
    for (const step of this.plans.restoreSteps(plan)) {
      if (failed !== undefined) break
      const result = step.op === 'make-way' ? makeWay() : this.#make(fd, step)
      if (result < 0) failed = fault(step.op, result)
    }
    if (failed === undefined) return fd
    makeWay()
    if (fd >= 0) this.sys.close(fd)
    return failed
  }

  /** The kernel lets nobody connect a second time between the same ends; in repair mode nothing leaves for it. */
  isTaken(local: Endpoint, remote: Endpoint): boolean {
    const fd = this.sys.socket(isIpv6(local.address) ? AF_INET6 : AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC)
    if (fd < 0) return true
    const isFree = this.plans.takingSteps(local, remote).every((step) => this.#make(fd, step) >= 0)
    this.sys.close(fd)
    return !isFree
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
    let failed: RepairFault | undefined
    for (const step of this.plans.letGoSteps) {
      const result = this.#make(fd, step)
      if (result < 0 && step.op === 'repair') failed = fault(step.op, result)
    }
    return failed
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

  unread(fd: number): number {
    return this.#calls.count(fd, SIOCINQ)
  }

  silence(fd: number): void {
    this.#calls.set(fd, TCP_REPAIR, REPAIR_ON)
  }

  deafen(fd: number): void {
    this.#calls.deafen(fd)
  }

  hear(fd: number): void {
    this.#calls.hear(fd)
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

  /** One step of building a socket. */
  #make(fd: number, step: RestoreStep): Result {
    const calls = this.#calls
    switch (step.op) {
      case 'deafen':
        this.deafen(fd)
        return 0
      case 'make-way':
        return 0
      case 'hear':
        this.hear(fd)
        return 0
      case 'repair':
        return calls.set(fd, TCP_REPAIR, step.mode === 'on' ? REPAIR_ON : REPAIR_OFF)
      case 'transparent':
        return step.family === 6
          ? calls.setAt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, step.on ? 1 : 0)
          : calls.setAt(fd, IPPROTO_IP, IP_TRANSPARENT, step.on ? 1 : 0)
      case 'delay-acknowledgements':
        return calls.set(fd, TCP_QUICKACK, 0)
      case 'reuse-address':
        return calls.setAt(fd, SOL_SOCKET, SO_REUSEADDR, 1)
      case 'bind':
        return this.sys.bind(fd, this.#nameAt, encodeSockaddr(step.to, this.#name))
      case 'connect':
        return this.sys.connect(fd, this.#nameAt, encodeSockaddr(step.to, this.#name))
      case 'queue':
        return calls.set(fd, TCP_REPAIR_QUEUE, QUEUES[step.queue])
      case 'set-seq':
        return calls.set(fd, TCP_QUEUE_SEQ, step.seq)
      case 'set-mss':
        return calls.set(fd, TCP_MAXSEG, step.mss)
      case 'set-options':
        return this.#setOptions(fd, step.options)
      case 'set-clock':
        return calls.set(fd, TCP_TIMESTAMP, step.timestamp)
      case 'set-window':
        for (const [place, word] of step.words.entries()) calls.view.setUint32(4 * place, word, true)
        return calls.setBytes(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, 4 * step.words.length)
    }
  }

  #setOptions(
    fd: number,
    { mss, sack, windowScale, timestamp }: Pick<Traits, 'mss' | 'sack' | 'windowScale' | 'timestamp'>,
  ): Result {
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
}
