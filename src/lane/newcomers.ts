/**
 * Connections of proxies in front, from accept to the last byte of their PROXY header: until then nobody knows for whom they come, and
 * no node is chosen. Only whom the service names is asked for one, and who is asked has to bring it, whole and in time. What ends
 * here has been nobody's connection yet, so it ends with an RST.
 *
 *   accept ──► newcomer ──(header)──► client half, whose stream begins after it
 */
import { formatEndpoint } from '../base/address.js'
import { isWithin, type Network } from '../base/network.js'
import { type Enrolled, Roll } from '../base/roll.js'
import type { Millis } from '../base/time.js'
import type { ClientSnapshot } from '../proxy/attempt.js'
import type { Introduction } from '../proxy/introduction.js'
import type { IntroductionReport } from '../proxy/lane-report.js'
import type { CloseCause, Socket, SocketHandler } from '../proxy/ports.js'
import type { ProxyHeader } from '../proxy/proxy-protocol/header.js'
import { HeaderReader } from '../proxy/proxy-protocol/header-reader.js'
import type { Service } from '../proxy/service.js'
import { trustedNetworks } from '../proxy/service-identity.js'
import { type LaneContext, logFrom } from './lane-context.js'

/** A proxy sends the header as soon as the connection stands; after a lost segment or two it comes all the same. */
export const INTRODUCTION_MS_MAX: Millis = 5_000

/** A header comes with the first segment after the handshake. */
const FRESH_MS: Millis = 200

/** Why a connection was not taken; `ended`: by its other side, as by a check that only connects. */
export type Unintroduced = 'malformed' | 'late' | 'ended'

/** Where one begins: the socket of one that came to another is as it was at accept, but for what was heard. */
export interface NewcomerStart {
  readonly snapshot: ClientSnapshot
  readonly startedAt: Millis
  readonly heard: Uint8Array
}

export interface NewcomersHost {
  readonly service: Service
  /** Its client half hears the socket from now on. `rest`: the first of its bytes. */
  welcome(newcomer: Newcomer, introduction: Introduction, rest: Uint8Array): SocketHandler | undefined
}

export class Newcomer implements SocketHandler, Enrolled {
  place = -1
  readonly #reader: HeaderReader
  #next: SocketHandler | undefined
  #isOver = false

  constructor(
    readonly socket: Socket,
    readonly snapshot: ClientSnapshot,
    readonly startedAt: Millis,
    private readonly owner: Newcomers,
    heard?: Uint8Array,
  ) {
    this.#reader = new HeaderReader(heard)
    socket.attach(this)
    socket.resume()
  }

  /** Of its header, so far. */
  get heard(): Uint8Array {
    return this.#reader.bytes
  }

  onOpen(): void {}

  onData(chunk: Uint8Array): void {
    // A read that was under way when the half began to hear the socket.
    if (this.#next !== undefined) return this.#next.onData(chunk)
    if (this.#isOver) return
    const read = this.#reader.push(chunk)
    if (read.type === 'more') return
    if (read.type === 'malformed') return this.refuse('malformed', read.why)
    const introduction = introductionOf(read.header, read.bytes, this.socket)
    if (typeof introduction === 'string') return this.refuse('malformed', introduction)
    this.socket.pause()
    this.#isOver = true
    this.#next = this.owner.onIntroduced(this, introduction, read.rest)
  }

  onEnd(): void {
    if (this.#next !== undefined) this.#next.onEnd()
    else this.refuse('ended', `after ${this.heard.byteLength} bytes`)
  }

  onDrain(): void {
    this.#next?.onDrain()
  }

  onClose(cause: CloseCause, detail: string): void {
    if (this.#next !== undefined) this.#next.onClose(cause, detail)
    else this.refuse('ended', cause)
  }

  /** Its socket is another director's from now on. */
  part(): void {
    this.#isOver = true
    this.socket.pause()
    this.owner.onParted(this)
  }

  /** With an RST. */
  refuse(why: Unintroduced, detail: string): void {
    if (!this.end()) return
    this.owner.onRefused(this, why, detail)
  }

  /** `false`: it is over already. */
  end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.socket.reset()
    return true
  }
}

export class Newcomers {
  readonly all = new Roll<Newcomer>()
  #trusted: readonly Network[] = []
  #taken = 0
  readonly #refused: Record<Unintroduced, number> = { malformed: 0, late: 0, ended: 0 }

  constructor(
    private readonly host: NewcomersHost,
    private readonly context: LaneContext,
  ) {
    this.follow(host.service)
  }

  /** Who is here stays, and brings its header as it was to. */
  follow(service: Service): void {
    this.#trusted = trustedNetworks(service)
  }

  /** `false`: it is a client itself, and nothing is looked for. */
  take(socket: Socket, snapshot: ClientSnapshot): boolean {
    if (this.#trusted.length === 0) return false
    const { address } = socket.remote
    if (!this.#trusted.some((network) => isWithin(address, network))) return false
    this.all.add(new Newcomer(socket, snapshot, this.context.clock.now(), this))
    return true
  }

  /** Of the process or the director before this one. */
  resume(socket: Socket, { snapshot, startedAt, heard }: NewcomerStart): Newcomer {
    const newcomer = new Newcomer(socket, snapshot, startedAt, this, heard)
    this.all.add(newcomer)
    return newcomer
  }

  sweep(now: Millis): void {
    for (const newcomer of this.all) {
      if (now - newcomer.startedAt < INTRODUCTION_MS_MAX) continue
      newcomer.refuse('late', `${newcomer.heard.byteLength} bytes within ${INTRODUCTION_MS_MAX} ms`)
    }
  }

  /** The header of one that has just come is on its way; for the others nothing waits. */
  areFresh(now: Millis): boolean {
    for (const { startedAt } of this.all) if (now - startedAt < FRESH_MS) return true
    return false
  }

  close(): void {
    for (const newcomer of [...this.all]) newcomer.end()
    for (const newcomer of [...this.all]) this.all.delete(newcomer)
  }

  get report(): IntroductionReport {
    return { waiting: this.all.size, taken: this.#taken, ...this.#refused }
  }

  onIntroduced(newcomer: Newcomer, introduction: Introduction, rest: Uint8Array): SocketHandler | undefined {
    this.all.delete(newcomer)
    this.#taken++
    return this.host.welcome(newcomer, introduction, rest)
  }

  onParted(newcomer: Newcomer): void {
    this.all.delete(newcomer)
  }

  onRefused(newcomer: Newcomer, why: Unintroduced, detail: string): void {
    this.all.delete(newcomer)
    const count = ++this.#refused[why]
    // A proxy that is set up wrongly does it with every connection, and a check that only connects does it for ever.
    const isTold = why !== 'ended' && (count & (count - 1)) === 0
    logFrom(this.context, isTold ? 'warn' : 'debug', 'not-introduced', {
      service: this.host.service.name,
      from: formatEndpoint(newcomer.socket.remote),
      why,
      detail,
      count,
    })
  }
}

/** Or what is wrong with it. */
export function introductionOf(
  header: ProxyHeader,
  bytes: number,
  { local: destination, remote: source }: Pick<Socket, 'local' | 'remote'>,
): Introduction | string {
  // The connection's own ends count (section 2.2, LOCAL; 2.1 and 2.2, UNKNOWN).
  if (header.command === 'local') return { source, destination, tlvs: [], bytes }
  if (header.transport === 'datagram') return 'PROXY: datagrams over TCP'
  if (header.transport === 'unknown') return { source, destination, tlvs: header.tlvs, bytes }
  return { source: header.source, destination: header.destination, tlvs: header.tlvs, bytes }
}
