/**
 * One node of a cluster: puts the machines of gossip, election and trunk together with their sockets, drives the lane,
 * and keeps the state folder. Decisions are the machines'; here is only who hears what from whom.
 */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import type { AlarmClock } from '../base/clock.js'
import { Driver } from '../base/driver.io.js'
import { formatTerm, type NodeId } from '../base/ids.js'
import type { Logger } from '../base/log.js'
import { Prng } from '../base/prng.js'
import { electionConfig } from '../election/config.js'
import { Elections } from '../election/elections.js'
import type { ElectionEffect, ElectionEvent } from '../election/ports.js'
import type { TermStore } from '../election/term-store.io.js'
import { gossipConfig, leaveLingerMs } from '../gossip/config.js'
import type { DatagramPort, MemberProfile, SwimEffect, SwimEvent } from '../gossip/ports.js'
import { Opener, Sealer } from '../gossip/seal.js'
import { Swim } from '../gossip/swim.js'
import type { SyncEffect, SyncEvent } from '../gossip/sync.js'
import { Sync } from '../gossip/sync.js'
import { openUdp } from '../gossip/udp.io.js'
import { SocketTable } from '../kernel/socket-table.io.js'
import type { FromLane } from '../proxy/lane-protocol.js'
import { LeaseSlots } from '../proxy/lease-slots.js'
import { CHANNEL } from '../trunk/channels.js'
import { ControlLinks } from '../trunk/control-links.io.js'
import type { NodeOptions } from './config-schema.js'
import { Directing, describeObstacle, reasonOfLoss } from './directing.js'
import { LaneHost } from './lane-host.io.js'
import { type BrokerEffect, type BrokerEvent, LinkBroker } from './link-broker.js'
import { StallWatch } from './stall-watch.io.js'

/** A director that cannot listen lets others try for this long before it stands again. */
const UNABLE_MS = 3_000

/** Late by more than this is a stall that gossip hears of. */
const STALL_MS = 50
