/** What a lane's thread does: hands the pure lane its clock, sockets, keys and the way to the control plane, and turns it. */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../base/assert.js'
import { Prng } from '../base/prng.js'
import { realClock } from '../base/real-clock.io.js'
import { encodeAckPacket } from '../handoff/ack-packet.js'
import { HeldAcks } from '../kernel/bpf/held-acks.io.js'
import { Origins } from '../kernel/bpf/steering.io.js'
import { loadEpoll } from '../kernel/epoll-endpoint.io.js'
import { loadLibc } from '../kernel/libc.io.js'
import { ListeningAt } from '../kernel/listening-at.io.js'
import type { DescriptorRecord } from '../kernel/recorded-syscalls.io.js'
import { DescriptorTable } from '../proxy/descriptor-table.js'
import type { FromLane, LaneSetup } from '../proxy/lane-protocol.js'
import { LeaseSlots } from '../proxy/lease-slots.js'
import { PortAccount } from '../proxy/port-account.js'
import type { Sockets } from '../proxy/ports.js'
import { RetentionPool } from '../proxy/retention-pool.js'
import { sharedCounters } from '../proxy/shared-counters.js'
import { UsageCells } from '../proxy/usage.js'
import { recordBuffers } from '../trunk/record.js'
import { loadSeals, seals } from '../trunk/seals.io.js'
import { Lane } from './lane.js'
import { epollLoop, netLoop } from './loop.io.js'
import { SpliceRecords } from './splice-records.js'

/** In a worker whose data is a `LaneSetup`. `dress` puts something between the lane and its sockets. */
export function runLane(dress: (sockets: Sockets) => Sockets = (sockets) => sockets): void {
  assert(parentPort !== null, 'a lane runs in a worker thread')
  const port = parentPort
  const setup = workerData as LaneSetup
  const libc = loadLibc()
  const clock = realClock('why' in libc ? undefined : libc.boottime)
  const epoll = setup.engine === 'epoll' ? loadEpoll() : undefined
  assert(epoll === undefined || !('why' in epoll), 'the control plane has looked whether epoll can be used')
  const loop = epoll === undefined ? netLoop(clock) : epollLoop(epoll, clock, recordOf(setup))
  loadSeals()
  const origins = new Origins()
  const listening = new ListeningAt(loop.clock)
  const counters = sharedCounters(setup.counters)
  const post = (message: FromLane) => port.postMessage(message)
  const common = { setup, clock: loop.clock, counters, post }
  const lane = new Lane({
    ...common,
    records: setup.records === true ? new SpliceRecords(common) : undefined,
    random: new Prng(setup.seed),
    sockets: dress(loop.sockets),
    seals,
    rebuilder: loop.rebuilder,
    originOf: (map, port) => origins.take(map, port),
    listensAt: (at) => listening.isTaken(at),
    openHolder: (share) => HeldAcks.open(share, encodeAckPacket),
    leases: new LeaseSlots(setup.leases),
    ports: setup.ports && new PortAccount(setup.ports, setup.lane, setup.lanes, setup.portRange ?? 0),
    usage: setup.usage && new UsageCells(setup.usage, setup.lane, setup.lanes),
    pool: new RetentionPool(),
    buffers: recordBuffers(),
    soon: (afterMs, task) => loop.soon(afterMs, task),
    defer: (task) => loop.defer(task),
  })
  loop.run(lane, port)
}

/** What is open here is known outside of this thread's heap, which may end before the process. */
function recordOf({ lane, descriptors }: LaneSetup): DescriptorRecord | undefined {
  if (descriptors === undefined) return undefined
  const table = new DescriptorTable(descriptors)
  return { took: (fd, isAccepted) => table.took(fd, lane, isAccepted), letGo: (fd) => table.letGo(fd) }
}
