/** `--bootstrap HOST:PORT`: nodes of the DHT that a node of the swarm begins with. */
import { parseSeed } from './seeds.js'

/** Of `baton bootstrap`, UDP, and the three that follow. */
export const BOOTSTRAP_PORT = 49_737

export interface Bootstrap {
  /** An IPv4 address, or a name. */
  readonly host: string
  readonly port: number
}

export type ParsedBootstrap =
  | { readonly type: 'bootstrap'; readonly bootstrap: Bootstrap }
  | { readonly type: 'problem'; readonly problem: string; readonly hint: string }

const HINT = `write it as HOST or HOST:PORT, for example 10.0.0.1:${BOOTSTRAP_PORT}: what \`baton bootstrap\` prints`

/** The port may be left out. */
export function parseBootstrap(text: string): ParsedBootstrap {
  const shown = text.slice(0, 300)
  if (/^[^:]*:[^:]*:|^\[/.test(text)) {
    return {
      type: 'problem',
      problem: `bootstrap '${shown}' is an IPv6 address: the DHT speaks IPv4 alone`,
      hint: HINT,
    }
  }
  const parsed = parseSeed(text.includes(':') ? text : `${text}:${BOOTSTRAP_PORT}`)
  if (parsed.type === 'problem') {
    return { type: 'problem', problem: parsed.problem.replace(/^seed/, 'bootstrap'), hint: HINT }
  }
  const { seed } = parsed
  const host = seed.type === 'address' ? seed.at.address : seed.host
  return { type: 'bootstrap', bootstrap: { host, port: seed.type === 'address' ? seed.at.port : seed.port } }
}

export function formatBootstrap({ host, port }: Bootstrap): string {
  return `${host}:${port}`
}
