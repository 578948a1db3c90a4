/** What an operator is told unasked about this node and its place in the cluster. */
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import { formatSeed, type Seed } from '../../gossip/discovery/seeds.js'
import type { LinkState } from '../../trunk/ports.js'
import type { NodeOptions } from '../config-schema.js'
import type { MemberView } from './control-protocol.js'

/** A seed that is up answers within milliseconds. */
const LONELY_AFTER_MS: Millis = 3_000

/** Of a node that has lost its votes. */
export const UNTIL_ADDED_ANEW = 'it does not vote until the others have removed its old vote and added it anew'

const NO_ADDRESS =
  'this host has no address that others reach: the node is alone on loopback; start it again when there is one, or give --bind'

/** Seeds were named and nobody was found: the commonest causes, since a wrong key is answered with silence. */
export function lonelyWarnings(members: number, seeds: readonly Seed[], upMs: Millis): string[] {
  if (seeds.length === 0 || members > 1 || upMs < LONELY_AFTER_MS) return []
  const named = seeds.map(formatSeed).join(', ')
  return [
    `no seed answers (${named}): is a node up there, does UDP and TCP get through, and does it have the same cluster key?`,
  ]
}

/** Of its standing among the others. */
export function standingWarnings(isAmnesiac: boolean, isTurnedOut: boolean): string[] {
  const banned =
    'the others say that this node is banned: `baton keys list` on one of them shows by whom, `baton unban` there lets it in again'
  const forgetful =
    'this node lost its votes and does not vote until the others have removed it and added it anew; if they are no majority: `baton forget THIS-NODE --force` on one of them'
  return [...(isTurnedOut ? [banned] : []), ...(isAmnesiac ? [forgetful] : [])]
}

/** `who`: see Overtakers. */
export function overtakenWarnings(who: string | undefined): string[] {
  if (who === undefined) return []
  return [
    `${who} comes before the programs of this node: what it lets pass may go round the end of a lease, and round acknowledgements that are held; have it attached without a place, or behind them (\`bpftool net\` shows the order)`,
  ]
}

/** `noData`: no data link can be made beside it. */
export function linkView({ phase, carried, why }: LinkState, noData: boolean): MemberView['link'] {
  const more = { ...(carried && { by: 'swarm' as const }), ...(why !== undefined && { why }) }
  return { state: phase, ...more, ...(noData && { noData }) }
}

/** Which address this node has, where that is from, and which it could have had as well. */
export function logUp(
  logger: Logger,
  { bind, bindFrom, passedOver = [] }: Pick<NodeOptions, 'bind' | 'bindFrom' | 'passedOver'>,
  who: { readonly name: string; readonly id: NodeId; readonly boot: number },
): void {
  if (bindFrom === 'loopback') logger.log('warn', 'no-address', { why: NO_ADDRESS })
  const others = passedOver.length === 0 ? {} : { passedOver: passedOver.join(', ') }
  logger.log('info', 'up', { ...who, bind, bindFrom, ...others })
}
