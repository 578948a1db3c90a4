/** Sockets taken out of this process and rebuilt in it, over loopback: their peers must not notice. */
import { REPAIR_PLANS } from '../../src/handoff/repair-plans.js'
import { planRestore, snapshotAfter } from '../../src/handoff/restore-plan.js'
import { advance } from '../../src/handoff/sequence.js'
import { SIOCOUTQ } from '../../src/kernel/constants.js'
import { KernelRepair } from '../../src/kernel/repair.io.js'
import { RepairCalls } from '../../src/kernel/repair-calls.io.js'
import { mayRepair } from '../../src/kernel/repair-right.io.js'
import { loadSyscalls } from '../../src/kernel/syscalls.io.js'
import { assert, suite } from '../harness/suite.js'
import { adopted, connected, fdOf, leave, waitFor } from './repaired-pair.js'

const test = suite('kernel/repair', 20_000)
const NEEDS = { root: true }

const sys = loadSyscalls()
if ('why' in sys) throw new Error(sys.why)
const repair = new KernelRepair(sys, REPAIR_PLANS)
const calls = new RepairCalls(sys)
/** struct tcp_info: tcpi_snd_mss. */
const INFO_SND_MSS = 16

/** Segments that a socket has sent again: tcpi_total_retrans (linux/tcp.h). */
const resent = (fd: number) => (calls.info(fd) < 0 ? -1 : calls.view.getUint32(100, true))

function done<T>(result: T | { readonly why: string } | undefined): T {
  assert.ok(
    result === undefined || typeof result !== 'object' || result === null || !('why' in result),
    JSON.stringify(result),
  )
  return result as T
}

for (const address of ['127.0.0.1', '::1']) {
  test(
    `rebuilt from a snapshot and counted bytes (${address}): what is unacknowledged, what comes later, and the end`,
    async (scope) => {
      assert.is(mayRepair(), '')
      const pair = await connected(scope, address)
      const snapshot = done(repair.snapshot(pair.fd))
      if ('why' in snapshot) return
      pair.client.write('hello')
      await new Promise((resolve) => pair.server.once('data', resolve).resume())
      pair.server.write('welcome')
      await waitFor(() => pair.heard() === 'welcome')
      leave(repair, pair)
      await new Promise((resolve) => pair.server.once('close', resolve))
      const plan = planRestore(snapshot, {
        ...pair.ends,
        received: 5,
        finReceived: false,
        // As if the last of it had not been heard to have arrived.
        acknowledged: 3,
        finAcknowledged: false,
        ageMs: 0,
        clock: undefined,
      })
      const fd = done(repair.restore(plan)) as number
      const ahead = (repair.clock(fd) ?? 0) - (plan.timestamp ?? 0)
      assert.ok(ahead >= 0 && ahead < 1_000, `its clock is ${ahead} ms from where it was set`)
      done(repair.fillSent(fd, Buffer.from('come')))
      done(repair.letGo(fd))
      await waitFor(() => repair.bytesAcknowledged(fd) === 4)
      assert.is(repair.bytesIn(fd), 0)
      assert.is(calls.info(fd), 0)
      const segmentBytes = calls.view.getUint32(INFO_SND_MSS, true)
      assert.ok(segmentBytes > 1_400, `segments of ${segmentBytes} bytes on a link that takes 65,536`)
      const socket = adopted(scope, fd)
      let got = ''
      socket.on('data', (chunk) => {
        got += chunk
      })
      pair.client.write(' again')
      await waitFor(() => got === ' again')
      socket.end('bye')
      await waitFor(() => pair.heard() === 'welcomebye')
      await waitFor(() => pair.ended() === 'ended')
    },
    NEEDS,
  )
}

for (const address of ['127.0.0.1', '::1']) {
  test(
    `what a rebuilt socket (${address}) is sent is not acknowledged before it can have been read: the next director may die as well`,
    async (scope) => {
      const pair = await connected(scope, address)
      const snapshot = done(repair.snapshot(pair.fd))
      if ('why' in snapshot) return
      leave(repair, pair)
      await new Promise((resolve) => pair.server.once('close', resolve))
      const standing = { received: 0, finReceived: false, acknowledged: 0, finAcknowledged: false }
      const plan = planRestore(snapshot, { ...pair.ends, ...standing, ageMs: 0, clock: undefined })
      const fd = done(repair.restore(plan)) as number
      done(repair.letGo(fd))
      adopted(scope, fd).pause()
      pair.client.write('word')
      // Without a turn between: a kernel acknowledges at once, or 40 ms later.
      while (repair.bytesIn(fd) === 0) {}
      assert.is(calls.count(fdOf(pair.client), SIOCOUTQ), 4)
      await waitFor(() => calls.count(fdOf(pair.client), SIOCOUTQ) === 0)
    },
    NEEDS,
  )
}

test(
  'a hundred directors in succession: the client takes every segment of each at once, and is heard by each',
  async (scope) => {
    const pair = await connected(scope)
    let snapshot = done(repair.snapshot(pair.fd))
    if ('why' in snapshot) return
    assert.ok(snapshot.timestamp !== undefined, 'timestamps are on')
    const first = snapshot.timestamp ?? 0
    leave(repair, pair)
    await new Promise((resolve) => pair.server.once('close', resolve))
    for (let director = 1; director <= 100; director++) {
      const said = 4 * (director - 1)
      const standing = {
        received: said,
        finReceived: false,
        acknowledged: said,
        finAcknowledged: false,
        ageMs: 50,
        clock: undefined,
      }
      const plan = planRestore(snapshot, { ...pair.ends, ...standing })
      snapshot = snapshotAfter(snapshot, plan)
      const fd = done(repair.restore(plan)) as number
      done(repair.letGo(fd))
      pair.client.write('ping')
      await waitFor(() => repair.bytesIn(fd) === 4)
      assert.is(repair.send(fd, Buffer.from('pong')), undefined)
      await waitFor(() => pair.heard() === 'pong'.repeat(director))
      await waitFor(() => repair.bytesAcknowledged(fd) === 4)
      // PAWS, a clock of another unit or a number that is wrong would cost a retransmission, of either.
      assert.equal([resent(fd), resent(fdOf(pair.client))], [0, 0], `director ${director}`)
      repair.silence(fd)
      sys.close(fd)
    }
    const clock = ((snapshot.timestamp ?? 0) - first) >>> 0
    assert.ok(clock > 1_000_000 && clock < 2_000_000, `the clock is ${clock} ms ahead`)
  },
  NEEDS,
)

test(
  'how far a connection has come that goes on: what was read and written, and what of it is acknowledged',
  async (scope) => {
    const pair = await connected(scope)
    const snapshot = done(repair.snapshot(pair.fd))
    if ('why' in snapshot) return
    assert.is(repair.isUntouched(pair.fd), true)
    pair.client.write('unread')
    await waitFor(() => repair.bytesIn(pair.fd) === 6)
    assert.is(repair.isUntouched(pair.fd), true, 'nobody has read it')
    const before = done(repair.position(pair.fd))
    if ('why' in before) return
    assert.equal([before.readSeq, before.writeSeq], [snapshot.firstReceived, snapshot.firstSent])
    assert.is(before.receiveSeq, advance(snapshot.firstReceived, 6))
    await new Promise((resolve) => pair.server.once('data', resolve).resume())
    assert.is(repair.isUntouched(pair.fd), false)
    pair.server.end('four')
    await waitFor(() => pair.ended() === 'ended')
    const after = done(repair.position(pair.fd))
    if ('why' in after) return
    assert.equal(
      [after.readSeq, after.writeSeq, after.finReceived, after.finSent],
      [advance(snapshot.firstReceived, 6), advance(snapshot.firstSent, 4), false, true],
    )
    await waitFor(() => repair.bytesAcknowledged(pair.fd) === 5)
    const other = await connected(scope)
    other.client.end('last')
    await waitFor(() => repair.bytesIn(other.fd) === 5)
    const ended = done(repair.position(other.fd))
    if ('why' in ended) return
    assert.equal([ended.finReceived, ended.receiveSeq], [true, advance(ended.readSeq, 5)])
  },
  NEEDS,
)

test(
  'captured with both its queues: unread and unsent bytes are there in the next socket',
  async (scope) => {
    const pair = await connected(scope)
    pair.client.pause()
    pair.client.write('unread')
    await waitFor(() => repair.bytesIn(pair.fd) === 6)
    const capture = done(repair.capture(pair.fd))
    if ('why' in capture) return
    assert.equal([Buffer.from(capture.unread).toString(), capture.unacknowledged.byteLength], ['unread', 0])
    assert.equal([capture.finReceived, capture.finSent], [false, false])
    pair.server.destroy()
    await new Promise((resolve) => pair.server.once('close', resolve))
    const fd = done(repair.restore({ ...capture, ...pair.ends })) as number
    done(repair.fillReceived(fd, capture.unread))
    done(repair.letGo(fd))
    const socket = adopted(scope, fd)
    const got = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    assert.is(got.toString(), 'unread')
    socket.write('answer')
    pair.client.resume()
    await waitFor(() => pair.heard() === 'answer')
  },
  NEEDS,
)

test(
  'a client that has ended: the snapshot still begins at its first byte, and the rebuilt socket is past its FIN',
  async (scope) => {
    const pair = await connected(scope)
    pair.client.end('last')
    await waitFor(() => repair.bytesIn(pair.fd) === 5)
    const [snapshot, capture] = [done(repair.snapshot(pair.fd)), done(repair.capture(pair.fd))]
    if ('why' in snapshot || 'why' in capture) return
    assert.ok(capture.finReceived)
    assert.is(
      capture.receiveSeq,
      (snapshot.firstReceived + 1) >>> 0,
      'the FIN is counted, what is unread before it is not',
    )
    pair.server.destroy()
    await new Promise((resolve) => pair.server.once('close', resolve))
    const progress = {
      received: 4,
      finReceived: true,
      acknowledged: 0,
      finAcknowledged: false,
      ageMs: 0,
      clock: undefined,
    }
    const fd = done(repair.restore(planRestore(snapshot, { ...pair.ends, ...progress }))) as number
    done(repair.letGo(fd))
    done(repair.send(fd, Buffer.from('heard you')))
    await waitFor(() => pair.heard() === 'heard you')
    adopted(scope, fd).end()
    await waitFor(() => pair.ended() === 'ended')
  },
  NEEDS,
)

for (const address of ['127.0.0.1', '::1']) {
  test(
    `whether a connection is taken (${address}): while it stands or is rebuilt, and not after it went in silence`,
    async (scope) => {
      const pair = await connected(scope, address)
      const { local, remote } = pair.ends
      assert.ok(repair.isTaken(local, remote))
      assert.not(repair.isTaken(local, { ...remote, port: 1 }))
      const capture = done(repair.capture(pair.fd))
      if ('why' in capture) return
      pair.server.destroy()
      await new Promise((resolve) => pair.server.once('close', resolve))
      assert.not(repair.isTaken(local, remote))
      const fd = done(repair.restore({ ...capture, ...pair.ends })) as number
      assert.ok(repair.isTaken(local, remote), 'in repair mode')
      repair.silence(fd)
      sys.close(fd)
      assert.is(pair.ended(), '', 'the client has heard nothing of all that')
    },
    NEEDS,
  )
}

test(
  'a rebuilt socket is deaf until it is let go: nothing is acknowledged before all of it is there',
  async (scope) => {
    const pair = await connected(scope)
    const capture = done(repair.capture(pair.fd))
    if ('why' in capture) return
    pair.server.destroy()
    await new Promise((resolve) => pair.server.once('close', resolve))
    const fd = done(repair.restore({ ...capture, ...pair.ends })) as number
    pair.client.write('psst')
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.is(repair.bytesIn(fd), 0)
    done(repair.letGo(fd))
    await waitFor(() => repair.bytesIn(fd) === 4)
    adopted(scope, fd)
  },
  NEEDS,
)

test(
  'a failure names its step, and leaves no descriptor',
  async (scope) => {
    const pair = await connected(scope)
    const snapshot = done(repair.snapshot(pair.fd))
    if ('why' in snapshot) return
    const beginning = {
      received: 0,
      finReceived: false,
      acknowledged: 0,
      finAcknowledged: false,
      ageMs: 0,
      clock: undefined,
    }
    const plan = planRestore(snapshot, { ...pair.ends, ...beginning })
    const lowest = () => {
      const fd = sys.eventfd(0, 0)
      sys.close(fd)
      return fd
    }
    const before = lowest()
    // The connection stands: there cannot be a second one.
    const failed = repair.restore(plan)
    assert.ok(typeof failed === 'object' && /^connect: E/.test(failed.why), JSON.stringify(failed))
    assert.is(lowest(), before)
    assert.match(JSON.stringify(repair.snapshot(sys.eventfd(0, 0))), /TCP_REPAIR: E/)
  },
  NEEDS,
)

test(
  'rebuilt before bytes that the peer was told had come: what it says next lies beyond a gap, and is not taken',
  async (scope) => {
    const pair = await connected(scope)
    const snapshot = done(repair.snapshot(pair.fd))
    if ('why' in snapshot) return
    pair.client.write('lost')
    await waitFor(() => repair.bytesIn(pair.fd) === 4)
    leave(repair, pair)
    await new Promise((resolve) => pair.server.once('close', resolve))
    const none = {
      received: 0,
      finReceived: false,
      acknowledged: 0,
      finAcknowledged: false,
      ageMs: 0,
      clock: undefined,
    }
    const fd = done(repair.restore(planRestore(snapshot, { ...pair.ends, ...none }))) as number
    done(repair.letGo(fd))
    const socket = adopted(scope, fd)
    let got = ''
    socket.on('data', (chunk) => {
      got += chunk
    })
    assert.is(repair.inbound(fd), 'nothing')
    pair.client.write('more')
    await waitFor(() => repair.inbound(fd) === 'gap')
    assert.is(got, '')
  },
  NEEDS,
)

test(
  'deaf, it hears nothing, and hears it all when it listens again',
  async (scope) => {
    const pair = await connected(scope)
    repair.deafen(pair.fd)
    pair.client.write('psst')
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.is(repair.bytesIn(pair.fd), 0)
    repair.hear(pair.fd)
    await waitFor(() => repair.bytesIn(pair.fd) === 4)
  },
  NEEDS,
)

test.run()
