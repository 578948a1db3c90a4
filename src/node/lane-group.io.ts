/**
 * All lanes of a node as one: what the control plane says goes to every lane, or to the one that it concerns; what they
 * answer is put together. Lanes speak with each other only through here, and only of what they share: listening sockets
 * and fences.
 */
import { MessageChannel } from 'node:worker_threads'
import type { Endpoint } from '../base/address.js'
import { BatonError } from '../base/errors.js'
import { type NodeId, sameTerm } from '../base/ids.js'
import type { Logger, LogLevel } from '../base/log.js'
import { FLOW_WORDS, HandedOver } from '../lane/handover.io.js'
import type { FromLane, LaneReport, LaneSetup, RecoveredMessage, ToLane } from '../proxy/lane-protocol.js'
import { mergedServices, sumsOf } from '../proxy/service-report.js'
import { countersMemory, sharedCounters, sumOfCounters } from '../proxy/shared-counters.js'
import type { LanesView } from './control-protocol.js'
import type { Engine } from './engine.io.js'
import { LaneHost, listenForData } from './lane-host.io.js'

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
  /** Another process has what they go on with. */
  readonly inherits?: boolean
  /** `serving` and all answers come once for all lanes. */
  readonly onMessage: (message: FromLane) => void
  readonly onDeath: (lane: number, error: Error) => void
}

export class LaneGroup {
  readonly #hosts: LaneHost[] = []
  readonly #memories: SharedArrayBuffer[] = []
  /** Lanes that still look at a lease slot for a service. */
  readonly #lookers = new Map<string, number>()
  /** By what they are to answer: lanes that have not yet. */
  readonly #awaited = new Map<string, number>()
  /** By rehearsal: why a lane cannot. */
  readonly #refused = new Map<number, string>()
  /** By service: what lanes have told of this term so far. */
  readonly #recovered = new Map<string, readonly RecoveredMessage[]>()
  /** By service: lanes that may still meet connections of an earlier director. */
  readonly #unknowing = new Map<string, number>()

  constructor(private readonly options: LaneGroupOptions) {
    const { engine, node, name, boot, address, seed, leases, logger, logLevel, onDeath } = options
    const { lanes } = engine
    for (let lane = 0; lane < lanes; lane++) {
      const counters = countersMemory()
      const identity = { node, name, boot, address }
      const setup: LaneSetup = {
        lane,
        lanes,
        ...identity,
        engine: engine.name,
        seed: seed(),
        logLevel,
        leases,
        counters,
        inherits: this.options.inherits === true,
      }
      this.#memories.push(counters)
      const onMessage = (message: FromLane) => this.#onMessage(lane, message)
      this.#hosts.push(new LaneHost(setup, engine.wake, logger, onMessage, (error) => onDeath(lane, error)))
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
    return Promise.all(this.#hosts.map((host, lane) => listenForData(host, { address, port: portOf(lane) })))
  }

  post(message: ToLane): void {
    if (message.type === 'link-expect' || message.type === 'link-dial') {
      this.#hosts[message.pair % this.#hosts.length]?.post(message)
      return
    }
    if (message.type === 'direct') this.#unknowing.set(message.service, this.#hosts.length)
    if (message.type === 'undirect') this.#lookers.set(lookersKey(message), this.#hosts.length)
    for (const host of this.#hosts) host.post(message)
  }

  /** One descriptor of the socket for each lane. */
  giveDoor(duplicate: () => number): void {
    for (const host of this.#hosts) host.post({ type: 'front-door', fd: duplicate() })
  }

  /** See `LaneHost.awake`. */
  async awake(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.awake))
  }

  /** All lanes stand still, each with its state in hand, until they are told what becomes of them. */
  handOver(): HandedOver[] {
    return this.#hosts.map((host) => {
      const { port1, port2 } = new MessageChannel()
      const flow = new SharedArrayBuffer(FLOW_WORDS * Int32Array.BYTES_PER_ELEMENT)
      host.hand({ type: 'hand-over', port: port2, flow }, [port2])
      return new HandedOver(port1, flow)
    })
  }

  /** Rows that the lane of that number had in another process. Answers how many; rejects if they cannot be read. */
  async inherit(lane: number, bytes: Uint8Array, fds: readonly number[]): Promise<number> {
    const answer = await this.#hosts[lane]?.inherit(bytes, fds)
    if (answer?.why === undefined) return answer?.rows ?? 0
    throw new BatonError('ERR_REPLACE_STATE', `what the running node has cannot be read here: ${answer.why}`)
  }

  /** As they are now, without asking the lanes. */
  counters() {
    return sumOfCounters(this.#memories.map(sharedCounters))
  }

  async query(limit: number, service?: string): Promise<LaneReport> {
    const reports = await Promise.all(this.#hosts.map((host) => host.query(limit, service)))
    return mergedReport(reports, limit)
  }

  async stop(limitMs: number): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.stop(limitMs)))
  }

  #onMessage(lane: number, message: FromLane): void {
    switch (message.type) {
      case 'share-listener': {
        const { service, term, at, since, fd } = message
        return this.#hosts[message.lane]?.post({ type: 'adopt-listener', service, term, at, since, fd })
      }
      case 'obeyed': {
        const { contest, term } = message
        for (const [other, host] of this.#hosts.entries())
          if (other !== lane) host.post({ type: 'obey', contest, term })
        return
      }
      case 'recovered':
        return this.#onRecovered(message)
      case 'known': {
        const left = (this.#unknowing.get(message.service) ?? 1) - 1
        this.#unknowing.set(message.service, left)
        return left > 0 ? undefined : this.options.onMessage(message)
      }
      case 'moved-out':
      case 'quiet':
      case 'let-gone': {
        const { type, service, term } = message
        return this.#onShare(`${type} ${service} ${term.number}`, message)
      }
      case 'rehearsed':
        if (message.why !== '') this.#refused.set(message.rehearsal, message.why)
        return this.#onShare(`rehearsed ${message.rehearsal}`, message)
      case 'undirected': {
        const key = lookersKey(message)
        const left = (this.#lookers.get(key) ?? 1) - 1
        this.#lookers.set(key, left)
        if (left > 0) return
        this.#lookers.delete(key)
        return this.options.onMessage(message)
      }
      default:
        return this.options.onMessage(message)
    }
  }

  /** Told of when the last lane has said it. */
  #onShare(key: string, message: FromLane): void {
    const left = (this.#awaited.get(key) ?? this.#hosts.length) - 1
    if (left > 0) return void this.#awaited.set(key, left)
    this.#awaited.delete(key)
    if (message.type !== 'rehearsed') return this.options.onMessage(message)
    const why = this.#refused.get(message.rehearsal) ?? ''
    this.#refused.delete(message.rehearsal)
    this.options.onMessage({ ...message, why })
  }

  /** When the last lane has its share; a later term begins anew. */
  #onRecovered(message: RecoveredMessage): void {
    const { service, term } = message
    const before = this.#recovered.get(service)
    const told = before !== undefined && sameTerm(before[0]?.term ?? term, term) ? [...before, message] : [message]
    this.#recovered.set(service, told)
    if (told.length < this.#hosts.length) return
    this.#recovered.delete(service)
    const sum = (field: 'revived' | 'failed') => told.reduce((total, one) => total + one[field], 0)
    const missing = [...new Set(told.flatMap((one) => one.missing))]
    this.options.onMessage({ ...message, revived: sum('revived'), failed: sum('failed'), missing })
  }
}

/** Services of one address share a slot. */
function lookersKey({ service, slot }: { readonly service: string; readonly slot: number }): string {
  return `${slot} ${service}`
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
  }
}
