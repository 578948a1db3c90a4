/**
 * The backend halves of this lane: answers OPEN by dialling the program that really listens, and only on a port that a
 * service names. Fences: a service's OPENs are obeyed for one holder in a term number and for no lower number.
 */
import { type Endpoint, isIpv6 } from '../base/address.js'
import { formatSpliceId, sameTerm, type Term } from '../base/ids.js'
import { BackendHalf, type BackendHost, type BackendReply, type BackendRequest } from '../proxy/backend-half.js'
import type { LocalListener } from '../proxy/lane-protocol.js'
import { includesPort } from '../proxy/port-list.js'
import type { Service } from '../proxy/service.js'
import { type LaneContext, logFrom } from './lane-context.js'
import type { Unsettled } from './unsettled.js'

/** A tombstone whose client half never confirms is forgotten after this. */
const TOMBSTONE_MS = 30_000

/** What a director may ask for, whatever the frame says. */
const CONNECT_MS_MAX = 60_000

export class Backends implements BackendHost {
  readonly halves = new Set<BackendHalf>()
  readonly clock
  /** Kept also for services that are gone: one that comes back goes on counting. Its names come from the registry alone. */
  readonly #obeyed = new Map<string, Term>()
  readonly #services = new Map<string, Service>()
  readonly #listeners = new Map<number, string>()

  constructor(
    private readonly context: LaneContext,
    private readonly unsettled: Unsettled,
  ) {
    this.clock = context.clock
  }

  setServices(services: readonly Service[]): void {
    this.#services.clear()
    for (const service of services) this.#services.set(service.name, service)
  }

  setListeners(listeners: readonly LocalListener[]): void {
    this.#listeners.clear()
    for (const { port, address } of listeners) this.#listeners.set(port, address)
  }

  /** `undefined`: refused, and the reply has said why. */
  open(request: BackendRequest, reply: BackendReply): BackendHalf | undefined {
    const to = this.#target(request, reply)
    if (to === undefined) return undefined
    const connectMs = Math.min(CONNECT_MS_MAX, Math.max(1, request.connectMs))
    const keepaliveMs = Math.max(1_000, request.keepaliveMs)
    const { address } = this.context.setup
    const from = isIpv6(address) === isIpv6(to.address) ? { from: address } : {}
    const socket = this.context.sockets.dial(to, { ...from, connectMs, keepaliveMs })
    const backend = new BackendHalf(request, socket, reply, this)
    this.halves.add(backend)
    return backend
  }

  /** Orders of a service in a term that is not the present one are refused from now on. */
  obey(service: string, term: Term): boolean {
    const obeyed = this.#obeyed.get(service)
    if (obeyed === undefined || term.number > obeyed.number) {
      this.#obeyed.set(service, term)
      return true
    }
    return sameTerm(term, obeyed)
  }

  sweep(now: number): void {
    for (const backend of this.halves) {
      if (backend.isTombstone && now - backend.half.activeAt > TOMBSTONE_MS) backend.forget()
    }
  }

  onUnsettled(backend: BackendHalf): void {
    this.unsettled.add(backend.half)
  }

  onIncident(backend: BackendHalf, what: string): void {
    this.context.counters.incidents++
    const fields = { splice: formatSpliceId(backend.request.id), service: backend.request.service, what }
    logFrom(this.context, 'error', 'splice-incident', fields)
  }

  onGone(backend: BackendHalf): void {
    this.halves.delete(backend)
    this.unsettled.delete(backend.half)
  }

  #target(request: BackendRequest, reply: BackendReply): Endpoint | undefined {
    const { service: name, port, term } = request
    const service = this.#services.get(name)
    if (service === undefined || !includesPort(service.ports, port)) {
      reply.refused('unknown-service', `no service ${name} with port ${port}`)
      return undefined
    }
    if (!this.obey(name, term)) {
      reply.refused('stale-term', `term ${term.number} is over`)
      return undefined
    }
    const address = this.#listeners.get(port)
    if (address === undefined) {
      reply.refused('no-listener', `nothing listens on port ${port}`)
      return undefined
    }
    return { address, port }
  }
}
