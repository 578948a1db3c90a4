/** A bug in what belongs to one splice: who is told, what ends, and what goes on. */
import { Prng } from '../../src/base/prng.js'
import { Lane } from '../../src/lane/lane.js'
import type { FromLane } from '../../src/proxy/lane-protocol.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import type { ListenHandler, SocketHandler } from '../../src/proxy/ports.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import { SERVICE_DEFAULTS, type Service } from '../../src/proxy/service.js'
import { countersMemory, sumOfCounters } from '../../src/proxy/shared-counters.js'
import { recordBuffers } from '../../src/trunk/record.js'
import { assert, suite } from '../harness/suite.js'
import { FakeSocket } from '../proxy/fake-socket.js'
import { A, bytesOf, data, LinkUnderTest, textOf } from './link-under-test.js'

const test = suite('lane/faults')
const ADDRESS = '10.0.0.100'
const IDLE_MS = 60_000
const WEB: Service = {
  ...SERVICE_DEFAULTS,
  name: 'web',
  address: ADDRESS,
  ports: [{ first: 80, last: 80 }],
  idleMs: IDLE_MS,
}

class ClientSocket extends FakeSocket {
  handler: SocketHandler | undefined

  override attach(handler: SocketHandler): void {
    this.handler = handler
    super.attach(handler)
  }
}

interface Splice {
  readonly client: ClientSocket
  readonly program: FakeSocket
}

/** One lane that directs, with programs on its own node. The test is the kernel, and what catches exceptions. */
class Room {
  readonly heard: FromLane[] = []
  now = 1_000
  #fd = 10
  readonly #programs: FakeSocket[] = []
  #listener: ListenHandler | undefined
  dialFails = false
  endFails = false
  readonly lane: Lane

  constructor() {
    const memory = LeaseSlots.bytes()
    const leases = new LeaseSlots(memory)
    const names = { node: A, name: 'a', boot: 1, address: '10.0.0.1' } as const
    this.lane = new Lane({
      setup: {
        ...names,
        lane: 0,
        lanes: 1,
        engine: 'epoll',
        seed: 1,
        logLevel: 'debug',
        leases: memory,
        counters: countersMemory(),
      },
      clock: { now: () => this.now, wall: () => 0 },
      random: new Prng(1),
      sockets: {
        engine: 'fake',
        dial: () => {
          if (this.dialFails) throw new Error('a bug')
          const program = new FakeSocket(++this.#fd)
          this.#programs.push(program)
          return program
        },
        listen: (_at, _options, handler) => {
          this.#listener = handler
          return { close: () => {} }
        },
      },
      seals: { sealer: unused, opener: unused },
      leases,
      counters: sumOfCounters([]),
      pool: new RetentionPool(),
      buffers: recordBuffers(),
      post: (message) => {
        if (this.endFails && message.type === 'log' && message.event === 'splice-ended') bug()
        this.heard.push(message)
      },
      defer: (task) => task(),
    })
    leases.set(0, Number.MAX_SAFE_INTEGER)
    this.lane.receive({ type: 'services', services: [WEB] })
    this.lane.receive({ type: 'local-listeners', listeners: [{ port: 80, address: '10.0.0.1' }] })
    this.lane.receive({ type: 'backends', service: 'web', seats: [{ node: A, name: 'a', port: 80 }] })
    this.lane.receive({ type: 'direct', service: 'web', term: { number: 1, holder: A }, slot: 0 })
  }

  accept(): ClientSocket {
    const client = new ClientSocket(++this.#fd)
    this.during(3, () => this.#listener?.onAccept(client))
    return client
  }

  splice(): Splice {
    const client = this.accept()
    const program = this.#programs.at(-1) as FakeSocket
    this.during(program.fd, () => program.open())
    return { client, program }
  }

  /** As both loops do it. */
  during(fd: number, act: () => void, handler?: SocketHandler): void {
    try {
      act()
    } catch (error) {
      this.lane.onFault(error, fd, handler)
    }
  }

  /** The splices that faults were logged of, by the number in their id; 0: of none. */
  faults(): number[] {
    return this.heard.flatMap((message) => {
      if (message.type !== 'log' || message.event !== 'lane-fault') return []
      assert.is(message.level, 'error')
      const { splice = '0', why } = message.fields
      assert.is(why, 'a bug')
      return Number(String(splice).match(/\d+$/)?.[0])
    })
  }

  count() {
    this.lane.receive({ type: 'query', query: 1, limit: 10 })
    const answer = this.heard.at(-1)
    assert.is(answer?.type, 'answer')
    if (answer?.type !== 'answer') throw new Error('no answer')
    const { counters, active } = answer.report
    return { active, incidents: counters.incidents }
  }

  assertAlive({ client, program }: Splice): void {
    client.say(bytesOf('ping'))
    program.say(bytesOf('pong'))
    assert.equal([textOf(program.delivered.splice(0)), textOf(client.delivered.splice(0))], ['ping', 'pong'])
    assert.equal([client.resets, program.resets], [0, 0])
  }
}

function unused(): never {
  throw new Error('there are no links')
}

function bug(): never {
  throw new Error('a bug')
}

test('a half that throws at its other half’s bytes: an incident of that splice, which is reset on both sides', () => {
  const room = new Room()
  const [first, second, third] = [room.splice(), room.splice(), room.splice()]
  second.program.write = bug
  room.during(second.client.fd, () => second.client.say(bytesOf('x')))
  assert.equal([second.client.resets, second.program.resets], [1, 1])
  assert.equal(room.faults(), [2])
  for (const splice of [first, third]) room.assertAlive(splice)
  for (const socket of [second.client, second.program]) socket.closeIfDone()
  assert.equal(room.count(), { active: 2, incidents: 1 })
})

test('a half that throws at its own program’s bytes is found by the program’s descriptor', () => {
  const room = new Room()
  const [first, second] = [room.splice(), room.splice()]
  first.client.write = bug
  room.during(first.program.fd, () => first.program.say(bytesOf('x')))
  assert.equal([first.client.resets, first.program.resets, ...room.faults()], [1, 1, 1])
  room.assertAlive(second)
})

test('a half that throws at its socket’s end is known by itself, and the other side is reset', () => {
  const room = new Room()
  const [first, second] = [room.splice(), room.splice()]
  room.endFails = true
  // Its descriptor is closed then, and may be another's.
  room.during(-1, () => first.client.close('reset'), first.client.handler)
  room.endFails = false
  assert.equal([...room.faults(), first.program.resets], [1, 1])
  first.program.closeIfDone()
  assert.is(room.count().active, 1)
  room.assertAlive(second)
})

test('an accepted client whose handling throws is reset and named, and the next one is welcome', () => {
  const room = new Room()
  room.dialFails = true
  const unlucky = room.accept()
  assert.equal([unlucky.resets, room.faults(), room.count()], [1, [1], { active: 0, incidents: 1 }])
  room.dialFails = false
  room.assertAlive(room.splice())
})

test('one splice that throws when it is swept keeps no other from its turn', () => {
  const room = new Room()
  const splices = [room.splice(), room.splice(), room.splice()]
  const [, second] = splices as [Splice, Splice, Splice]
  second.program.reset = bug
  room.now += IDLE_MS + 1
  room.during(-1, () => room.lane.sweep(room.now))
  assert.equal(
    splices.map(({ client }) => client.resets),
    [1, 1, 1],
  )
  assert.ok(room.faults().length > 0 && room.faults().every((splice) => splice === 2))
  for (const { client, program } of splices) for (const socket of [client, program]) socket.closeIfDone()
  assert.is(room.count().active, 0)
})

test('one that cannot even be ended does not keep the others, or the lease’s slot, when the service is let go', () => {
  const room = new Room()
  const splices = [room.splice(), room.splice(), room.splice()]
  const [first] = splices as [Splice, Splice, Splice]
  first.program.reset = bug
  room.during(-1, () => room.lane.receive({ type: 'undirect', service: 'web', slot: 0, why: 'lease-lost' }))
  assert.equal(
    splices.map(({ client }) => client.resets),
    [1, 1, 1],
  )
  assert.equal(room.heard.at(-1), { type: 'undirected', slot: 0 })
})

test('a half that throws at a frame of its link: the peer is told of that splice, and the link carries the others', () => {
  const room = new LinkUnderTest()
  const [first, second] = [room.splice(2), room.splice(4)]
  first.write = bug
  room.hears(data(2, 0, 'x'), data(4, 0, 'behind it in the same record'))
  assert.equal([first.resets, second.resets, room.link.isUp], [1, 0, true])
  assert.equal(room.said(), [{ kind: 'reset', handle: 2, reason: 'other' }])
  assert.is(textOf(second.delivered), 'behind it in the same record')
})

test('a fault that belongs to no splice is logged with its place in the code, and nothing ends', () => {
  const room = new Room()
  const splice = room.splice()
  room.during(-1, bug)
  assert.equal([room.faults(), room.count().incidents], [[0], 1])
  const log = room.heard.find((message) => message.type === 'log' && message.event === 'lane-fault')
  assert.match(JSON.stringify(log), 'faults.test.ts')
  room.assertAlive(splice)
})

test.run()
