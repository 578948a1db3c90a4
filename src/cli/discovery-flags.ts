/** `--discovery` and `--bootstrap`, as they are typed or stand in a file. */
import {
  type Bootstrap,
  DISCOVERY_DEFAULT,
  type DiscoveryWay,
  parseBootstrap,
  parseDiscovery,
} from '../node/config-schema.js'

export interface BootstrapList {
  readonly bootstrap: readonly Bootstrap[]
  readonly problems: readonly { readonly problem: string; readonly hint: string }[]
}

/** Given several times, or with commas. */
export function bootstrapOf(texts: readonly string[]): BootstrapList {
  const parsed = texts.flatMap((text) => text.split(',')).map((text) => parseBootstrap(text.trim()))
  return {
    bootstrap: parsed.flatMap((one) => (one.type === 'bootstrap' ? one.bootstrap : [])),
    problems: parsed.flatMap((one) => (one.type === 'problem' ? one : [])),
  }
}

/** Of a token: places where others are found. */
interface Told {
  readonly bootstraps: readonly string[]
}

/**
 * How `baton up` finds others. Who says no `--discovery`, and has a token with bootstrap nodes, looks there as well; who says one without
 * swarm does not. What is wrong goes to `problems`.
 */
export function findingOf(
  given: { readonly discovery: string; readonly isTold: boolean; readonly bootstrap: readonly string[] },
  token: Told | undefined,
  problems: string[],
): { readonly discovery: readonly DiscoveryWay[]; readonly bootstrap: readonly Bootstrap[] } {
  const told = token?.bootstraps ?? []
  const bySwarm = !given.isTold && told.length > 0
  const discovery = discoveryOf([bySwarm ? `${given.discovery},swarm` : given.discovery], problems)
  const texts = [...given.bootstrap, ...(discovery.includes('swarm') ? told : [])]
  const { bootstrap, problems: wrong } = bootstrapOf(texts)
  problems.push(...wrong.map(({ problem, hint }) => `--${problem}: ${hint}`))
  return { discovery, bootstrap }
}

/** What is wrong goes to `problems`; nothing given is the default. */
export function discoveryOf(texts: readonly string[] | undefined, problems: string[] = []): readonly DiscoveryWay[] {
  if (texts === undefined) return DISCOVERY_DEFAULT
  const parsed = parseDiscovery(texts.join(','))
  if (parsed.type === 'ways') return parsed.ways
  problems.push(`--discovery ${parsed.problem}; ${parsed.hint}`)
  return DISCOVERY_DEFAULT
}
