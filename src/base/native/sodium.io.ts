/**
 * libsodium: that of sodium-native or, where its file cannot be loaded, the same library as WebAssembly, several times
 * slower. What is sealed or hashed by one is opened or checked by the other: nodes of both kinds make one cluster. Packages that ask for
 * sodium-native themselves get what this file has chosen; they are loaded after it (`secret-stream.io`, or by whoever waits
 * for this file first).
 */
import Module, { createRequire } from 'node:module'
import type Sodium from 'sodium-native'
import { loadPart } from './parts.io.js'

const part = loadPart<typeof Sodium>('sodium-native')

/** '' where sodium-native is there. */
export const whyPortable = 'why' in part ? part.why : ''

const sodium: typeof Sodium = 'why' in part ? await portable() : part.loaded

export default sodium

async function portable(): Promise<typeof Sodium> {
  const { loadPortableSodium } = await import('./portable-sodium.io.js')
  const found = loadPortableSodium()
  const require = createRequire(import.meta.url)
  const secretStream = createRequire(require.resolve('@hyperswarm/secret-stream'))
  const universal = secretStream.resolve('sodium-universal')
  for (const file of [universal, ...nativeFiles([require, secretStream, createRequire(universal)])]) {
    const module = new Module(file)
    module.exports = found
    module.loaded = true
    require.cache[file] = module
  }
  return found as unknown as typeof Sodium
}

/** None, where the package is not even there. */
function nativeFiles(requires: readonly NodeJS.Require[]): string[] {
  return requires.flatMap((require) => {
    try {
      return [require.resolve('sodium-native')]
    } catch {
      return []
    }
  })
}
