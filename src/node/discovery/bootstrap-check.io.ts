import { messageOf } from '../../base/errors.js'
import type { Millis } from '../../base/time.js'
import { type Bootstrap, formatBootstrap } from '../../gossip/discovery/bootstrap.js'
import { loadDht } from '../../gossip/discovery/swarm-packages.io.js'
import type { Finding } from '../doctor/finding.js'
import { bootstrapFinding } from './bootstrap-finding.js'

const ANSWER_MS_MAX: Millis = 8_000
/** UDP; another is taken if it is in use. */
const PORT = 49_757

/** Asks each from this host, all at once; nothing is announced there. Never rejects. */
export function checkBootstraps(bootstraps: readonly Bootstrap[]): Promise<Finding[]> {
  return Promise.all(bootstraps.map((one) => check(formatBootstrap(one))))
}

async function check(bootstrap: string): Promise<Finding> {
  try {
    const packages = await loadDht()
    if ('why' in packages) return bootstrapFinding(bootstrap, packages)
    const { DHT } = packages
    const dht = new DHT({ bootstrap: [bootstrap], port: PORT })
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ANSWER_MS_MAX)
    })
    try {
      await Promise.race([dht.fullyBootstrapped(), late])
      return bootstrapFinding(bootstrap, dht.nodes.length)
    } finally {
      clearTimeout(timer)
      await dht.destroy({ force: true }).catch(() => {})
    }
  } catch (error) {
    return bootstrapFinding(bootstrap, { why: messageOf(error) })
  }
}
