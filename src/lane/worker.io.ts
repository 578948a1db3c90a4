/** Entry of a lane's thread: hands the pure lane its clock, sockets, keys and the way to the control plane. */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../base/assert.js'
import { Prng } from '../base/prng.js'
import { realClock } from '../base/real-clock.io.js'
import { loadLibc } from '../kernel/libc.io.js'
import { NetSockets } from '../kernel/net-endpoint.io.js'
import type { FromLane, LaneSetup, ToLane } from '../proxy/lane-protocol.js'
import { LeaseSlots } from '../proxy/lease-slots.js'
import { RetentionPool } from '../proxy/retention-pool.js'
import { sharedCounters } from '../proxy/shared-counters.js'
import { sodiumSeals } from '../trunk/seal.io.js'
import { Lane } from './lane.js'

/** How often deadlines of seconds and the acknowledgement of the last bytes are looked at. */
const SWEEP_EVERY_MS = 100

assert(parentPort !== null, 'a lane runs in a worker thread')
const port = parentPort
const setup = workerData as LaneSetup
const libc = loadLibc()
const clock = realClock('why' in libc ? undefined : libc.boottime)

const lane = new Lane({
  setup,
  clock,
  random: new Prng(setup.seed),
  sockets: new NetSockets(),
  seals: sodiumSeals,
  leases: new LeaseSlots(setup.leases),
  counters: sharedCounters(setup.counters),
  pool: new RetentionPool(),
  post: (message: FromLane) => port.postMessage(message),
  defer: (task) => setImmediate(task),
})

const sweep = setInterval(() => lane.sweep(clock.now()), SWEEP_EVERY_MS)
port.on('message', (message: ToLane) => {
  lane.receive(message)
  if (message.type !== 'stop') return
  clearInterval(sweep)
  // Without a listener the port no longer keeps the thread alive: it ends when the last socket has.
  port.removeAllListeners('message')
  port.unref()
})
