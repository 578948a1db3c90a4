/** Client halves on rebuilt sockets of which the test is kernel, tap and network. */

import type { OnSegment } from '../../src/handoff/ports.js'
import type { AdoptedSocket, FrozenSocket, Rebuilder } from '../../src/lane/frozen-socket.js'
import type { LedgerLink } from '../../src/lane/recovery.js'
import { Revivals } from '../../src/lane/revivals.js'
import type { ClientHalf, ClientHost } from '../../src/proxy/client-half.js'
import type { Counterpart } from '../../src/proxy/counterpart.js'
import type { FromLane } from '../../src/proxy/lane-protocol.js'
import type { LedgerRow } from '../../src/proxy/ledger-frames.js'
import { assert } from '../harness/suite.js'
import { FakePlaces } from '../proxy/fake-places.js'
import { FakeSocket } from '../proxy/fake-socket.js'
import { FRAMES } from '../proxy/splice-frames.js'
import { fakeContext } from './fake-context.js'

export const { row: ROW } = FRAMES['row'] as { readonly row: LedgerRow }

const NUMBERS = { receiveSeq: 1, sendSeq: 1, aheadMax: 100_000 }

export class Frozen extends FakeSocket implements FrozenSocket {
  /** What had been written when it was let go. */
  let: number | undefined
  isClockTrue = false
  isSettled = true
  letGo = () => {
    this.let ??= this.delivered.length
  }
  bytesAcknowledged = () => 0
  settle = () => true
  inbound = () => 'nothing' as const
  probe = () => {}
}

export const COUNTERPART: Counterpart = {
  congested: false,
  isRemote: true,
  rttMs: 0,
  data: () => {},
  ack: () => {},
  fin: () => {},
  freeze: () => {},
  reset: () => {},
  confirm: () => {},
}

export class Room {
  now = 1_000
  readonly tasks: (() => void)[] = []
  readonly made: Frozen[] = []
  hasTap = false
  hears: OnSegment = this.#none
  readonly #untap = () => {
    this.hasTap = false
  }
  readonly finished: string[] = []
  readonly revivals: Revivals
  readonly clients: ClientHalf[] = []
  /** Of a socket that is adopted. */
  offsets: AdoptedSocket['offsets'] = { received: 2_500, finSent: false, acknowledged: 2_300 }
  probes = 0
  /** Of every socket. */
  unread = 0
  readonly unsettled: unknown[] = []

  /** Fields of log lines, by event. */
  readonly logged: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = []
  readonly #note = (message: FromLane) => {
    if (message.type === 'log') this.logged.push(message)
  }

  constructor() {
    const sockets = { engine: 'fake', dial: this.#none, listen: this.#none }
    const lane = { sockets, post: (message: FromLane) => this.#note(message) }
    Object.defineProperty(lane, 'now', { get: () => this.now })
    const context = fakeContext(lane as typeof lane & { readonly now: number }, 'me')
    const host = {
      begunAt: this.now,
      clock: context.clock,
      pool: context.pool,
      gate: { isOpen: () => true },
      service: { name: 'web', address: ROW.destination.address, keepaliveMs: 7_000 },
      term: { number: 9, holder: 'me' },
      places: new FakePlaces([]),
      onJoined: () => {},
      onFinished: (_client: ClientHalf, reason: string) => this.finished.push(reason),
      onUnsettled: (client: ClientHalf) => void this.unsettled.push(client),
    }
    const rebuilder: Rebuilder = {
      past: (snapshot) => snapshot,
      capture: () => ({ why: 'not asked for here' }),
      snapshot: () => ({ bytes: new Uint8Array(0), at: 0 }),
      adopt: () => {
        const socket = new Frozen()
        this.made.push(socket)
        const standing = { inbound: () => 'nothing' as const, probe: () => void this.probes++ }
        const snapshot = { bytes: ROW.snapshot, at: this.now }
        return { socket, snapshot, numbers: NUMBERS, offsets: this.offsets, standing }
      },
      adoptFresh: () => undefined,
      rebuild: (_row, keepaliveMs) => {
        assert.is(keepaliveMs, 7_000, 'as the service has it')
        const socket = new Frozen()
        this.made.push(socket)
        return { socket, snapshot: { bytes: ROW.snapshot, at: this.now }, numbers: NUMBERS }
      },
      tap: (_address, onSegment) => {
        this.hasTap = true
        this.hears = onSegment
        return { send: () => {}, close: this.#untap }
      },
      isTaken: () => false,
      unread: () => this.unread,
    }
    const soon = (_afterMs: number, task: () => void) => void this.tasks.push(task)
    this.revivals = new Revivals(
      host as unknown as ClientHost & { readonly outward: ClientHost },
      { ...context, soon },
      rebuilder,
    )
  }

  /** A connection of which `kept` bytes are on their way from its backend half. */
  revive(kept: number, finUp = ROW.finUp, isAnswered = true): Frozen {
    const link = {
      revive: (client: ClientHalf) => client.goOn({ node: 'b', name: 'b' }, ROW, COUNTERPART),
    } as unknown as LedgerLink
    const client = this.revivals.revive(
      { ...ROW, finUp, acknowledged: 2_000, down: 2_000 + kept, isAnswered },
      link,
      100,
    )
    if (client === undefined) throw new Error('not rebuilt')
    this.clients.push(client)
    return this.made.at(-1) as Frozen
  }

  /** One whose lane has died. */
  adopt(counterpart = COUNTERPART): ClientHalf {
    const link = {
      revive: (client: ClientHalf) => client.goOn({ node: 'b', name: 'b' }, ROW, counterpart),
    } as unknown as LedgerLink
    const ends = { client: ROW.client, destination: ROW.destination }
    return this.revivals.adopt({ ...ROW, acknowledged: 2_000, down: 3_000 }, link, { fd: 7, isAccepted: true, ...ends })
  }

  comes(which: number, bytes: number): void {
    const { half } = this.clients[which] as ClientHalf
    half.receiveData(half.received, new Uint8Array(bytes))
  }

  pass(ms: number): void {
    this.now += ms
    for (const task of this.tasks.splice(0)) task()
  }

  #none(): never {
    throw new Error('not asked for here')
  }
}
