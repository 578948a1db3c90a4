/** Several lanes in their threads, as a node has them: what they share is let go and opened again, as fast as can be. */
import { readdirSync, readlinkSync } from 'node:fs'
import { loadEpoll } from '../../../src/kernel/epoll-endpoint.io.js'
import { until } from '../../../src/lab/wait.io.js'
import type { LaneGroup } from '../../../src/node/lanes/lane-group.io.js'
import type { FromLane } from '../../../src/proxy/lane-protocol.js'
import { LeaseSlots } from '../../../src/proxy/lease-slots.js'
import type { Service } from '../../../src/proxy/service.js'
import { assert, type Scope, suite } from '../../harness/suite.js'
import { A, service } from '../sample.js'

const test = suite('node/lanes/lane-group', 30_000)
const LANES = 4
const ADDRESS = `127.${10 + (process.pid % 200)}.${(process.pid >> 8) % 250}.205`
const WEB: Service = { ...service('web', 8_080), address: ADDRESS, ports: [{ first: 8_080, last: 8_083 }] }

/** Lanes are threads of built code. */
const BUILT = new URL('../../../dist/node/lanes/lane-group.io.js', import.meta.url).href

async function lanes(scope: Scope) {
  const epoll = loadEpoll()
  if ('why' in epoll) return undefined
  const heard: FromLane[] = []
  const leases = LeaseSlots.bytes()
  for (let slot = 0; slot < 100; slot++) new LeaseSlots(leases).set(slot, Number.MAX_SAFE_INTEGER)
  const { LaneGroup: Built } = (await import(BUILT)) as { LaneGroup: typeof LaneGroup }
  const group = new Built({
    engine: { name: 'epoll', lanes: LANES, why: '', wake: (fd) => epoll.wake(fd) },
    node: A,
    name: 'a',
    boot: 1,
    address: ADDRESS,
    seed: () => 1,
    leases,
    logger: { log: () => {} },
    logLevel: 'error',
    onMessage: (message) => heard.push(message),
    onDeath: (_lane, error) => void Promise.reject(error),
    members: () => [],
  })
  scope.defer(() => group.stop(2_000))
  const served = async (times: number) => {
    const count = () => heard.filter(({ type }) => type === 'serving').length
    const problem = () => heard.find(({ type }) => type === 'cannot-serve')
    await until(() => (count() >= times || problem() !== undefined ? true : undefined), 10_000, 'served', 1)
    assert.is(problem(), undefined, `after ${count()} times`)
  }
  return { group, served }
}

/** Of the engine and of all others in this process. */
function sockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false
    }
  }).length
}

if (process.platform === 'linux') {
  test('a service that is let go and directed again at once is served again, and no descriptor stays behind', async (scope) => {
    const room = await lanes(scope)
    if (room === undefined) return
    const { group, served } = room
    const before = sockets()
    const direct = (number: number) => {
      group.post({ type: 'direct', service: 'web', term: { number, holder: A }, slot: number })
    }
    group.post({ type: 'services', services: [WEB] })
    direct(1)
    for (let number = 1; number < 30; number++) {
      await served(number)
      group.post({ type: 'undirect', service: 'web', slot: number, why: 'lease-lost' })
      direct(number + 1)
    }
    await served(30)
    group.post({ type: 'undirect', service: 'web', slot: 30, why: 'lease-lost' })
    await until(
      () => (sockets() === before ? true : undefined),
      5_000,
      () => `${sockets()} sockets, not ${before}`,
      5,
    )
  })

  test('ports that are taken from a service and given back at once are served again', async (scope) => {
    const room = await lanes(scope)
    if (room === undefined) return
    const { group, served } = room
    group.post({ type: 'services', services: [WEB] })
    group.post({ type: 'direct', service: 'web', term: { number: 1, holder: A }, slot: 1 })
    await served(1)
    const fewer = { ...WEB, ports: [{ first: 8_080, last: 8_080 }] }
    for (let turn = 1; turn <= 20; turn++) {
      group.post({ type: 'services', services: [fewer] })
      group.post({ type: 'services', services: [WEB] })
      // Of fewer ports, and of all of them again.
      await served(1 + 2 * turn)
    }
  })

  test('every lane takes programs at the doors of a service; and a port that goes to another service is taken there', async (scope) => {
    const room = await lanes(scope)
    if (room === undefined) return
    const { group } = room
    await group.awake()
    const outward = 10_000 + (process.pid % 20_000)
    const [one, two] = ['one', 'two'].map((name) => ({ ...WEB, name, outward, outwardTo: 'any' }))
    const before = sockets()
    const taken = (name: string) =>
      until(
        async () => {
          const door = (await group.query(1)).doors.find(({ service }) => service === name)
          return door?.lanes === LANES && door.why === '' ? door : undefined
        },
        5_000,
        `${name} has its doors`,
        5,
      )
    // Faster than lanes hear of each other's doors.
    for (let turn = 0; turn < 10; turn++) {
      group.post({ type: 'services', services: [one as Service] })
      group.post({ type: 'services', services: [two as Service] })
    }
    assert.is((await taken('two')).port, outward)
    group.post({ type: 'services', services: [one as Service] })
    await taken('one')
    group.post({ type: 'services', services: [] })
    await until(
      () => (sockets() === before ? true : undefined),
      5_000,
      () => `${sockets()} sockets, not ${before}`,
      5,
    )
  })
}

test.run()
