/** `--discovery lan,swarm,seeds`: by which ways members are found. */
import type { DiscoveryWay } from './discovery-protocol.js'

export const DISCOVERY_WAYS: readonly DiscoveryWay[] = ['lan', 'swarm', 'seeds']
export const DISCOVERY_DEFAULT: readonly DiscoveryWay[] = ['lan', 'seeds']

export type ParsedDiscovery =
  | { readonly type: 'ways'; readonly ways: readonly DiscoveryWay[] }
  /** The rest of a sentence that begins with the setting. */
  | { readonly type: 'problem'; readonly problem: string; readonly hint: string }

/** In any order; `none`: nobody is looked for. */
export function parseDiscovery(text: string): ParsedDiscovery {
  if (text === 'none') return { type: 'ways', ways: [] }
  const words = text.split(',').map((word) => word.trim())
  const unknown = words.find((word) => !DISCOVERY_WAYS.some((way) => way === word))
  if (unknown !== undefined) {
    const problem =
      unknown === ''
        ? `'${text.slice(0, 100)}' has an empty place`
        : `'${unknown.slice(0, 100)}' is no way to find members`
    return { type: 'problem', problem, hint: 'choose among lan, swarm and seeds, such as lan,swarm; or none' }
  }
  return { type: 'ways', ways: DISCOVERY_WAYS.filter((way) => words.includes(way)) }
}
