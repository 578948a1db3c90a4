/** A lane's thread as in src/lane/worker.io.ts, with a bug: whoever hears BUG from its socket throws. */
import { parentPort, workerData } from 'node:worker_threads'
import { Prng } from '../../src/base/prng.js'
import { realClock } from '../../src/base/real-clock.io.js'
import { loadEpoll } from '../../src/kernel/epoll-endpoint.io.js'
import { Lane } from '../../src/lane/lane.js'
import { epollLoop, netLoop } from '../../src/lane/loop.io.js'
import type { FromLane, LaneSetup } from '../../src/proxy/lane-protocol.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import type { Socket, SocketHandler, Sockets } from '../../src/proxy/ports.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import { sharedCounters } from '../../src/proxy/shared-counters.js'
import { recordBuffers } from '../../src/trunk/record.js'
import { seals } from '../../src/trunk/seals.io.js'

const setup = workerData as LaneSetup
const port = parentPort
const clock = realClock()
const epoll = setup.engine === 'epoll' ? loadEpoll() : undefined
if (port === null || (epoll !== undefined && 'why' in epoll)) throw new Error('for a worker, on Linux')
const loop = epoll === undefined ? netLoop(clock) : epollLoop(epoll, clock)

const lane = new Lane({
  setup,
  clock,
  random: new Prng(setup.seed),
  sockets: buggy(loop.sockets),
  seals,
  leases: new LeaseSlots(setup.leases),
  counters: sharedCounters(setup.counters),
  pool: new RetentionPool(),
  buffers: recordBuffers(),
  post: (message: FromLane) => port.postMessage(message),
  defer: (task) => loop.defer(task),
})
loop.run(lane, port)

function buggy(sockets: Sockets): Sockets {
  return {
    engine: sockets.engine,
    dial: (to, options) => sockets.dial(to, options),
    listen: (at, options, handler) =>
      sockets.listen(at, options, { ...handler, onAccept: (socket) => handler.onAccept(withBug(socket)) }),
  }
}

function withBug(socket: Socket): Socket {
  const attach = socket.attach.bind(socket)
  socket.attach = (handler: SocketHandler) => {
    attach({
      onOpen: () => handler.onOpen(),
      onData: (chunk) => {
        if (new TextDecoder().decode(chunk) === 'BUG') throw new Error('a bug')
        handler.onData(chunk)
      },
      onEnd: () => handler.onEnd(),
      onDrain: () => handler.onDrain(),
      onClose: (cause, detail) => handler.onClose(cause, detail),
    })
  }
  return socket
}
