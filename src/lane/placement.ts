/**
 * Where the connections of one directed service go: a chooser for each port, what is counted at each node, the queue for when
 * all are full, the sorry backend, and what becomes of connections whose node is lost.
 */
import { type Endpoint, parseEndpoint } from '../base/address.js'
import type { NodeId } from '../base/ids.js'
import type { Roll } from '../base/roll.js'
import type { Millis } from '../base/time.js'
import type { ChosenNode, ClientHalf, Places } from '../proxy/client-half.js'
import type { PlacementReport } from '../proxy/lane-report.js'
import { Chooser } from '../proxy/schedule/chooser.js'
import { Seniority } from '../proxy/schedule/effective-weight.js'
import { mayServe } from '../proxy/schedule/groups.js'
import type { Service } from '../proxy/service.js'
import { QUEUE, Usage } from '../proxy/usage.js'
import { Closings } from './closings.js'
import { contained, faultyClient } from './faults.js'
import type { LaneContext } from './lane-context.js'
import type { Seats } from './seats.js'
import { WaitingRoom } from './waiting-room.js'

/** Between looks whether another lane has made room. */
const ROOM_LOOK_MS: Millis = 10
/** Between looks at connections whose node is lost, beside those when something was told. */
const CLOSINGS_LOOK_MS: Millis = 1_000

export class Placement implements Places {
  readonly #choosers = new Map<number, Chooser>()
  readonly #usage: Usage
  readonly #seniority = new Seniority()
  readonly #waiting = new WaitingRoom()
  readonly #closings: Closings
  readonly #counts = { queued: 0, queueFull: 0, queueTimeouts: 0, sorry: 0, closed: 0 }
  #sorry: Endpoint | undefined
  #called: ClientHalf | undefined
  #isCalling = false
  #isLooking = false
  #lookAt: Millis = 0

  constructor(
    private service: Service,
    private readonly context: LaneContext,
    private readonly seats: Seats,
    private readonly clients: Roll<ClientHalf>,
  ) {
    this.#usage = new Usage(context.usage)
    this.#closings = new Closings(context.random)
    this.#sorry = parseEndpoint(service.sorry)
    this.followSeats()
  }

  /** The definition changed: rotations begin anew, what is counted stays. */
  follow(service: Service): void {
    this.service = service
    this.#sorry = parseEndpoint(service.sorry)
    this.#choosers.clear()
    this.followSeats()
  }

  /** Other nodes serve now, or in another way. */
  followSeats(): void {
    const { byPort, cells } = this.seats.of(this.service.name)
    this.#usage.follow(cells)
    const able = new Set<NodeId>()
    for (const candidates of byPort.values()) for (const one of candidates) if (mayServe(one)) able.add(one.node)
    const now = this.context.clock.now()
    this.#seniority.look(able, now)
    this.#lookAtClosings(now)
    this.#callLater()
  }

  /** As `ClientHost` has it. */
  pick(client: ClientHalf, tried: ReadonlySet<NodeId>): ChosenNode | 'full' | undefined {
    const { name, nodeConnections } = this.service
    const { port } = client.destination
    const sorry = this.seats.of(name).quorate || client.hasApologised ? undefined : this.sorry()
    if (sorry !== undefined) return sorry
    // Nobody overtakes those who wait.
    if (this.#waiting.at(port) > 0 && client !== this.#called) return 'full'
    const choice = this.#chooser(port).pick(
      this.seats.candidates(name, port),
      tried,
      (client.source ?? client.client).address,
    )
    if (choice === undefined || choice === 'full') return choice
    return this.#usage.take(choice.node, nodeConnections) ? choice : 'full'
  }

  /** Who answers when no node can. */
  sorry(): ChosenNode | undefined {
    if (this.#sorry === undefined) return undefined
    const { node, name } = this.context.setup
    return { node, name, sorry: this.#sorry }
  }

  /** A connection that stands already, from before this director's time. */
  seat({ node, sorry }: ChosenNode): void {
    if (sorry === undefined) this.#usage.add(node, 1)
  }

  /** What `pick` or `seat` has counted counts no more. */
  leave({ node, sorry }: ChosenNode): void {
    if (sorry !== undefined) return
    this.#usage.add(node, -1)
    this.#callLater()
  }

  /** `false`: no more may wait. */
  enqueue(client: ClientHalf): boolean {
    if (this.#waiting.has(client)) return true
    if (this.service.queue === 0 || !this.#usage.take(QUEUE, this.service.queue)) {
      this.#counts.queueFull++
      return false
    }
    this.#counts.queued++
    this.#waiting.add(client)
    this.#callLater()
    return true
  }

  /** It waits no longer. */
  dequeue(client: ClientHalf): void {
    if (this.#waiting.delete(client)) this.#usage.add(QUEUE, -1)
  }

  onQueueTimeout(client: ClientHalf): void {
    this.#counts.queueTimeouts++
    this.dequeue(client)
  }

  onSorry(): void {
    this.#counts.sorry++
  }

  onFinished(client: ClientHalf): void {
    this.dequeue(client)
    this.#closings.forget(client)
  }

  sweep(now: Millis): void {
    if (this.#waiting.size > 0) this.#call()
    if (now >= this.#lookAt) this.#lookAtClosings(now)
    if (this.#closings.size === 0) return
    for (const [client, reason] of this.#closings.due(this.service, now)) {
      this.#counts.closed++
      this.#contained(client, () => client.half.abort(reason))
    }
  }

  get report(): PlacementReport {
    const { size: waiting } = this.#waiting
    return { waiting, closing: this.#closings.size, ...this.#counts }
  }

  #chooser(port: number): Chooser {
    let chooser = this.#choosers.get(port)
    if (chooser === undefined) {
      const { clock, random } = this.context
      const parts = { usage: this.#usage, random, now: () => clock.now(), seniority: this.#seniority }
      chooser = new Chooser(this.service, parts)
      this.#choosers.set(port, chooser)
    }
    return chooser
  }

  #lookAtClosings(now: Millis): void {
    this.#lookAt = now + CLOSINGS_LOOK_MS
    const { name } = this.service
    this.#closings.look(this.clients, (port) => this.seats.candidates(name, port), this.service, now)
  }

  /** Somebody may have room: at the end of this turn. */
  #callLater(): void {
    if (this.#isCalling || this.#waiting.size === 0) return
    this.#isCalling = true
    this.context.defer(() => {
      this.#isCalling = false
      this.#call()
    })
  }

  /** Other lanes say nothing when they make room. */
  #lookAgain(): void {
    if (this.context.setup.lanes === 1 || this.#isLooking || this.#waiting.size === 0) return
    this.#isLooking = true
    this.context.soon(ROOM_LOOK_MS, () => {
      this.#isLooking = false
      this.#call()
    })
  }

  #call(): void {
    this.#waiting.callAll((client) => {
      this.#called = client
      this.#contained(client, () => client.call())
      this.#called = undefined
      if (!client.isWaiting) this.dequeue(client)
      // One that some nodes have refused waits for others than those behind it may have.
      return !client.isWaiting || client.isRetrying
    })
    this.#lookAgain()
  }

  #contained(client: ClientHalf, act: () => void): void {
    contained(this.context, act, () => faultyClient(client))
  }
}
