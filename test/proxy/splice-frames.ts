/** One frame of each kind, with values that show where each byte goes: docs/wire-splice.md has their bytes. */
import type { SpliceFrame } from '../../src/proxy/splice-frame.js'

const id = { node: '000102030405060708090a0b0c0d0e0f', boot: 3, counter: 1717 }
const term = { number: 7, holder: '101112131415161718191a1b1c1d1e1f' }
const progress = { up: 1000, down: 2000, finUp: 'sent', finDown: 'none', window: 262_144 } as const

export const FRAMES: Readonly<Record<string, SpliceFrame>> = {
  ack: { kind: 'ack', handle: 2, written: 2 ** 32 + 5, acknowledged: 5, window: 262_144 },
  fin: { kind: 'fin', handle: 2, offset: 1000 },
  reset: { kind: 'reset', handle: 2, reason: 'peer-reset' },
  open: {
    kind: 'open',
    handle: 2,
    id,
    term,
    service: 'web',
    port: 8080,
    client: { address: '192.0.2.1', port: 50_000 },
    destination: { address: '2001:db8::1', port: 443 },
    connectMs: 3_000,
    keepaliveMs: 30_000,
    window: 262_144,
    proxyHeader: Uint8Array.of(0xaa, 0xbb),
    snapshot: new Uint8Array(0),
  },
  opened: {
    kind: 'opened',
    handle: 2,
    local: { address: '10.0.0.2', port: 40_000 },
    remote: { address: '10.0.0.2', port: 8080 },
    window: 262_144,
  },
  refused: { kind: 'refused', handle: 2, reason: 'no-listener', detail: 'nothing listens' },
  resume: { kind: 'resume', handle: 2, id, term, service: 'web', ...progress },
  resumed: { kind: 'resumed', handle: 2, ...progress },
  freeze: { kind: 'freeze', handle: 2 },
  thaw: { kind: 'thaw', handle: 2 },
  confirm: { kind: 'confirm', handle: 2 },
  hello: { kind: 'hello', handle: 0, versionMin: 1, versionMax: 1, features: 0, lane: 0 },
  ping: { kind: 'ping', handle: 0, token: 99 },
  pong: { kind: 'pong', handle: 0, token: 99 },
  goodbye: { kind: 'goodbye', handle: 0, reason: 'node-stopping' },
}
