/** A lane that directs a service whose address comes and goes, gives it away, and gets it back: the test is the kernel. */
import type { CapturedClient, Rebuilder } from '../../src/lane/frozen-socket.js'
import type { ClientSnapshot } from '../../src/proxy/client-half.js'
import type { LedgerRow } from '../../src/proxy/ledger-frames.js'
import type { Socket } from '../../src/proxy/ports.js'
import type { Service } from '../../src/proxy/service.js'
import { FakeSocket } from '../proxy/fake-socket.js'
import { type ClientSocket, DirectingLane } from './directing-lane.js'
import { A, bytesOf, textOf } from './link-under-test.js'
import { Frozen } from './revival-room.js'

const NOTHING: Uint8Array = new Uint8Array(0)

/** What the kernel has of a client's socket. */
interface InKernel {
  readonly unread?: string
  readonly unsent?: string
  readonly isEnded?: boolean
}

export class FakeRebuilder implements Pick<Rebuilder, 'snapshot' | 'capture' | 'rebuild' | 'past' | 'tap' | 'isTaken'> {
  readonly kernel = new Map<Socket, InKernel>()
  /** Why a socket cannot be read out, or rebuilt. */
  why = ''
  whyNot = ''
  readonly captured: Socket[] = []
  readonly rows: LedgerRow[] = []
  readonly made: Rebuilt[] = []

  snapshot(): ClientSnapshot {
    return { bytes: Uint8Array.of(0), at: 0 }
  }

  capture(socket: Socket, _snapshot: ClientSnapshot, held: Uint8Array): CapturedClient | { readonly why: string } {
    if (this.why !== '') return { why: this.why }
    this.captured.push(socket)
    const { unread = '', unsent = '', isEnded = false } = this.kernel.get(socket) ?? {}
    const all = `${textOf([...held])}${unread}`
    return { snapshot: Uint8Array.of(1), clock: 77, unread: bytesOf(all), isEnded, unsent: bytesOf(unsent) }
  }

  rebuild(row: LedgerRow): ReturnType<Rebuilder['rebuild']> {
    this.rows.push(row)
    if (this.whyNot !== '') return { why: this.whyNot }
    const socket = new Rebuilt()
    this.made.push(socket)
    const numbers = { receiveSeq: 0, sendSeq: 0, aheadMax: 0 }
    return { socket, snapshot: { bytes: row.snapshot, at: 0 }, numbers }
  }

  /** What it was moved by is in it. */
  past(snapshot: ClientSnapshot, received: number, sent = 0): ClientSnapshot {
    return { ...snapshot, bytes: Uint8Array.of(...snapshot.bytes, received, sent) }
  }

  tap(): { readonly why: string } {
    return { why: 'no' }
  }

  isTaken(): boolean {
    return false
  }
}

export class Rebuilt extends Frozen {
  vanished = 0
  vanish(): void {
    this.vanished++
  }

  carried() {
    return { unsent: NOTHING, read: false, ending: false, sent: false }
  }
}

export class DepartingLane extends DirectingLane {
  readonly rebuilder: FakeRebuilder
  #term = 1

  constructor(settings: Partial<Service> = {}) {
    const rebuilder = new FakeRebuilder()
    const { address } = new FakeSocket().local
    super(0, rebuilder as unknown as Rebuilder, { ...settings, address })
    this.rebuilder = rebuilder
    this.lane.receive({ type: 'front-door', fd: 5 })
    this.#direct()
    this.isHere()
  }

  /** A client that has said that. */
  comes(unread = ''): ClientSocket {
    const client = this.accept()
    this.rebuilder.kernel.set(client, { unread })
    return Object.assign(client, { vanish: () => void client.close('aborted') })
  }

  /** The program that was dialled last accepts; which one that was. */
  accepts(): FakeSocket {
    this.openLast()
    return this.lastProgram
  }

  /** The address leaves, and comes again after that time; by a director who has only what is told. */
  move(darkMs = 0): void {
    const { number, holder } = { number: this.#term, holder: A }
    this.lane.receive({ type: 'move-out', service: 'web', term: { number, holder } })
    this.now += darkMs
    this.#direct()
  }

  isHere(): void {
    this.lane.receive({ type: 'let-go', service: 'web', term: { number: this.#term, holder: A } })
  }

  pass(ms: number): void {
    this.now += ms
    this.lane.sweep(this.now)
  }

  get dials(): number {
    return this.dialled.length
  }

  placement() {
    this.lane.receive({ type: 'query', query: 1, limit: 10 })
    const answer = this.heard.at(-1)
    if (answer?.type !== 'answer') throw new Error('no answer')
    const { perService, counters, splices } = answer.report
    return { ...perService[0]?.placement, counters, states: splices.map(({ state }) => state), splices }
  }

  logged(event: string) {
    return this.heard.flatMap((message) => (message.type === 'log' && message.event === event ? [message.fields] : []))
  }

  #direct(): void {
    this.#term++
    const term = { number: this.#term, holder: A }
    this.lane.receive({ type: 'direct', service: 'web', term, slot: 0, given: true, members: [A], standbys: [] })
  }
}
