/** What `baton doctor --bootstrap` has found out. */
import { BOOTSTRAP_PORT } from '../../gossip/discovery/bootstrap.js'
import type { Finding } from '../doctor/finding.js'

/** Fewer, and a host behind a NAT does not learn what its NAT does. */
const NODES_WANTED = 3

/** `nodes`: how many of the DHT answer this host, or why none could be asked. */
export function bootstrapFinding(bootstrap: string, nodes: number | { readonly why: string }): Finding {
  const [id, area] = [`bootstrap/${bootstrap}`, 'network'] as const
  const without = 'discovery by swarm, and links between hosts behind NATs'
  if (typeof nodes !== 'number') {
    return { id, area, level: 'degraded', found: `nothing can be asked of ${bootstrap}: ${nodes.why}`, without }
  }
  if (nodes === 0) {
    const cure = `run \`baton bootstrap\` there, and let UDP ports ${BOOTSTRAP_PORT} to ${BOOTSTRAP_PORT + 3} (or its own) through both ways`
    return { id, area, level: 'degraded', found: `no bootstrap node answers at ${bootstrap}`, without, cure }
  }
  if (nodes < NODES_WANTED) {
    const found = `${bootstrap} answers, and ${nodes} in all: hosts behind NATs need ${NODES_WANTED}`
    return { id, area, level: 'note', found, cure: '`baton bootstrap` runs four: are all its ports let through?' }
  }
  return { id, area, level: 'ok', found: `bootstrap node ${bootstrap} answers, ${nodes} in all` }
}
