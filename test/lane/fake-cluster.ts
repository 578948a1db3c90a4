/** A director and the nodes that serve it: real lanes on a fake network, whose links are made anew when they break. */

import { formatSpliceId, type SpliceId } from '../../src/base/ids.js'
import { Prng } from '../../src/base/prng.js'
import { Channel } from '../../src/lane/channel.js'
import { Lane } from '../../src/lane/lane.js'
import { SpliceRecords } from '../../src/lane/splice-records.js'
import type { ClientHalf } from '../../src/proxy/client-half.js'
import type { FromLane, ToLane } from '../../src/proxy/lane-protocol.js'
import type { SpliceReport } from '../../src/proxy/lane-report.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import { SERVICE_DEFAULTS, type Service } from '../../src/proxy/service.js'
import { countersMemory, sumOfCounters } from '../../src/proxy/shared-counters.js'
import { recordBuffers } from '../../src/trunk/record.js'
import type { End, FakeNet } from './fake-net.js'
import { PLAIN_SEALS } from './plain-seals.js'

export const SERVICE: Service = {
  name: 'web',
  address: '10.0.0.100',
  ports: [{ first: 80, last: 80 }],
  ...SERVICE_DEFAULTS,
  proxyProtocol: 'v2',
  uploads: 'survive',
  outward: 1_080,
  outwardTo: '198.51.100.0/24',
}
/** Shared by all runs: a new block of memory for each of thousands would be most of the work. */
const BUFFERS = recordBuffers()

export class Host {
  lane: Lane
  pool: RetentionPool
  readonly heard: FromLane[] = []
  /** How often a client's bytes were said to be safe, and when they were not. */
  crossings = 0
  readonly unsafe: string[] = []
  readonly node: string
  readonly address: string
  /** As the fake network has it. */
  readonly loopback: string
  stopped = false
  /** How many processes it has had. */
  processes = 1
  #soon: (() => void)[] = []
  /** What the control plane would tell a new process. */
  readonly #told = new Map<string, ToLane>()

  constructor(
    readonly name: string,
    number: number,
    private readonly world: {
      readonly now: number
      readonly net: FakeNet
      readonly hosts?: readonly Host[]
      readonly wires?: readonly Wire[]
    },
    private readonly leases: SharedArrayBuffer,
    private readonly retainedBytesMax?: number,
  ) {
    this.pool = new RetentionPool(retainedBytesMax)
    this.node = name.repeat(32)
    this.address = `10.0.0.${number}`
    this.loopback = `127.0.0.${number}`
    this.lane = this.#lane(false)
  }

  #lane(inherits: boolean): Lane {
    const { world, name, leases } = this
    const setup = { lane: 0, lanes: 1, node: this.node, name, boot: 1, address: this.address, engine: 'net' } as const
    const soon = (task: () => void) => void this.#soon.push(task)
    const post = (message: FromLane) => void this.heard.push(message)
    const clock = { now: () => world.now, wall: () => world.now }
    const counters = sumOfCounters([])
    const laneSetup = { ...setup, seed: 1, logLevel: 'debug', leases, counters: countersMemory(), inherits } as const
    return new Lane({
      setup: laneSetup,
      clock,
      records: new SpliceRecords({ setup: laneSetup, clock, counters, post }),
      random: new Prng(1),
      sockets: world.net.socketsOf(this.address, soon),
      seals: PLAIN_SEALS,
      leases: new LeaseSlots(leases),
      counters,
      pool: this.pool,
      buffers: BUFFERS,
      post,
      soon: () => {},
      defer: soon,
      holds: {
        begin: (client, way) => {
          if (way instanceof Channel) way.carried ??= { crossed: (offset) => this.#crossed(client, offset) }
        },
        unheld: () => '',
        carried: () => undefined,
        end: () => {},
        sweep: () => {},
        leave: () => {},
      },
    })
  }

  /** A client may be told that so many of its bytes are safe: the node that serves it has them, or the splice is over there. */
  #crossed({ id, node }: ClientHalf, offset: number): void {
    const there = this.world.hosts?.find((host) => host.node === node?.node)
    // What lies on a link that its other end has replaced is dropped there, and sent again: for that moment it is on this node alone.
    if (this.world.wires?.find(({ other }) => other === there)?.isReplaced !== false) return
    this.crossings++
    for (const { bytesUp } of there?.splicesOf(id) ?? []) {
      // Its FIN counts as one.
      if (bytesUp < offset - 1) this.unsafe.push(`${offset} of ${formatSpliceId(id)}, of which ${bytesUp} have come`)
    }
  }

  /** As this node has it now. */
  splicesOf(id: SpliceId): readonly SpliceReport[] {
    if (this.stopped) return []
    const before = this.heard.splice(0)
    const { splices } = this.report()
    this.heard.splice(0, this.heard.length, ...before)
    return splices.filter((splice) => splice.id === formatSpliceId(id))
  }

  /** Another process takes the place of this one. */
  replace(): void {
    if (this.stopped) return
    this.processes++
    this.endTurn()
    const left = [...this.lane.rows()].map(({ row, fd }) => ({ row: structuredClone(row), fd }))
    this.lane.leave()
    this.endTurn()
    const kept = new Set(left.map(({ fd }) => fd))
    const isLink = ({ local, remote }: End) => local.port === LINK_PORT || remote.port === LINK_PORT
    const isProgram = ({ local }: End) => local.port === 80 && local.address === this.address
    const isOurs = ({ local }: End) =>
      local.address === this.loopback ||
      local.address === this.address ||
      (this.#told.has('direct') && local.address === SERVICE.address)
    const { net } = this.world
    net.drop((end) => isOurs(end) && !isLink(end) && !isProgram(end), kept)
    // Of the old process only what its kernel has still moves.
    for (const end of net.ends) if (isLink(end) && end.local.address === this.address) end.orphaned()
    this.#soon = []
    this.pool = new RetentionPool(this.retainedBytesMax)
    this.lane = this.#lane(true)
    for (const message of this.#told.values()) this.lane.receive(message)
    this.lane.takeOver(left)
  }

  tell(message: ToLane): void {
    const isState = ['services', 'local-listeners', 'backends', 'direct', 'directors'].includes(message.type)
    if (isState) this.#told.set(message.type, message)
    if (!this.stopped) this.lane.receive(message)
    if (message.type === 'stop') this.stopped = true
  }

  endTurn(): void {
    for (let task = this.#soon.shift(); task !== undefined; task = this.#soon.shift()) task()
  }

  sweep(): void {
    this.lane.sweep(this.world.now)
  }

  report() {
    this.heard.length = 0
    this.lane.receive({ type: 'query', query: 1, limit: 100 })
    const [answer] = this.heard
    if (answer?.type !== 'answer') throw new Error('no answer')
    return answer.report
  }

  listensTo(isListening: boolean): void {
    this.tell({ type: 'local-listeners', listeners: isListening ? [{ port: 80, address: this.address }] : [] })
  }
}

const LINK_PORT = 7_000
let links = 0

/** The one link between the director and another node, as its broker keeps it. */
export class Wire {
  #joinAt: number | undefined = 0
  #ends: End[] = []
  #processes = 2

  constructor(
    readonly director: Host,
    readonly other: Host,
    private readonly net: FakeNet,
  ) {}

  /** `delayMs`: how long a broken one stays away. */
  keep(now: number, delayMs: () => number): void {
    for (const { heard, node } of [this.director, this.other]) {
      const of = node === this.director.node ? this.other.node : this.director.node
      for (const message of heard) {
        if (message.type === 'link-down' && message.peer === of) this.#joinAt ??= now + delayMs()
      }
    }
    // A new process makes its links anew, whatever became of the old one's.
    const processes = this.director.processes + this.other.processes
    if (processes !== this.#processes) this.#joinAt ??= now + delayMs()
    this.#processes = processes
    if (this.#joinAt === undefined || this.#joinAt > now || this.other.stopped) return
    this.#joinAt = undefined
    this.join()
  }

  join(): void {
    const id = ++links
    const keys = {
      linkId: Uint8Array.from({ length: 16 }, (_, i) => id / 2 ** (8 * (i % 4))),
      out: new Uint8Array(32),
      in: new Uint8Array(32),
      suite: 'aes-256-gcm',
    } as const
    const { director, other } = this
    other.tell({ type: 'link-expect', peer: { node: director.node, name: director.name }, pair: 0, keys })
    const to = { address: other.address, port: 7000 }
    director.tell({ type: 'link-dial', peer: { node: other.node, name: other.name }, pair: 0, keys, to })
    const end = this.net.ends.at(-1)
    this.#ends = [...this.#ends.filter((old) => !old.closed), ...(end === undefined ? [] : [end])]
  }

  /** There are links before the latest that have not ended; or an end belongs to a process that is no more. */
  get isReplaced(): boolean {
    const processes = this.director.processes + this.other.processes
    return processes > 2 || this.#ends.filter(({ closed }) => !closed).length > 1
  }

  /** Both ends notice, each in its time; also of one that was thought to stand. */
  break(): void {
    for (const end of this.#ends.flatMap((one) => [one, one.peer])) {
      if (end === undefined) continue
      end.frozen = false
      end.fail('reset')
    }
  }

  /** Nobody notices; a new link takes its place. */
  replace(): void {
    for (const end of this.#ends) {
      end.frozen = true
      if (end.peer !== undefined) end.peer.frozen = true
    }
    this.join()
  }
}
