/** What a first afternoon with node:net gives: `pipe` both ways. */
import { fileURLToPath } from 'node:url'

import { type Peer, PORTS } from '../peer.js'
import { listening } from '../workshop.io.js'

const PROGRAM = fileURLToPath(new URL('pipe-main.mjs', import.meta.url))

export const nodePipe: Peer = {
  name: 'node-pipe',
  what: 'node:net with `pipe`, one hop, one thread',
  hops: 1,
  missing: () => undefined,
  start: async (shop, at) => {
    const child = shop.start('node-pipe', [
      process.execPath,
      PROGRAM,
      at.service,
      at.program,
      ...Object.values(PORTS).map(String),
    ])
    await listening(child, at.service, PORTS.http)
    return { processes: [{ role: 'edge', pid: child.pid }], check: async () => {}, stop: () => child.end() }
  },
}
