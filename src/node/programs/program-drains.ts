/**
 * Programs that are to end: entries `drain/NODE` and `drain/NODE/SERVICE` of the registry. New connections go elsewhere, those that stand
 * go on, and may have a deadline; a service of mode `single` runs on another node.
 */
import type { NodeId } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import type { Fields } from '../../gossip/entry.js'
import type { Changes, Registry } from '../../gossip/registry.js'
import type { Standing } from './backend-states.js'

const PREFIX = 'drain/'

export interface ProgramDrain {
  /** By the wall clock of the node where it was said. */
  readonly sinceMs: Millis
  /** When what still stands is closed, by the same clock; `undefined`: never. */
  readonly deadlineMs: Millis | undefined
  /** Connections are closed one after the other until then, and not all at the end. */
  readonly isGradual: boolean
  /** Only in this life of the node: it is to be stopped. */
  readonly boot: number | undefined
}

/** `service` not given: all programs of the node. */
export function drainKey(node: NodeId, service?: string): string {
  return service === undefined ? `${PREFIX}${node}` : `${PREFIX}${node}/${service}`
}

/** Orders about a service anywhere, or about a node in any way: to be forgotten with it. */
export function drainKeysOf(
  keys: readonly string[],
  about: { readonly service: string } | { readonly node: NodeId },
): string[] {
  const drains = keys.filter((key) => key.startsWith(PREFIX))
  if ('service' in about)
    return drains.filter((key) => key.endsWith(`/${about.service}`) && key.split('/').length === 3)
  return drains.filter((key) => key.split('/')[1] === about.node)
}

/** Total: what a newer release may have written is read as far as it is known. */
export function programDrainFrom(fields: Fields | undefined): ProgramDrain | undefined {
  const { sinceMs, deadlineMs, gradual, boot } = fields ?? {}
  if (typeof sinceMs !== 'number') return undefined
  return {
    sinceMs,
    deadlineMs: typeof deadlineMs === 'number' ? deadlineMs : undefined,
    isGradual: gradual === true,
    boot: typeof boot === 'number' ? boot : undefined,
  }
}

/** `undefined`: it is undone. */
export function programDrainChanges(drain: ProgramDrain | undefined): Changes | undefined {
  if (drain === undefined) return undefined
  const { sinceMs, deadlineMs = null, isGradual: gradual, boot = null } = drain
  return { sinceMs, deadlineMs, gradual, boot }
}

/** Of the connections that stood at its beginning, so many may still stand, from 0 to 1. */
export function shareLeft({ sinceMs, deadlineMs, isGradual }: ProgramDrain, wallMs: Millis): number {
  if (deadlineMs === undefined) return 1
  if (wallMs >= deadlineMs) return 0
  return isGradual ? Math.min(1, (deadlineMs - wallMs) / Math.max(1, deadlineMs - sinceMs)) : 1
}

export class ProgramDrains {
  constructor(
    private readonly registry: Pick<Registry, 'get'>,
    private readonly bootOf: (node: NodeId) => number,
  ) {}

  /** For all programs of the node. */
  whole(node: NodeId): ProgramDrain | undefined {
    return this.#inForce(node, drainKey(node))
  }

  /** For that service's there, alone. */
  one(service: string, node: NodeId): ProgramDrain | undefined {
    return this.#inForce(node, drainKey(node, service))
  }

  /** Its program is to end there, for whatever reason. */
  isDrained(service: string, node: NodeId): boolean {
    return this.whole(node) !== undefined || this.one(service, node) !== undefined
  }

  standing(service: string, node: NodeId): Standing | undefined {
    const whole = this.whole(node)
    const drain = whole ?? this.one(service, node)
    if (drain === undefined) return undefined
    const what = whole === undefined ? 'an operator drains it' : 'an operator drains its node'
    const undo = drain.boot === undefined ? ': `baton drain --undo` ends that' : ', which is to be stopped'
    return { state: 'draining', why: `${what}${undo}` }
  }

  #inForce(node: NodeId, key: string): ProgramDrain | undefined {
    const drain = programDrainFrom(this.registry.get(key))
    return drain?.boot !== undefined && drain.boot < this.bootOf(node) ? undefined : drain
  }
}
