/** What a lane gives its parts, with sockets, clock and seal in the hands of the test. */
import { Prng } from '../../src/base/prng.js'
import type { LaneContext } from '../../src/lane/lane-context.js'
import { SpliceRecords } from '../../src/lane/splice-records.js'
import type { FromLane } from '../../src/proxy/lane-protocol.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import type { Sockets } from '../../src/proxy/ports.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import { countersMemory, sumOfCounters } from '../../src/proxy/shared-counters.js'
import { recordBuffers } from '../../src/trunk/record.js'
import { PLAIN_SEALS } from './plain-seals.js'

export interface FakeLane {
  readonly now: number
  readonly sockets: Sockets
  post?(message: FromLane): void
}

export function fakeContext(lane: FakeLane, node: string): LaneContext {
  const memory = LeaseSlots.bytes()
  const setup = { lane: 0, lanes: 1, node, name: `node-${node.slice(0, 1)}`, boot: 1, address: '10.0.0.11' } as const
  const own = {
    ...setup,
    engine: 'net',
    seed: 1,
    logLevel: 'debug',
    leases: memory,
    counters: countersMemory(),
  } as const
  const clock = { now: () => lane.now, wall: () => 0 }
  const counters = sumOfCounters([])
  const post = (message: FromLane) => lane.post?.(message)
  return {
    setup: own,
    clock,
    records: new SpliceRecords({ setup: own, clock, counters, post }),
    random: new Prng(1),
    sockets: lane.sockets,
    seals: PLAIN_SEALS,
    leases: new LeaseSlots(memory),
    counters,
    pool: new RetentionPool(),
    buffers: recordBuffers(),
    post,
    soon: () => {},
    defer: (task) => task(),
  }
}
