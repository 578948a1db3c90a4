/** hyperdht and hyperswarm: loaded only where a swarm is asked for. Why they cannot be, in words: their native part is udx-native. */
import { createRequire } from 'node:module'
import type HyperDHT from 'hyperdht'
import type Hyperswarm from 'hyperswarm'
import { whyNotLoaded } from '../../base/native/parts.io.js'

export type Unavailable = { readonly why: string }

export async function loadDht(): Promise<{ readonly DHT: typeof HyperDHT } | Unavailable> {
  return orWhy(async () => ({ DHT: (await import('hyperdht')).default }))
}

export async function loadSwarm(): Promise<
  { readonly DHT: typeof HyperDHT; readonly Swarm: typeof Hyperswarm } | Unavailable
> {
  return orWhy(async () => {
    const [{ default: DHT }, { default: Swarm }] = await Promise.all([import('hyperdht'), import('hyperswarm')])
    return { DHT, Swarm }
  })
}

/** '' where it can be loaded. */
export function whyNoUdx(): string {
  const require = createRequire(import.meta.url)
  let at: string
  try {
    at = require.resolve('hyperdht')
  } catch (error) {
    return whyNotLoaded('hyperdht', error)
  }
  try {
    createRequire(at)('udx-native')
    return ''
  } catch (error) {
    return whyNotLoaded('udx-native', error)
  }
}

async function orWhy<T>(load: () => Promise<T>): Promise<T | Unavailable> {
  try {
    // Both ask for libsodium as soon as they are loaded: it is settled first which there is.
    await import('../../base/native/sodium.io.js')
    return await load()
  } catch (error) {
    return { why: whyNoUdx() || whyNotLoaded('hyperswarm', error) }
  }
}
