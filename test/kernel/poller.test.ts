import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../src/base/clock.js'
import { EPOLLET, EPOLLIN, EPOLLOUT } from '../../src/kernel/constants.js'
import { epollEventLayout } from '../../src/kernel/epoll-event.js'
import { Poller, type Source } from '../../src/kernel/poller.io.js'
import { loadSyscalls, type Syscalls } from '../../src/kernel/syscalls.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('kernel/poller')

test('an epoll_event is packed on x86-64 alone', () => {
  assert.equal(epollEventLayout('x64'), { words: 3, fdWord: 1, generationWord: 2 })
  assert.equal(epollEventLayout('arm64'), { words: 4, fdWord: 2, generationWord: 3 })
})

interface Bench {
  readonly poller: Poller
  readonly sys: Syscalls
  readonly clock: { ms: number }
  readonly said: string[]
  /** `all`: with the next wake everything is another's. */
  readonly left: { all: boolean }
  /** An eventfd that is readable from the start if `value` is not 0. */
  source(name: string, value: number, act?: () => void): Source & { fd: number }
}

function bench(scope: Scope): Bench | undefined {
  const sys = loadSyscalls()
  if ('why' in sys) return undefined
  const clock = { ms: 0 }
  const said: string[] = []
  const left = { all: false }
  const time: Clock = { now: () => clock.ms, wall: () => 0 }
  const poller = new Poller(sys, time, {
    onFault: (error, fd) => said.push(`fault ${fd < 0 ? 'of a task' : 'of a source'}: ${(error as Error).message}`),
    onWake: () => said.push('wake') > 0 && !left.all,
  })
  scope.defer(() => poller.dispose())
  const source = (name: string, value: number, act: () => void = () => {}) => {
    const fd = sys.eventfd(value, 0)
    const made = {
      fd,
      isWaiting: false,
      onReady: (events: number) => {
        said.push(`${name} ${events & ~EPOLLOUT}`)
        act()
      },
    }
    scope.defer(() => void sys.close(fd))
    assert.is(poller.add(fd, EPOLLIN | EPOLLET, made), 0)
    return made
  }
  return { poller, sys, clock, said, left, source }
}

test('a turn: tasks from before, events, those who wait, tasks from within', (scope) => {
  const b = bench(scope)
  if (b === undefined) return
  const waiting = b.source('waiting', 0)
  b.source('ready', 1, () => b.poller.defer(() => b.said.push('from within')))
  b.poller.again(waiting)
  b.poller.again(waiting)
  b.poller.defer(() => b.said.push('from before'))
  b.poller.turn(-1)
  assert.equal(b.said, ['from before', 'ready 1', 'waiting 0', 'from within'])
  b.poller.turn(0)
  assert.is(b.said.length, 4)
})

test('who wakes it is heard before all that is ready, also before what was ready earlier', (scope) => {
  const b = bench(scope)
  if (b === undefined) return
  const { poller, sys, said, left } = b
  b.source('client', 1)
  sys.signal(poller.wakeFd)
  poller.turn(-1)
  assert.equal(said.splice(0), ['wake', 'client 1'])

  const waiting = b.source('waiting', 0)
  poller.again(waiting)
  b.source('another', 1)
  poller.defer(() => said.push('task'))
  sys.signal(poller.wakeFd)
  left.all = true
  poller.turn(-1)
  assert.equal(said, ['task', 'wake'], 'what is left to another is not touched')
})

test('who asks again within its turn waits for the next one, and nobody sleeps meanwhile', (scope) => {
  const b = bench(scope)
  if (b === undefined) return
  let left = 3
  const greedy = b.source('greedy', 1, () => left-- > 0 && b.poller.again(greedy))
  for (const expected of [1, 2, 3, 4]) {
    b.poller.turn(-1)
    assert.is(b.said.length, expected)
  }
  b.poller.defer(() => b.poller.defer(() => b.poller.defer(() => b.said.push('later'))))
  b.poller.turn(-1)
  b.poller.turn(0)
  assert.is(b.said.at(-1), 'later')
})

test('a fault in one source or task takes nothing from the others, and the source is asked once more', (scope) => {
  const b = bench(scope)
  if (b === undefined) return
  let faults = 1
  b.source('bad', 1, () => {
    if (faults-- > 0) throw new Error('oops')
  })
  b.source('good', 1)
  b.poller.defer(() => {
    throw new Error('oh')
  })
  b.poller.defer(() => b.said.push('task'))
  b.poller.turn(0)
  assert.equal(b.said, ['fault of a task: oh', 'task', 'bad 1', 'fault of a source: oops', 'good 1'])
  b.poller.turn(-1)
  assert.is(b.said.at(-1), 'bad 0')
})

test('a handler or a task that turns its own poller is refused, and nobody misses an event', (scope) => {
  const b = bench(scope)
  if (b === undefined) return
  let tries = 1
  b.source('bad', 1, () => {
    if (tries-- > 0) b.poller.turn(0)
  })
  b.source('good', 1)
  b.poller.defer(() => b.poller.turn(0))
  b.poller.turn(0)
  b.poller.turn(0)
  const why = 'broken invariant: a poller is not turned by its own handlers'
  assert.equal(b.said, [`fault of a task: ${why}`, 'bad 1', `fault of a source: ${why}`, 'good 1', 'bad 0'])
})

test('an event of a descriptor that was closed, and its number used again, is not for the new one', (scope) => {
  const b = bench(scope)
  if (b === undefined) return
  const closer: { victim?: Source & { fd: number } } = {}
  b.source('first', 1, () => {
    if (closer.victim === undefined) return
    const { fd } = closer.victim
    b.poller.close(fd)
    const heir = b.source('heir', 0)
    assert.is(heir.fd, fd, 'the lowest free number')
  })
  closer.victim = b.source('victim', 1)
  b.poller.turn(0)
  b.poller.turn(0)
  assert.equal(b.said, ['first 1'])
})

test('a fault of a source that has closed its descriptor is not blamed on who got the number', (scope) => {
  const b = bench(scope)
  if (b === undefined) return
  const first = b.source('first', 1, () => {
    b.poller.close(first.fd)
    assert.is(b.source('heir', 0).fd, first.fd, 'the lowest free number')
    throw new Error('too late')
  })
  b.poller.turn(0)
  assert.equal(b.said, ['first 1', 'fault of a task: too late'])
})

test('alarms ring once, when due; one that was cleared does not', (scope) => {
  const b = bench(scope)
  if (b === undefined) return
  const rings = (name: string) => ({ place: -1, alarmAt: 0, onAlarm: () => b.said.push(name) })
  const [early, late, never] = [rings('early'), rings('late'), rings('never')]
  b.poller.setAlarm(late, 200)
  b.poller.setAlarm(early, 100)
  b.poller.setAlarm(never, 100)
  b.poller.clearAlarm(never)
  for (const ms of [50, 100, 150, 199, 200, 1_000]) {
    b.clock.ms = ms
    b.poller.turn(0)
    b.said.push(`${ms}`)
  }
  assert.equal(b.said, ['50', 'early', '100', '150', '199', 'late', '200', '1000'])
})

test('an alarm is heard however busy the loop is, and ends a wait without end', (scope) => {
  const b = bench(scope)
  if (b === undefined) return
  const sleeper = { place: -1, alarmAt: 0, onAlarm: () => b.said.push('alarm') }
  b.poller.setAlarm(sleeper, 10)
  b.clock.ms = 10
  b.poller.turn(-1)
  assert.equal(b.said, ['alarm'])
  b.poller.setAlarm(sleeper, 10)
  b.clock.ms = 20
  const busy = b.source('busy', 0, () => b.sys.signal(busy.fd))
  b.sys.signal(busy.fd)
  for (let i = 0; i < 100; i++) b.poller.turn(-1)
  assert.is(b.said.filter((word) => word === 'alarm').length, 2)
})

test('another thread ends a wait without end, each time', async (scope) => {
  const b = bench(scope)
  if (b === undefined) return
  const { wakeFd } = b.poller
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const code = `
    const { workerData: { wakeFd, gate } } = require('node:worker_threads')
    const { writeSync } = require('node:fs')
    for (let turn = 0; turn < 3; turn++) {
      Atomics.wait(gate, 0, turn)
      writeSync(wakeFd, new Uint8Array(new BigInt64Array([1n]).buffer))
    }`
  const worker = new Worker(code, { eval: true, workerData: { wakeFd, gate } })
  const end = once(worker, 'exit')
  for (const turn of [1, 2, 3]) {
    Atomics.store(gate, 0, turn)
    Atomics.notify(gate, 0)
    b.poller.turn(-1)
    assert.is(b.said.length, turn)
  }
  await end
})

test.run()
