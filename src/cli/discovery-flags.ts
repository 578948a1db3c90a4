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

/** What is wrong goes to `problems`; nothing given is the default. */
export function discoveryOf(texts: readonly string[] | undefined, problems: string[] = []): readonly DiscoveryWay[] {
  if (texts === undefined) return DISCOVERY_DEFAULT
  const parsed = parseDiscovery(texts.join(','))
  if (parsed.type === 'ways') return parsed.ways
  problems.push(`--discovery ${parsed.problem}; ${parsed.hint}`)
  return DISCOVERY_DEFAULT
}
