/** One frame of each kind, with values that show where each byte goes: docs/wire-splice.md has their bytes. */
import type { SpliceFrame } from '../../src/proxy/splice-frame.js'

const id = { node: '000102030405060708090a0b0c0d0e0f', boot: 3, counter: 1717 }
const term = { number: 7, holder: '101112131415161718191a1b1c1d1e1f' }
const progress = { up: 1000, down: 2000, finUp: 'sent', finDown: 'none', window: 262_144 } as const

const SOURCE = { address: '2001:db8::7', port: 61_000 }

const OPEN: Extract<SpliceFrame, { kind: 'open' }> = {
  kind: 'open',
  handle: 2,
  id,
  term,
  service: 'web',
  port: 8080,
  client: { address: '192.0.2.1', port: 50_000 },
  destination: { address: '2001:db8::1', port: 443 },
  source: undefined,
  connectMs: 3_000,
  keepaliveMs: 30_000,
  window: 262_144,
  proxyHeader: Uint8Array.of(0xaa, 0xbb),
  snapshot: new Uint8Array(0),
}

const ROW: Extract<SpliceFrame, { kind: 'row' }> = {
  kind: 'row',
  handle: 0,
  service: 'web',
  row: {
    id,
    term,
    client: { address: '192.0.2.7', port: 40_000 },
    destination: { address: '192.0.2.100', port: 80 },
    source: undefined,
    local: { address: '10.0.0.2', port: 50_000 },
    remote: { address: '10.0.0.2', port: 80 },
    snapshot: new Uint8Array([7, 8]),
    snapshotAgeMs: 4_000,
    clock: 0x0a0b0c0d,
    darkMs: 300,
    ageMs: 5_000,
    up: 1_000,
    finUp: true,
    acknowledged: 2_000,
    finAcknowledged: false,
    down: 2_500,
    limit: 264_000,
    isWhole: true,
  },
}

export const FRAMES: Readonly<Record<string, SpliceFrame>> = {
  ack: { kind: 'ack', handle: 2, written: 2 ** 32 + 5, acknowledged: 5, window: 262_144 },
  fin: { kind: 'fin', handle: 2, offset: 1000 },
  reset: { kind: 'reset', handle: 2, reason: 'peer-reset' },
  open: OPEN,
  'open-by-proxy': { ...OPEN, source: SOURCE },
  opened: {
    kind: 'opened',
    handle: 2,
    local: { address: '10.0.0.2', port: 40_000 },
    remote: { address: '10.0.0.2', port: 8080 },
    window: 262_144,
  },
  refused: { kind: 'refused', handle: 2, reason: 'no-listener', detail: 'nothing listens' },
  resume: {
    kind: 'resume',
    handle: 2,
    id,
    term,
    service: 'web',
    ...progress,
    snapshot: new Uint8Array([7, 8]),
    snapshotAgeMs: 12,
  },
  resumed: { kind: 'resumed', handle: 2, ...progress },
  ask: { kind: 'ask', handle: 0, service: 'web', term },
  row: ROW,
  'row-by-proxy': { ...ROW, row: { ...ROW.row, source: SOURCE } },
  ledger: { kind: 'ledger', handle: 0, service: 'web', term, rows: 1 },
  mortal: {
    kind: 'mortal',
    handle: 0,
    service: 'web',
    term,
    id,
    client: { address: '192.0.2.1', port: 50_000 },
    destination: { address: '192.0.2.100', port: 80 },
    host: '202122232425262728292a2b2c2d2e2f',
    isOver: false,
  },
  barrier: { kind: 'barrier', handle: 0, token: 5 },
  passed: { kind: 'passed', handle: 0, token: 5 },
  freeze: { kind: 'freeze', handle: 2, clock: 0x01020304 },
  thaw: { kind: 'thaw', handle: 2 },
  confirm: { kind: 'confirm', handle: 2 },
  hello: { kind: 'hello', handle: 0, versionMin: 1, versionMax: 1, features: 0, lane: 0 },
  ping: { kind: 'ping', handle: 0, token: 99 },
  pong: { kind: 'pong', handle: 0, token: 99 },
  goodbye: { kind: 'goodbye', handle: 0, reason: 'node-stopping' },
}
