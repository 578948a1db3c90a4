import type { StatusView } from '../../src/node/control/control-protocol.js'
import { healthy, member } from './views.js'

/** Of three LANs, two of them behind NATs. */
export const farApart: StatusView = {
  ...healthy,
  members: [
    member(0),
    member(1, { link: { state: 'up', by: 'swarm', noData: true } }),
    member(2, { link: { state: 'up', by: 'swarm' } }),
  ],
  discovery: [
    { way: 'lan', found: 0, state: 'on' },
    {
      way: 'swarm',
      found: 1,
      state: 'on',
      swarm: { bootstrap: ['10.0.0.1:49737'], nodes: 4, connections: 2, carried: 1, strangers: 3, refused: 0 },
    },
  ],
}
