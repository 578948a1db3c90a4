/** What services ask of this host's kernel beside their addresses; all of it is taken back when the node stops. */
import type { Logger } from '../../base/log.js'
import type { LaneGroup } from '../lanes/lane-group.io.js'
import { ReservedPorts } from './reserved-ports.io.js'
import { SourceWays } from './source-ways.io.js'

export interface HostWishesParts {
  readonly logger: Logger
  readonly warnings: Map<string, string>
  readonly lanes: Pick<LaneGroup, 'view' | 'post'>
  /** Another process of this node has given its connections to this one. */
  readonly isLeft: boolean
}

export interface HostWishes {
  readonly reservePorts: (ports: readonly number[]) => void
  readonly useSources: (isWanted: boolean) => void
}

/** `cleanups` are done from the last to the first. */
export function beginHostWishes(
  { logger, warnings, lanes, isLeft }: HostWishesParts,
  cleanups: (() => Promise<void> | void)[],
): HostWishes {
  const { engine } = lanes.view
  const sources = new SourceWays({ logger, warnings, engine, toLane: (message) => lanes.post(message) }, isLeft)
  // After all connections have ended.
  cleanups.unshift(() => sources.close())
  const reservePorts = ReservedPorts.begin(logger, warnings, cleanups)
  return { reservePorts, useSources: (isWanted) => sources.follow(isWanted) }
}
