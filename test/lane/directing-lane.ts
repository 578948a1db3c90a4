/** A lane that directs, without a kernel, threads or time. */
import type { Endpoint } from '../../src/base/address.js'
import { Prng } from '../../src/base/prng.js'
import type { CarriedRow } from '../../src/lane/carried.js'
import type { Rebuilder } from '../../src/lane/frozen-socket.js'
import { Lane } from '../../src/lane/lane.js'
import { SpliceRecords } from '../../src/lane/splice-records.js'
import type { FromLane } from '../../src/proxy/lane-protocol.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import type { CarriedEnds, DialOptions, ListenHandler, SocketHandler } from '../../src/proxy/ports.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import { SERVICE_DEFAULTS, type Service } from '../../src/proxy/service.js'
import { countersMemory, sumOfCounters } from '../../src/proxy/shared-counters.js'
import { recordBuffers } from '../../src/trunk/record.js'
import { assert } from '../harness/suite.js'
import { FakeSocket } from '../proxy/fake-socket.js'
import { A, bytesOf, textOf } from './link-under-test.js'

const ADDRESS = '10.0.0.100'
export const IDLE_MS = 60_000
export const WEB: Service = {
  ...SERVICE_DEFAULTS,
  name: 'web',
  address: ADDRESS,
  ports: [{ first: 80, last: 80 }],
  idleMs: IDLE_MS,
}

export class ClientSocket extends FakeSocket {
  handler: SocketHandler | undefined

  override attach(handler: SocketHandler): void {
    this.handler = handler
    super.attach(handler)
  }

  carried(): CarriedEnds {
    return { unsent: new Uint8Array(0), read: false, ending: false, sent: false }
  }
}

export interface Splice {
  readonly client: ClientSocket
  readonly program: FakeSocket
}

/** One lane that directs, with programs on its own node. The test is the kernel, and what catches exceptions. */
export class DirectingLane {
  readonly heard: FromLane[] = []
  now = 1_000
  #fd = 10
  readonly #programs: FakeSocket[] = []
  #listener: ListenHandler | undefined
  readonly #adopted = new Map<number, ClientSocket>()
  readonly dialled: (DialOptions & { readonly to: Endpoint })[] = []
  readonly adopted: number[] = []
  readonly letGo: number[] = []
  readonly soon: (() => void)[] = []
  dialFails = false
  listensAt: (at: Endpoint) => boolean | undefined = () => undefined
  endFails = false
  readonly lane: Lane
  readonly records: SpliceRecords

  /** The last of so many lanes; the first, 0, opens the port of the service. */
  constructor(lane = 0, rebuilder?: Rebuilder, settings: Partial<Service> = {}) {
    const memory = LeaseSlots.bytes()
    const leases = new LeaseSlots(memory)
    const names = { node: A, name: 'a', boot: 1, address: '10.0.0.1' } as const
    const setup = {
      ...names,
      lane,
      lanes: lane + 1,
      engine: 'epoll',
      seed: 1,
      logLevel: 'debug',
      leases: memory,
      counters: countersMemory(),
    } as const
    const clock = { now: () => this.now, wall: () => this.now }
    const counters = sumOfCounters([])
    const post = (message: FromLane) => {
      if (this.endFails && message.type === 'log' && message.event === 'splice-ended') bug()
      this.heard.push(message)
    }
    this.records = new SpliceRecords({ setup, clock, counters, post })
    this.lane = new Lane({
      setup,
      clock,
      records: this.records,
      random: new Prng(1),
      sockets: {
        engine: 'fake',
        dial: (to, options) => {
          this.dialled.push({ to, ...options })
          if (this.dialFails) throw new Error('a bug')
          const program = new ClientSocket(++this.#fd)
          this.#programs.push(program)
          return program
        },
        listen: (_at, _options, handler) => {
          this.#listener = handler
          return { close: () => {} }
        },
        adoptListener: (fd, _at, handler) => {
          this.adopted.push(fd)
          this.#listener = handler
          return { close: () => {} }
        },
        adoptCarried: (fd) => {
          const socket = new ClientSocket(++this.#fd)
          this.#adopted.set(fd, socket)
          return socket
        },
        closeDescriptor: (fd) => this.letGo.push(fd),
      },
      rebuilder,
      listensAt: (at) => this.listensAt(at),
      seals: { sealer: unused, opener: unused },
      leases,
      counters,
      pool: new RetentionPool(),
      buffers: recordBuffers(),
      post,
      soon: (_afterMs, task) => this.soon.push(task),
      defer: (task) => task(),
    })
    leases.set(0, Number.MAX_SAFE_INTEGER)
    this.lane.receive({ type: 'services', services: [{ ...WEB, ...settings }] })
    this.lane.receive({ type: 'local-listeners', listeners: [{ port: 80, address: '10.0.0.1' }] })
    this.lane.receive({ type: 'backends', service: 'web', seats: [{ node: A, name: 'a', port: 80 }] })
    this.lane.receive({ type: 'direct', service: 'web', term: { number: 1, holder: A }, slot: 0 })
  }

  accept(): ClientSocket {
    const client = new ClientSocket(++this.#fd)
    this.during(3, () => this.#listener?.onAccept(client))
    return client
  }

  /** A socket that the process before this one has left. */
  inherit(row: CarriedRow): ClientSocket {
    const [socket] = this.inheritAll([row])
    if (socket === undefined) throw new Error('it was not taken')
    return socket
  }

  /** All of them, in the order of their rows. */
  inheritAll(rows: readonly CarriedRow[]): ClientSocket[] {
    this.#adopted.clear()
    this.lane.takeOver(rows.map((row, i) => ({ row, fd: i })))
    return rows.flatMap((_, i) => this.#adopted.get(i) ?? [])
  }

  /** The program that was dialled last accepts. */
  openLast(): void {
    const program = this.#programs.at(-1) as FakeSocket
    this.during(program.fd, () => program.open())
  }

  /** In the order in which they were dialled. */
  get programs(): readonly FakeSocket[] {
    return this.#programs
  }

  get lastProgram(): FakeSocket {
    return this.#programs.at(-1) as FakeSocket
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

  /** Lines of the access log so far. */
  lines(): Record<string, unknown>[] {
    this.lane.receive({ type: 'access-taken' })
    this.lane.sweep(this.now)
    const texts = this.heard.flatMap((message) => (message.type === 'access' ? message.text.trimEnd().split('\n') : []))
    return texts.map((text) => JSON.parse(text))
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

export function bug(): never {
  throw new Error('a bug')
}
