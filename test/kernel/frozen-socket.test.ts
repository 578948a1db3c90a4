/** A rebuilt connection that was let go: when it is built once more, and when it need not be. */
import { REPAIR_PLANS } from '../../src/handoff/repair-plans.js'
import { planRestore } from '../../src/handoff/restore-plan.js'
import { KernelRepair } from '../../src/kernel/repair.io.js'
import { loadSyscalls } from '../../src/kernel/syscalls.io.js'
import { assert, suite } from '../harness/suite.js'
import { drivenSockets } from './poller-driver.js'
import { eventually, pairOf } from './recorder.js'

const test = suite('kernel/frozen-socket', 10_000)

const sys = loadSyscalls()
if ('why' in sys) throw new Error(sys.why)
const repair = new KernelRepair(sys, REPAIR_PLANS)

for (const isClockTrue of [true, false]) {
  test(
    `all that was put in as sent has arrived, and its clock is ${isClockTrue ? 'true: it goes on as it is' : 'ahead: it is built once more'}`,
    async (scope) => {
      const sockets = drivenSockets(scope)
      const [server, client] = await pairOf(scope, sockets)
      const snapshot = repair.snapshot(server.socket.fd)
      if ('why' in snapshot) throw new Error(snapshot.why)
      client.socket.resume()
      server.socket.write(Buffer.from('welcome'))
      await eventually(() => client.bytes === 7)
      const clock = server.socket.clock?.()
      assert.ok(clock !== undefined && clock >= (snapshot.timestamp ?? 0))
      const [local, remote] = [server.socket.local, server.socket.remote]
      server.socket.vanish?.()
      await eventually(() => server.closes.length === 1)
      const fin = { finReceived: false, finAcknowledged: false }
      const standing = { local, remote, received: 0, acknowledged: 4, ...fin, ageMs: 0 }
      const fd = repair.restore(planRestore(snapshot, { ...standing, clock: isClockTrue ? clock : undefined }))
      if (typeof fd !== 'number') throw new Error(fd.why)
      const socket = sockets.adoptFrozen(fd, local, remote, 1_000, { read: false, sent: false })
      socket.isClockTrue = isClockTrue
      socket.write(Buffer.from('ome'))
      socket.letGo()
      assert.not(socket.isSettled)
      await eventually(() => socket.bytesAcknowledged() === 3)
      assert.ok(socket.settle() && socket.isSettled)
      assert.is(socket.fd === fd, isClockTrue)
      socket.write(Buffer.from('!'))
      await eventually(() => client.bytes === 8)
      socket.reset()
    },
    { root: true },
  )
}

test.run()
