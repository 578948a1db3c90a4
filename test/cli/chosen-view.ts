import type { ServiceView } from '../../src/node/control/control-protocol.js'
import { definition, NODES, web } from './views.js'

const [node1, , node3] = NODES as [(typeof NODES)[0], (typeof NODES)[0], (typeof NODES)[0]]

/** With all that a choice can be made of. */
export const chosen: ServiceView = {
  ...web,
  definition: {
    ...definition,
    scheduler: 'weighted',
    weighting: 'smooth',
    load: 'on',
    slowStartMs: 30_000,
    nodeConnections: 100,
    sorry: '10.0.0.9:8080',
    quorum: 2,
    quorumHook: '/etc/baton/quorum',
    onUnhealthy: 'idle',
    parkMs: 30_000,
  },
  choice: {
    assignments: [
      { ...node1, serve: true, direct: false, priority: 1, weight: 3, routerPriority: null },
      { ...node3, serve: false, direct: true, priority: 1, weight: 1, routerPriority: 200 },
    ],
    quorum: { quorate: false, able: 1, wanted: 2 },
    placement: {
      waiting: 4,
      closing: 0,
      queued: 1_200,
      queueFull: 0,
      queueTimeouts: 3,
      sorry: 1,
      closed: 0,
      parked: 3,
      resumed: 12,
      givenUp: 1,
      readmitted: 4,
      readmitLost: 1,
    },
  },
  backends: web.backends.map((backend, i) => ({
    ...backend,
    ...(i === 0 && { weight: 3, loadPermille: 250 }),
    ...(i === 1 && { state: 'unhealthy' as const, why: 'GET /health: 503, 3 times in a row' }),
    ...(i === 2 && { serves: false }),
  })),
}
