/** How a running node comes to be replaced by another process of its own (docs/handoff.md, "Own restart"): what it gives, and who asks for it. */
import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import type { Sealer } from '../../gossip/seal.js'
import type { UdpPort } from '../../gossip/udp.io.js'
import type { ControlLinks } from '../../trunk/control-links.io.js'
import type { Belongings } from '../addresses/surroundings.io.js'
import type { ReplaceRequest, ReplaceView } from '../control/control-protocol.js'
import type { KeySharing } from '../keys/key-sharing.io.js'
import { exitAtOnce } from '../lifecycle.io.js'
import type { Node } from '../node.io.js'
import { roleOf } from '../roles.js'
import { Bequest, type BequestParts, THE_OTHER_WAY } from './bequest.io.js'
import { refuseInFirstProcess } from './first-process.io.js'
import { carriedBy } from './going-on.js'
import type { Notify } from './notify.io.js'
import { startSuccessor } from './successor.io.js'

export interface ReplacingParts extends Pick<BequestParts, 'folder' | 'lanes' | 'hello' | 'unsaved'> {
  readonly clock: Clock
  readonly logger: Logger
  readonly notify: Notify
  readonly node: Node
  readonly keys: Pick<KeySharing, 'facts'>
  readonly addresses: Belongings
  readonly udp: Pick<UdpPort, 'fd'>
  readonly sealer: Pick<Sealer, 'counter'>
  readonly links: Pick<ControlLinks, 'fd' | 'cut'>
  readonly startedAt: Millis
  /** How often a process has taken the place of another so far. */
  readonly times: number
}

export interface Replacing {
  /** Another process asks for everything. Throws ERR_REPLACE_…; otherwise that one hears the rest. */
  begin(request: ReplaceRequest): ReplaceView
  /** One is started; comes back only with why that came to nothing. */
  reload(): Promise<never>
}

export function replacingOf(parts: ReplacingParts): Replacing {
  const { folder, clock, logger, notify, node, lanes, addresses, hello, unsaved, udp, sealer, links } = parts
  const bequest = new Bequest({
    folder,
    clock,
    logger,
    lanes,
    addresses,
    hello,
    fds: () => [udp.fd, links.fd],
    leases: () => node.directing.carried(),
    state: () => ({
      startedAt: parts.startedAt,
      replaced: parts.times + 1,
      sealed: sealer.counter,
      keys: parts.keys.facts,
      ...carriedBy(node.machines),
    }),
    isStopping: () => node.isStopping || roleOf(node.self.flags).leaving,
    unsaved,
    notify,
    cutLinks: () => links.cut(),
    onTaken: (pid) => {
      notify.replacedBy(pid)
      addresses.giveAway()
      lanes.access?.close()
      exitAtOnce(0)
    },
  })
  return {
    begin: (request) => bequest.begin(request),
    reload: async () => {
      refuseInFirstProcess(THE_OTHER_WAY)
      return startSuccessor({ logger, refusal: () => bequest.takeRefusal() })
    },
  }
}
