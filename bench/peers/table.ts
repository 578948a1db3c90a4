/** All that is compared. Further ways to run Baton are further rows of VARIANTS. */
import type { Peer } from '../peer.js'
import { batonPeer, type Variant } from './baton.io.js'
import { haproxy, haproxyTls } from './haproxy.io.js'
import { nginxStream } from './nginx-stream.io.js'
import { nodePipe } from './node-pipe.io.js'

/** One lane against HAProxy's one thread. */
const ONE_LANE = ['--lanes', '1']

export const VARIANTS: readonly Variant[] = [
  { name: 'baton-plain', what: 'Baton, one node, one lane', hops: 1, up: ONE_LANE },
  { name: 'baton-sealed', what: 'Baton, two nodes, sealed trunk, one lane each', hops: 2, up: ONE_LANE },
  {
    name: 'baton-survivable',
    what: 'as baton-sealed, with an address that the director brings: connections would outlive it',
    hops: 2,
    up: ONE_LANE,
    isSurvivable: true,
  },
  {
    name: 'baton-secretstream',
    what: 'Baton, two nodes, sealed by secretstream, one lane each',
    hops: 2,
    up: [...ONE_LANE, '--cipher', 'secretstream'],
  },
  { name: 'baton-plain-lanes', what: 'Baton, one node, a lane per core', hops: 1, up: [] },
  { name: 'baton-sealed-lanes', what: 'Baton, two nodes, sealed trunk, a lane per core', hops: 2, up: [] },
]

/** The same variants of another commit carry its name. */
export function batonPeers(tree: string, commit?: string): Peer[] {
  return VARIANTS.map((variant) =>
    batonPeer(commit === undefined ? variant : { ...variant, name: `${variant.name}@${commit}` }, tree),
  )
}

export const OTHERS: readonly Peer[] = [haproxy, haproxyTls, nginxStream, nodePipe]
