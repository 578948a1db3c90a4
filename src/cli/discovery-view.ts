/** How a node finds others, as one line of `baton status`. */
import type { DiscoveryView, SwarmView } from '../node/control/control-protocol.js'
import type { Screen } from './colour.js'
import { hang } from './text.js'
import { plural } from './units.js'

export function renderDiscovery(ways: readonly DiscoveryView[], screen: Screen): string[] {
  if (ways.length === 0) return []
  return hang('Found    ', ways.map(wayText).join(' · '), screen.width)
}

/** What is wrong with it stands at the top of the screen. */
function wayText({ way, found, state, why, swarm }: DiscoveryView): string {
  if (state === 'off') return `by ${way} nobody: ${why}`
  const facts = swarm === undefined ? [] : [state === 'on' ? 'online' : state, ...swarmFacts(swarm)]
  return `by ${way} ${plural(found, 'member')}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`
}

function swarmFacts({ nodes, connections, carried, strangers }: SwarmView): string[] {
  const counts = [
    [nodes, plural(nodes, 'DHT node')],
    [connections, plural(connections, 'connection')],
    [carried, `${carried} ${carried === 1 ? 'carries a link' : 'carry links'}`],
    [strangers, `${strangers} without the key`],
  ] as const
  return counts.flatMap(([count, words]) => (count === 0 ? [] : [words]))
}
