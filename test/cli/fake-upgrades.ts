/** Clusters of several releases, as nodes of them tell, for the golden screens and the plan's tests. */
import type { StatusView } from '../../src/node/control/control-protocol.js'
import { healthy, member } from './views.js'

const node = (version: string): StatusView['node'] => ({ ...healthy.node, version })

/** The asked node is upgraded, a witness and a director are not. */
export const halfWay: StatusView = {
  ...healthy,
  node: node('0.2.0'),
  members: [
    member(0, { release: '0.2.0' }),
    member(1, { release: null, directs: ['web'] }),
    member(2, { release: null, role: 'witness' }),
  ],
}

/** Of an earlier release, which knows of nobody's. */
export const notBegun: StatusView = { ...healthy, node: node('0.1.0') }

export const finished: StatusView = {
  ...healthy,
  node: node('0.2.0'),
  members: healthy.members.map((one) => ({ ...one, release: '0.2.0' })),
}

/** One is down, one is ahead of what this release knows. */
export const stuck: StatusView = {
  ...healthy,
  node: node('0.2.0-dev'),
  electorate: { ...healthy.electorate, reachable: 1 },
  members: [
    member(0, { release: '0.2.0-dev' }),
    member(1, { release: '0.4.1' }),
    member(2, { state: 'down', link: { state: 'down', why: 'ECONNREFUSED' }, release: null }),
  ],
}
