/**
 * Rebuilds connections that nobody has and forgets them, before a director gives its own away to this node. Code that has not
 * run yet is five times as slow as code that has, and clients would wait for it; and what cannot be rebuilt here is found out while
 * the old director still serves. A rebuilt socket neither says nor hears anything.
 */
import { encodeSnapshot } from '../handoff/snapshot-codec.js'
import type { LedgerRow } from '../proxy/ledger-frames.js'
import { DOOR_KEEPALIVE_MS } from '../proxy/service.js'
import { type FrameVisitor, frameBytes, visitFrames } from '../proxy/splice-codec.js'
import { LINK_HANDLE } from '../proxy/splice-frame.js'
import type { Rebuilder } from './frozen-socket.js'
import type { LaneContext } from './lane-context.js'

/** As many as make the engine compile what is called so often; with that it takes some 20 ms, of other connections too. */
const CONNECTIONS = 400
/** Between two looks at what this lane has to do otherwise. */
const CONNECTIONS_PER_TURN = 40

/** Of no network (RFC 5737); its client is this very host, which every host has a route to, and of each lane and rehearsal another. */
const SERVICE = { address: '192.0.2.1', port: 1 }
const BYTE_MAX = 254
const NOBODY = '0'.repeat(32)

/** `done` once: why nothing can be rebuilt here, or an empty text. */
export function rehearse(context: LaneContext, rehearsal: number, done: (why: string) => void): void {
  const { rebuilder } = context
  if (rebuilder === undefined) return done('cannot rebuild connections: it lacks CAP_NET_ADMIN, or another engine')
  const address = `127.${1 + (context.setup.lane % BYTE_MAX)}.${1 + (rehearsal % BYTE_MAX)}.1`
  const row = sampleRow(context.clock.now())
  const act = (left: number) => {
    for (let i = 0; i < CONNECTIONS_PER_TURN; i++) {
      const why = rebuildOne(rebuilder, { ...row, client: { address, port: left - i } })
      if (why !== '') return done(`cannot rebuild connections: ${why}`)
    }
    if (left <= CONNECTIONS_PER_TURN) done('')
    else context.defer(() => act(left - CONNECTIONS_PER_TURN))
  }
  act(CONNECTIONS)
}

function rebuildOne(rebuilder: Rebuilder, row: LedgerRow): string {
  // Also what comes by a link.
  let heard = row
  const visitor: FrameVisitor = {
    onDataFrame: () => {},
    onAckFrame: () => {},
    onFrame: (frame) => {
      if (frame.kind === 'row') heard = frame.row
    },
  }
  visitFrames(frameBytes({ kind: 'row', handle: LINK_HANDLE, service: 'rehearsal', row }), visitor)
  const rebuilt = rebuilder.rebuild(heard, DOOR_KEEPALIVE_MS)
  if ('why' in rebuilt) return rebuilt.why
  const { socket, snapshot } = rebuilt
  socket.vanish?.()
  const offsets = { up: 0, down: 0, finUp: 'none', finDown: 'none', window: 1 } as const
  const { id, term } = heard
  const age = { snapshot: snapshot.bytes, snapshotAgeMs: 0 }
  frameBytes({ kind: 'resume', handle: 1, id, term, service: 'rehearsal', ...offsets, ...age })
  return ''
}

function sampleRow(now: number): LedgerRow {
  const ends = { local: SERVICE, remote: SERVICE }
  const window = 65_536
  const snapshot = encodeSnapshot({
    firstSent: 1,
    firstReceived: 1,
    mss: 1_460,
    sack: true,
    windowScale: { send: 7, receive: 7 },
    timestamp: Math.floor(now) & 0x7fff_fffe,
    sendWindow: window,
    maxWindow: window,
    receiveWindow: window,
  })
  return {
    id: { node: NOBODY, boot: 0, counter: 1 },
    term: { number: 0, holder: NOBODY },
    client: SERVICE,
    destination: SERVICE,
    ...ends,
    snapshot,
    snapshotAgeMs: 0,
    clock: undefined,
    darkMs: 0,
    ageMs: 0,
    up: 0,
    finUp: false,
    acknowledged: 0,
    finAcknowledged: false,
    down: 0,
    limit: window,
    isWhole: true,
    isOutward: false,
    isAnswered: true,
  }
}
