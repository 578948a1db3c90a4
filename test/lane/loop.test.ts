/** A lane in a thread of its own, on either engine. */
import { once } from 'node:events'
import net from 'node:net'
import { Worker } from 'node:worker_threads'
import { loadEpoll } from '../../src/kernel/epoll-endpoint.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { EngineName, FromLane, LaneSetup, ToLane } from '../../src/proxy/lane-protocol.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import { countersMemory, sharedCounters } from '../../src/proxy/shared-counters.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { freePort } from '../peers/ports.js'
import { A, ADDRESS, clock, echoAt, serviceOn } from './two-lanes.js'

const test = suite('lane/loop', 20_000)

/** A thread does not inherit the loader of TypeScript. */
const THREAD = `
  import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ register }) => {
    register()
    return import(${JSON.stringify(new URL('./buggy-worker.ts', import.meta.url))})
  })`

/** Directs one service with an echo program on its own node. */
async function directingThread(scope: Scope, engine: EngineName, port: number) {
  const [leases, counters] = [LeaseSlots.bytes(), countersMemory()]
  const address = ADDRESS[A] ?? ''
  const names = { node: A, name: 'a', boot: 1, address } as const
  const setup: LaneSetup = { ...names, lane: 0, lanes: 1, engine, seed: 1, logLevel: 'debug', leases, counters }
  const worker = new Worker(THREAD, { eval: true, workerData: setup })
  const heard: FromLane[] = []
  worker.on('message', (message: FromLane) => heard.push(message))
  const epoll = loadEpoll()
  const tell = (message: ToLane) => {
    worker.postMessage(message)
    for (const one of heard) if (one.type === 'awake' && !('why' in epoll)) epoll.wake(one.wakeFd)
  }
  scope.defer(async () => {
    // In order: what system calls have opened outlives its thread.
    const exit = once(worker, 'exit')
    tell({ type: 'stop' })
    await exit
  })
  const hears = (type: FromLane['type']) =>
    until(() => heard.find((message) => message.type === type), 10_000, `the lane says ${type}`, 5)
  if (engine === 'epoll') await hears('awake')
  new LeaseSlots(leases).set(0, clock.now() + 60_000)
  tell({ type: 'services', services: [serviceOn(port)] })
  tell({ type: 'local-listeners', listeners: [{ port, address }] })
  tell({ type: 'backends', service: 'web', seats: [{ node: A, name: 'a', port }] })
  tell({ type: 'direct', service: 'web', term: { number: 1, holder: A }, slot: 0 })
  await hears('serving')
  return { heard, counters: sharedCounters(counters) }
}

async function echoed(client: net.Socket, text: string): Promise<string> {
  client.write(text)
  const [chunk] = (await once(client, 'data')) as [Buffer]
  return chunk.toString()
}

const engines: EngineName[] = process.platform === 'linux' ? ['epoll', 'net'] : ['net']
for (const engine of engines) {
  test(`${engine}: a fault in one splice is named, ends both its sides, and the thread goes on with the others`, async (scope) => {
    const port = await freePort(ADDRESS.service)
    const ends: string[] = []
    await echoAt(scope, A, port, (socket) => {
      socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? ''))
      socket.pipe(socket)
    })
    const { heard, counters } = await directingThread(scope, engine, port)
    const connect = () => net.connect({ host: ADDRESS.service, port })
    const [good, bad] = [connect(), connect()]
    scope.defer(() => {
      for (const client of [good, bad]) client.destroy()
    })
    assert.is(await echoed(good, 'one'), 'one')
    assert.is(await echoed(bad, 'two'), 'two')
    const reset = once(bad, 'error')
    bad.write('BUG')
    const [error] = (await reset) as [NodeJS.ErrnoException]
    assert.is(error.code, 'ECONNRESET')
    await until(() => (ends.length > 0 ? true : undefined), 5_000, 'the program hears of it', 5)
    assert.equal(ends, ['ECONNRESET'])
    const faults = heard.filter((message) => message.type === 'log' && message.event === 'lane-fault')
    assert.equal([faults.length, counters.incidents], [1, 1])
    assert.match(JSON.stringify(faults), /"splice":"[^"]*2","service":"web","why":"a bug"/)
    assert.is(await echoed(good, 'three'), 'three')
    const next = connect()
    scope.defer(() => void next.destroy())
    assert.is(await echoed(next, 'four'), 'four')
  })
}

test.run()
