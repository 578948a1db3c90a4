/**
 * One node of a cluster: puts the machines of gossip, election and trunk together with their sockets and drives the
 * lane. Decisions are the machines'; here is only who hears what from whom.
 *
 *     sockets ─► swim ──member──► links (whom to dial), elections (who lives), knowledge
 *                sync ──changed─► knowledge ─► lane (services, backends), elections (which services)
 *     lane ◄── directing ◄── elections
 */
import type { Endpoint } from '../base/address.js'
import type { AlarmClock } from '../base/clock.js'
import { Driver } from '../base/driver.io.js'
import { formatTerm, type NodeId } from '../base/ids.js'
import type { Logger } from '../base/log.js'
import { Prng } from '../base/prng.js'
import type { Elections } from '../election/elections.js'
import type { ElectionEffect, ElectionEvent } from '../election/ports.js'
import type { DatagramPort, SwimEffect, SwimEvent } from '../gossip/ports.js'
import type { Swim } from '../gossip/swim.js'
import type { Sync, SyncEffect, SyncEvent } from '../gossip/sync.js'
import type { ListeningSocket } from '../kernel/listening-socket.js'
import type { FromLane } from '../proxy/lane-protocol.js'
import { encodeListeners } from '../proxy/listener-codec.js'
import { sameService, type Service } from '../proxy/service.js'
import { CHANNEL } from '../trunk/channels.js'
import type { ControlLinks, PeerInfo } from '../trunk/control-links.io.js'
import { Directing, describeObstacle, reasonOfLoss } from './directing.js'
import { Knowledge } from './knowledge.js'
import type { LaneHost } from './lane-host.io.js'
import { type BrokerEffect, type BrokerEvent, LinkBroker } from './link-broker.js'
import type { LinkOffers } from './link-offers.io.js'
import { encodeNodeFacts, type Serving } from './node-facts.js'
import { servicesFromRegistry } from './services.js'
