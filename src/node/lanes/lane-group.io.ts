/**
 * All lanes of a node as one: what the control plane says goes to every lane, or to the one that it concerns; what they
 * answer is put together. Lanes speak with each other only through here, and only of what they share: listening sockets
 * and fences.
 */
import { MessageChannel } from 'node:worker_threads'
import { type Endpoint, formatEndpoint } from '../../base/address.js'
import { BatonError, messageOf } from '../../base/errors.js'
import { type NodeId, sameTerm, type Term } from '../../base/ids.js'
import type { Logger, LogLevel } from '../../base/log.js'
import { SHUT_RD } from '../../kernel/constants.js'
import { loadSyscalls } from '../../kernel/syscalls.io.js'
import { FLOW_WORDS, HandedOver } from '../../lane/handover.io.js'
import type { FromLane, LaneSetup, RecoveredMessage, ToLane } from '../../proxy/lane-protocol.js'
import type { LaneReport } from '../../proxy/lane-report.js'
import type { DoorReport } from '../../proxy/outward-report.js'
import { PortAccount } from '../../proxy/port-account.js'
import type { HeldShare, HeldSlots } from '../../proxy/ports.js'
import { mergedServices, sumsOf } from '../../proxy/service-report.js'
import { countersMemory, sharedCounters, sumOfCounters } from '../../proxy/shared-counters.js'
import { UsageCells } from '../../proxy/usage.js'
import type { LanesView } from '../control/control-protocol.js'
import { localPortRange, Names } from '../outward/outward-host.io.js'
import { type Descriptors, SharedDoors } from '../outward/shared-doors.js'
import type { AccessLog } from '../seeing/access-log.io.js'
import type { Engine } from './engine.io.js'
import { answerKey, answerTo, type SharedAnswer } from './lane-answers.js'
import { LaneEstates } from './lane-estate.io.js'
import { LaneHost, listenForData } from './lane-host.io.js'
import { LaneMemory } from './lane-memory.js'
import { Rollcall } from './rollcall.js'

export interface LaneGroupOptions {
  readonly engine: Engine
  readonly node: NodeId
  readonly name: string
  readonly boot: number
  readonly address: string
  readonly seed: () => number
  readonly leases: SharedArrayBuffer
  readonly logger: Logger
  readonly logLevel: LogLevel
  /** Where lines of the access log go; not given: none are made. */
  readonly access?: AccessLog | undefined
  /** Another process has what they go on with. */
  readonly inherits?: boolean
  /** `serving` and all answers come once for all lanes. */
  readonly onMessage: (message: FromLane) => void
  /** A lane has died, and no other can take its place. */
  readonly onDeath: (lane: number, error: Error) => void
  /** Who may have splices of services that this node directs. */
  readonly members: () => readonly NodeId[]
}

/** What the group knows of one lane beside its thread. */
interface Place {
  host: LaneHost
  readonly counters: SharedArrayBuffer
  /** Where it listens for data links. */
  dataAt: Endpoint | undefined
  /** To where it was told to dial them. */
  readonly dialled: Set<string>
  /** Those that stand. */
  readonly up: Map<string, Pick<LinkMessage, 'peer' | 'pair'>>
}

type LinkMessage = Extract<FromLane, { type: 'link-up' }>

export class LaneGroup {
  readonly #places: Place[] = []
  readonly #memory = new LaneMemory()
  readonly #estates = new LaneEstates()
  readonly #usage: SharedArrayBuffer
  readonly #ports: SharedArrayBuffer
  readonly #portRange = localPortRange()
  readonly #names = new Names()
  readonly #doors: (() => number)[] = []
  readonly #shared = new SharedDoors(descriptorsHere())
  #held: HeldSlots | undefined
  /** What not all lanes have answered yet. */
  readonly #owed = new Rollcall<SharedAnswer>()
  /** By rehearsal: why a lane cannot. */
  readonly #refused = new Map<number, string>()
  /** By service: what lanes have told of this term so far. */
  readonly #recovered = new Map<string, { readonly term: Term; readonly told: Map<number, RecoveredMessage> }>()

  /** What another process has left is still to be taken over. */
  #inherits: boolean

  constructor(private readonly options: LaneGroupOptions) {
    this.#inherits = options.inherits === true
    this.#usage = UsageCells.bytes(options.engine.lanes)
    this.#ports = PortAccount.bytes(options.engine.lanes)
    for (let lane = 0; lane < options.engine.lanes; lane++) {
      const counters = countersMemory()
      const host = this.#start(lane, counters)
      this.#places.push({ host, counters, dataAt: undefined, dialled: new Set(), up: new Map() })
    }
  }

  get view(): LanesView {
    const { name, lanes, why } = this.options.engine
    return { count: lanes, engine: name, why }
  }

  /** Where each lane listens for data links: on `port` and those that follow it, or on any free ones for port 0. */
  listen(port: number): Promise<Endpoint[]> {
    const { address } = this.options
    const portOf = (lane: number) => (port === 0 ? 0 : port + lane)
    return Promise.all(this.#places.map((place, lane) => this.#listen(place, { address, port: portOf(lane) })))
  }

  post(message: ToLane): void {
    if (message.type === 'link-expect' || message.type === 'link-dial') {
      const place = this.#places[message.pair % this.#places.length]
      if (message.type === 'link-dial') place?.dialled.add(formatEndpoint(message.to))
      return place?.host.post(message)
    }
    if (message.type === 'take-over') this.#inherits = false
    this.#memory.note(message)
    if (message.type === 'services') this.#shared.follow(message.services)
    if (message.type === 'direct') this.#recovered.set(message.service, { term: message.term, told: new Map() })
    const answer = answerTo(message)
    if (answer !== undefined) this.#owed.ask(answerKey(answer), this.#places.length, answer)
    for (const { host } of this.#places) host.post(message)
  }

  /** One descriptor of the socket for each lane. */
  giveDoor(duplicate: () => number): void {
    this.#doors.push(duplicate)
    for (const lane of this.#places.keys()) this.#giveDoor(lane, duplicate)
  }

  /** Maps in which lanes hold back acknowledgements, with so many slots. */
  giveHold(held: HeldSlots): void {
    this.#held = held
    for (const lane of this.#places.keys()) this.#giveHold(lane)
  }

  /** Where the lanes of another process listen, these will. See `LaneHost.awake`. */
  async awake(dataAt: readonly Endpoint[] = []): Promise<void> {
    for (const [lane, at] of dataAt.entries()) {
      const place = this.#places[lane]
      if (place !== undefined) place.dataAt = at
    }
    await Promise.all(this.#places.map(({ host }) => host.awake))
  }

  /** All lanes stand still, each with its state in hand, until they are told what becomes of them. */
  handOver(): HandedOver[] {
    return this.#places.map(({ host }) => {
      const { port1, port2 } = new MessageChannel()
      const flow = new SharedArrayBuffer(FLOW_WORDS * Int32Array.BYTES_PER_ELEMENT)
      host.hand({ type: 'hand-over', port: port2, flow }, [port2])
      return new HandedOver(port1, flow)
    })
  }

  /** How much lanes were told so far that the next process of this node would not know. */
  get told(): number {
    return this.#places.reduce((sum, { host }) => sum + host.told, 0)
  }

  /** Rows that the lane of that number had in another process. Answers how many; rejects if they cannot be read. */
  async inherit(lane: number, bytes: Uint8Array, fds: readonly number[]): Promise<number> {
    for (const fd of fds) this.#estates.gave(fd, lane)
    const answer = await this.#places[lane]?.host.inherit(bytes, fds)
    if (answer?.why === undefined) return answer?.rows ?? 0
    throw new BatonError('ERR_REPLACE_STATE', `what the running node has cannot be read here: ${answer.why}`)
  }

  /** As they are now, without asking the lanes. */
  counters() {
    return sumOfCounters(this.#places.map(({ counters }) => sharedCounters(counters)))
  }

  async query(limit: number, service?: string): Promise<LaneReport> {
    const reports = await Promise.all(this.#places.map(({ host }) => host.query(limit, service)))
    return mergedReport(reports, limit)
  }

  /** Of the access log, where one is kept. */
  get access(): AccessLog | undefined {
    return this.options.access
  }

  async stop(limitMs: number): Promise<void> {
    await Promise.all(this.#places.map(({ host }) => host.stop(limitMs)))
    this.access?.close()
  }

  /** The process ends without order: clients at these addresses hear nothing of it. */
  silence(addresses: ReadonlySet<string>): void {
    this.#estates.silence(addresses)
  }

  #start(lane: number, counters: SharedArrayBuffer): LaneHost {
    const { engine, node, name, boot, address, seed, leases, logger, logLevel, access } = this.options
    const { lanes } = engine
    const accounts = { usage: this.#usage, ports: this.#ports, portRange: this.#portRange }
    const shared = { leases, counters, ...accounts, descriptors: this.#estates.memory }
    const identity = { node, name, boot, address }
    const own = { engine: engine.name, seed: seed(), logLevel, records: access !== undefined, inherits: this.#inherits }
    const setup: LaneSetup = { lane, lanes, ...identity, ...own, ...shared }
    const onMessage = (message: FromLane) => this.#onMessage(lane, message)
    return new LaneHost(setup, engine.wake, logger, onMessage, (error) => this.#onDeath(lane, error))
  }

  async #listen(place: Place, at: Endpoint): Promise<Endpoint> {
    const actual = await listenForData(place.host, at)
    place.dataAt = actual
    return actual
  }

  #giveDoor(lane: number, duplicate: () => number): void {
    const fd = duplicate()
    this.#estates.gave(fd, lane)
    this.#places[lane]?.host.post({ type: 'front-door', fd })
  }

  #adoptDoors(lane: number, doors: Iterable<Extract<ToLane, { type: 'adopt-door' }>>): void {
    for (const door of doors) {
      this.#estates.gave(door.fd, lane)
      this.#places[lane]?.host.post(door)
    }
  }

  #giveHold(lane: number): void {
    if (this.#held === undefined) return
    const count = Math.floor(this.#held.slots / this.#places.length)
    const share: HeldShare = { ...this.#held, first: lane * count, count }
    this.#places[lane]?.host.post({ type: 'ack-hold', share })
  }

  /** Its heap is gone; its descriptors are the process's, and another lane takes them over where that can be done. */
  #onDeath(lane: number, error: Error): void {
    const { engine, logger, members, onDeath } = this.options
    const place = this.#places[lane]
    if (place === undefined) return
    const obstacle = engine.name === 'net' ? 'the portable engine has one lane' : this.#memory.obstacle
    const why = obstacle ?? this.#estates.tooMany(performance.now())
    const { dataAt, dialled } = place
    const fateOf = (destination: Endpoint) => this.#memory.fateOf(destination)
    const estate = why === undefined ? this.#estates.settle(lane, { fateOf, dataAt, dialled }) : { why }
    if ('why' in estate || dataAt === undefined) {
      logger.log('error', 'lane-without-heir', { lane, why: 'why' in estate ? estate.why : 'it had not begun' })
      return onDeath(lane, error)
    }
    const { bequests, programs } = estate
    const stack = error.stack ?? ''
    logger.log('error', 'lane-died', { lane, why: messageOf(error), clients: bequests.length, programs, stack })
    place.host = this.#start(lane, place.counters)
    this.#listen(place, dataAt).catch((failed: Error) => onDeath(lane, failed))
    this.#adoptDoors(lane, this.#shared.of(lane))
    for (const message of this.#memory.truths()) place.host.post(message)
    for (const duplicate of this.#doors) this.#giveDoor(lane, duplicate)
    this.#giveHold(lane)
    place.host.post({ type: 'estate', bequests })
    for (const message of this.#memory.duties(members())) place.host.post(message)
    // What was waited for from the one that died; what it was to find out its heir will.
    for (const answer of this.#owed.owedBy(lane)) if (answer.type !== 'known') this.#onMessage(lane, answer)
    for (const { peer, pair } of [...place.up.values()]) {
      this.#onMessage(lane, { type: 'link-down', peer, pair, why: 'its lane has died' })
    }
  }

  #onMessage(lane: number, message: FromLane): void {
    switch (message.type) {
      case 'link-up':
        this.#places[lane]?.up.set(`${message.pair} ${message.peer}`, message)
        return this.options.onMessage(message)
      case 'link-down':
        this.#places[lane]?.up.delete(`${message.pair} ${message.peer}`)
        return this.options.onMessage(message)
      case 'share-listener': {
        const { service, term, at, since, fd } = message
        this.#estates.gave(fd, message.lane)
        return this.#places[message.lane]?.host.post({ type: 'adopt-listener', service, term, at, since, fd })
      }
      case 'share-door':
        if (this.#shared.keep(message) && message.lane !== lane) {
          this.#adoptDoors(message.lane, this.#shared.copyOf(message))
        }
        return
      case 'obeyed': {
        const { contest, term } = message
        this.#memory.obeyed(contest, term)
        for (const [other, { host }] of this.#places.entries())
          if (other !== lane) host.post({ type: 'obey', contest, term })
        return
      }
      case 'access':
        this.options.access?.write(message.text, message.lines)
        return this.#places[lane]?.host.post({ type: 'access-taken' })
      case 'recovered':
        return this.#onRecovered(lane, message)
      case 'resolve':
        return this.#names.addressesOf(message.host, (addresses) => {
          this.#places[lane]?.host.post({ type: 'resolved', call: message.call, addresses })
        })
      case 'rehearsed':
        if (message.why !== '') this.#refused.set(message.rehearsal, message.why)
        return this.#onAnswer(lane, message)
      case 'known':
      case 'moved-out':
      case 'quiet':
      case 'let-gone':
      case 'undirected':
        return this.#onAnswer(lane, message)
      default:
        return this.options.onMessage(message)
    }
  }

  /** Told of when the last lane has said it. */
  #onAnswer(lane: number, answer: SharedAnswer): void {
    if (!this.#owed.answered(answerKey(answer), lane)) return
    if (answer.type !== 'rehearsed') return this.options.onMessage(answer)
    const why = this.#refused.get(answer.rehearsal) ?? ''
    this.#refused.delete(answer.rehearsal)
    this.options.onMessage({ ...answer, why })
  }

  /** When the last lane has its share. */
  #onRecovered(lane: number, message: RecoveredMessage): void {
    const { service, revived, failed } = message
    const { term, told } = this.#recovered.get(service) ?? {}
    if (term === undefined || told === undefined || !sameTerm(term, message.term)) return
    const isHeir = told.size === this.#places.length
    // All had told before: this lane has taken the place of one that died.
    if (isHeir) return this.options.logger.log('info', 'lane-recovered', { lane, service, revived, failed })
    told.set(lane, message)
    if (told.size < this.#places.length) return
    const all = [...told.values()]
    const sum = (field: 'revived' | 'failed') => all.reduce((total, one) => total + one[field], 0)
    const missing = [...new Set(all.flatMap((one) => one.missing))]
    this.options.onMessage({ ...message, revived: sum('revived'), failed: sum('failed'), missing })
  }
}

export function mergedReport(reports: readonly LaneReport[], limit: number): LaneReport {
  const perBackend = new Map<string, LaneReport['perBackend'][number]>()
  for (const row of reports.flatMap((report) => report.perBackend)) {
    const key = `${row.service} ${row.node}`
    perBackend.set(key, { ...row, splices: row.splices + (perBackend.get(key)?.splices ?? 0) })
  }
  const sum = (field: 'active' | 'total' | 'directed' | 'survivable' | 'forOthers') =>
    reports.reduce((total, report) => total + report[field], 0)
  return {
    counters: sumOfCounters(reports.map(({ counters }) => counters)),
    active: sum('active'),
    total: sum('total'),
    directed: sum('directed'),
    survivable: sum('survivable'),
    mortal: sumsOf(reports.map(({ mortal }) => mortal)),
    splices: reports.flatMap(({ splices }) => splices).slice(0, limit),
    perBackend: [...perBackend.values()],
    perService: mergedServices(reports.flatMap(({ perService }) => perService)),
    forOthers: sum('forOthers'),
    doors: mergedDoors(reports.flatMap(({ doors }) => doors)),
  }
}

/** As the first lane has it, who opens it. */
function mergedDoors(doors: readonly DoorReport[]): DoorReport[] {
  const merged = new Map<string, DoorReport>()
  for (const door of doors) {
    const before = merged.get(door.service)
    merged.set(door.service, before === undefined ? door : { ...before, lanes: before.lanes + door.lanes })
  }
  return [...merged.values()]
}

function descriptorsHere(): Descriptors {
  const sys = loadSyscalls()
  if ('why' in sys) return { duplicate: () => -1, end: () => {}, close: () => {} }
  return {
    duplicate: (fd) => sys.duplicate(fd),
    end: (fd) => void sys.shutdown(fd, SHUT_RD),
    close: (fd) => void sys.close(fd),
  }
}
