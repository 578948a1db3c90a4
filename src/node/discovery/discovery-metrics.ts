/** How a node finds others and reaches them, as metrics. */

import type { Metric } from '../seeing/exposition.js'
import type { DiscoveryView } from './discovery-protocol.js'

export interface DiscoveryFacts {
  readonly discovery: readonly DiscoveryView[]
  readonly links: {
    readonly direct: number
    readonly swarm: number
    readonly noData: number
  }
}

export function discoveryMetrics({ discovery, links }: DiscoveryFacts): Metric[] {
  const found = discovery.map(({ way, found: value }) => ({ labels: { way }, value }))
  const byWay = [
    { labels: { by: 'tcp' }, value: links.direct },
    { labels: { by: 'swarm' }, value: links.swarm },
  ]
  return [
    {
      name: 'baton_discovery_found',
      type: 'gauge',
      help: 'Members to which a way of discovery has pointed.',
      samples: found,
    },
    {
      name: 'baton_control_links',
      type: 'gauge',
      help: 'Control links that stand, by what carries them.',
      samples: byWay,
    },
    gauge('baton_data_links_missing', 'Linked members to which no data link can be made.', links.noData),
    ...discovery.flatMap(swarmMetrics),
  ]
}

function swarmMetrics({ state, swarm }: DiscoveryView): Metric[] {
  if (swarm === undefined) return []
  const { nodes, connections, strangers, refused } = swarm
  return [
    gauge('baton_swarm_online', '1: some node of the DHT answers.', state === 'on' ? 1 : 0),
    gauge('baton_swarm_dht_nodes', 'Nodes of the DHT that answer.', nodes),
    gauge('baton_swarm_connections', 'Connections of the swarm.', connections),
    counter('baton_swarm_strangers_total', 'Who was there without the key of the cluster.', strangers),
    counter('baton_swarm_refused_total', 'Connections of the swarm beyond the limit.', refused),
  ]
}

function gauge(name: string, help: string, value: number): Metric {
  return { name, type: 'gauge', help, samples: [{ value }] }
}

function counter(name: string, help: string, value: number): Metric {
  return { ...gauge(name, help, value), type: 'counter' }
}
