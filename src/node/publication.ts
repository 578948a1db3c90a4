/** What this node says of itself to all others: the programs that listen here, and how the services that it directs do. */
import type { Alarm, AlarmClock } from '../base/clock.js'
import type { Millis } from '../base/time.js'
import type { ListeningSocket } from '../kernel/listening-socket.js'
import { encodeListeners } from '../proxy/listener-codec.js'
import { type Directing, describeObstacle } from './directing.js'
import type { Knowledge } from './knowledge.js'
import { decodeNodeFacts, encodeNodeFacts, type NodeFacts, type Serving } from './node-facts.js'

/** A thousand services that come up one after the other are told of in some bundles, not a thousand times. */
const PUBLISH_EVERY_MS: Millis = 50

export class Publication {
  #listeners: Uint8Array = encodeListeners([])
  #loadPermille: number | undefined
  #published: Uint8Array = new Uint8Array(0)
  #planned = false
  #publishedAt: Millis = Number.NEGATIVE_INFINITY
  readonly #alarm: Alarm

  constructor(
    private readonly nodeName: string,
    private readonly knowledge: Knowledge,
    private readonly directing: Directing,
    private readonly clock: AlarmClock,
    private readonly later: (run: () => void) => void,
    /** What is said of programs' health, of services that run on one node at a time, and of this release. */
    private readonly more: () => Pick<NodeFacts, 'health' | 'hosting' | 'release'>,
    /** Called when something is news; `bytes` as node-facts encodes them. */
    private readonly publish: (bytes: Uint8Array) => void,
  ) {
    this.#alarm = clock.alarm(() => this.#publishNow())
  }

  /** What an earlier process of this life has said stands, until this one has looked itself. */
  resume(bytes: Uint8Array): void {
    this.#published = bytes
    this.#listeners = decodeNodeFacts(bytes)?.listeners ?? this.#listeners
  }

  stop(): void {
    this.#alarm.set(undefined)
  }

  setListeners(sockets: readonly ListeningSocket[]): void {
    this.#listeners = encodeListeners(sockets)
    this.plan()
  }

  setLoad(loadPermille: number): void {
    this.#loadPermille = loadPermille
    if (this.#isLoadWanted) this.plan()
  }

  /** All that a node says travels whenever a word of it is new: a figure that nobody looks at is left out. */
  get #isLoadWanted(): boolean {
    return this.knowledge.services.active.some(({ load }) => load === 'on')
  }

  /** After the present turn, since the machine that told us may not be fed meanwhile; or when the next bundle is due. */
  plan(): void {
    if (this.#planned) return
    this.#planned = true
    const due = this.#publishedAt + PUBLISH_EVERY_MS
    if (due <= this.clock.now()) this.later(() => this.#publishNow())
    else this.#alarm.set(due)
  }

  #publishNow(): void {
    this.#planned = false
    this.#publishedAt = this.clock.now()
    const serving = this.knowledge.services.active.flatMap(({ name }) => this.#servingOf(name) ?? [])
    const bytes = encodeNodeFacts({
      listeners: this.#listeners,
      serving,
      ...this.more(),
      loadPermille: this.#isLoadWanted ? this.#loadPermille : undefined,
    })
    const before = this.#published
    if (bytes.length === before.length && bytes.every((byte, i) => byte === before[i])) return
    this.#published = bytes
    this.publish(bytes)
  }

  #servingOf(service: string): Serving | undefined {
    const directed = this.directing.get(service)
    const obstacle = this.directing.obstacle(service) ?? this.directing.dispute(service)
    const problem = obstacle === undefined ? '' : describeObstacle(obstacle, this.nodeName)
    if (directed !== undefined) return { service, term: directed.term.number, state: directed.state, problem }
    return obstacle === undefined ? undefined : { service, term: 0, state: 'unable', problem }
  }
}
