/** Reads a TCP socket out, a step at a time (handoff/capture-plan), where it is in repair mode already or is put there by a step. */
import type {
  Capture,
  CaptureStep,
  Readings,
  RepairFault,
  RepairPlans,
  Snapshot,
  SocketPosition,
} from '../handoff/ports.js'
import {
  IPPROTO_TCP,
  MSG_PEEK_DONTWAIT,
  SIOCINQ,
  SIOCOUTQ,
  TCP_MAXSEG,
  TCP_QUEUE_SEQ,
  TCP_REPAIR,
  TCP_REPAIR_QUEUE,
  TCP_REPAIR_WINDOW,
  TCP_TIMESTAMP,
} from './constants.js'
import { fault, INFO, NO_QUEUE, QUEUES, REPAIR_ON, type RepairCalls } from './repair-calls.io.js'
import type { Result, Syscalls } from './syscalls.io.js'

/** Between two looks at the sequence number a segment may come; that many in a row do not. */
const LOOKS_MAX = 8

const READ_INFO: CaptureStep = { op: 'read-info' }
const CHOOSE_RECEIVE: CaptureStep = { op: 'queue', queue: 'receive' }
const RECEIVE_SEQ: CaptureStep = { op: 'read-seq', queue: 'receive' }
/** Beside the receive queue's: nothing is in the send queue yet. */
const AT_ACCEPT: readonly CaptureStep[] = [
  { op: 'queue', queue: 'send' },
  { op: 'read-seq', queue: 'send' },
  { op: 'read-mss' },
  { op: 'read-clock' },
  { op: 'read-window' },
]

export class SocketReader {
  /** For what makes nothing anew: a snapshot is taken of each connection. */
  readonly #readings: Readings

  constructor(
    private readonly sys: Syscalls,
    private readonly calls: RepairCalls,
    private readonly plans: RepairPlans,
  ) {
    this.#readings = plans.noReadings()
  }

  isUntouched(fd: number): boolean {
    const readings = this.#readings
    if (this.#read(fd, READ_INFO, readings) !== undefined) return false
    const acknowledged = this.calls.view.getUint32(INFO.bytesAcknowledged, true)
    if (this.#read(fd, { op: 'count', queue: 'receive' }, readings) !== undefined) return false
    return this.plans.bytesRead(readings) === 0 && acknowledged === 0 && this.calls.count(fd, SIOCOUTQ) === 0
  }

  capture(fd: number): Capture | RepairFault {
    const readings = this.plans.noReadings()
    let failed: RepairFault | undefined
    for (const step of this.plans.captureSteps) failed ??= this.#read(fd, step, readings)
    if (failed === undefined) return this.plans.captureOf(readings)
    this.calls.set(fd, TCP_REPAIR_QUEUE, NO_QUEUE)
    return failed
  }

  position(fd: number): SocketPosition | RepairFault {
    const readings = this.plans.noReadings()
    const failed =
      this.#readTwice(fd, readings, () => this.#read(fd, { op: 'count', queue: 'receive' }, readings)) ??
      this.#read(fd, { op: 'queue', queue: 'send' }, readings) ??
      this.#read(fd, { op: 'read-seq', queue: 'send' }, readings) ??
      this.#read(fd, { op: 'count', queue: 'send' }, readings)
    return failed ?? this.plans.positionOf(readings)
  }

  snapshot(fd: number): Snapshot | RepairFault {
    const readings = this.#readings
    const failed = this.#readTwice(fd, readings) ?? this.#readRest(fd, readings)
    return failed ?? this.plans.snapshotOf(readings)
  }

  #readRest(fd: number, readings: Readings): RepairFault | undefined {
    let failed: RepairFault | undefined
    for (const step of AT_ACCEPT) failed ??= this.#read(fd, step, readings)
    return failed
  }

  /** What is told of the receive queue, with nothing having come in between. */
  #readTwice(fd: number, readings: Readings, more?: () => RepairFault | undefined): RepairFault | undefined {
    let failed = this.#read(fd, CHOOSE_RECEIVE, readings) ?? this.#read(fd, RECEIVE_SEQ, readings)
    for (let look = 0; look < LOOKS_MAX && failed === undefined; look++) {
      const before = readings.receive.seq
      failed = this.#read(fd, READ_INFO, readings)
      // Of one that has not said anything by now there was nothing to count before.
      if (failed === undefined && more === undefined && readings.bytesReceived === 0) return undefined
      failed ??= more?.() ?? this.#read(fd, RECEIVE_SEQ, readings)
      if (failed === undefined && readings.receive.seq === before) return undefined
    }
    return failed ?? { why: 'the peer sends faster than it can be read out' }
  }

  /** One step of reading a socket out. */
  #read(fd: number, step: CaptureStep, readings: Readings): RepairFault | undefined {
    const calls = this.calls
    const { view } = calls
    let result: Result
    switch (step.op) {
      case 'deafen':
        calls.deafen(fd)
        return undefined
      case 'repair':
        result = calls.set(fd, TCP_REPAIR, REPAIR_ON)
        break
      case 'queue':
        result = calls.set(fd, TCP_REPAIR_QUEUE, QUEUES[step.queue])
        break
      case 'read-info':
        result = calls.info(fd)
        readings.state = view.getUint8(INFO.state)
        readings.options = view.getUint8(INFO.options)
        readings.scales = view.getUint8(INFO.scales)
        readings.bytesReceived = view.getUint32(INFO.bytesReceived, true)
        break
      case 'read-mss':
        result = 0
        readings.mss = calls.get(fd, IPPROTO_TCP, TCP_MAXSEG) < 0 ? 0 : view.getInt32(0, true)
        break
      case 'read-clock':
        result = 0
        readings.clock = calls.get(fd, IPPROTO_TCP, TCP_TIMESTAMP) < 0 ? 0 : view.getUint32(0, true)
        break
      case 'read-window':
        result = calls.get(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, 20)
        readings.sendWindow = view.getUint32(4, true)
        readings.maxWindow = view.getUint32(8, true)
        readings.receiveWindow = view.getUint32(12, true)
        break
      case 'read-seq':
        result = calls.get(fd, IPPROTO_TCP, TCP_QUEUE_SEQ)
        readings[step.queue].seq = view.getUint32(0, true)
        break
      case 'count':
        result = calls.count(fd, step.queue === 'receive' ? SIOCINQ : SIOCOUTQ)
        readings[step.queue].count = result
        break
      case 'peek':
        result = 0
        readings[step.queue].bytes = this.#peek(fd, this.plans.bytesToPeek(step.queue, readings))
    }
    return result < 0 ? fault(step.op, result) : undefined
  }

  /** All of the queue that is chosen; `undefined`: not all of it. */
  #peek(fd: number, length: number): Uint8Array | undefined {
    const bytes = new Uint8Array(length)
    if (length === 0) return bytes
    return this.sys.receive(fd, bytes, MSG_PEEK_DONTWAIT) === length ? bytes : undefined
  }
}
