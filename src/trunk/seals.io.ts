/** All suites that this process can seal with, and which of them it should offer. */

import { type Evp, loadEvp } from './evp.io.js'
import { GcmOpener, GcmSealer } from './gcm-seal.io.js'
import { randomBytes } from './keys.io.js'
import type { Sealer, SealFactory } from './ports.js'
import { RECORD_PLAINTEXT_BYTES_MAX, SEAL_OVERHEAD_BYTES } from './record.js'
import { SEAL_HEADER_BYTES, SEAL_KEY_BYTES, SodiumOpener, SodiumSealer } from './seal.io.js'
import type { Suite } from './suites.js'

/** A short look, once in a process: some milliseconds. */
const ROUNDS = 12

/** AES without instructions for it is several times slower; with them it is more than twice as fast. */
const PAYS_BELOW = 0.8

export const seals: SealFactory = {
  sealer(suite, key) {
    if (suite === 'secretstream') {
      const sealer = new SodiumSealer(key)
      return { sealer, header: sealer.header }
    }
    const header = randomBytes(SEAL_HEADER_BYTES)
    return { sealer: new GcmSealer(evpOrThrow(), key, header), header }
  },
  opener(suite, key, header) {
    return suite === 'secretstream' ? new SodiumOpener(key, header) : new GcmOpener(evpOrThrow(), key, header)
  },
}

export interface OfferedSuites {
  readonly suites: readonly Suite[]
  /** Why there is no faster one, or by how much it is faster, in words. */
  readonly why: string
}

/** What to offer on this host: a faster suite only where it can be had and is measured to pay. */
export function suitesThatPay(): OfferedSuites {
  const evp = loadEvp()
  if ('why' in evp) return { suites: ['secretstream'], why: evp.why }
  const key = new Uint8Array(SEAL_KEY_BYTES)
  const gcm = new GcmSealer(evp, key, new Uint8Array(SEAL_HEADER_BYTES))
  const share = leastMs(gcm) / leastMs(new SodiumSealer(key))
  gcm.close()
  const why = `AES-256-GCM takes ${share.toFixed(2)} of the time of secretstream here`
  return { suites: share < PAYS_BELOW ? ['aes-256-gcm', 'secretstream'] : ['secretstream'], why }
}

/** The least of several: whatever disturbs makes it longer. */
function leastMs(sealer: Sealer): number {
  const plain = new Uint8Array(RECORD_PLAINTEXT_BYTES_MAX)
  const into = new Uint8Array(RECORD_PLAINTEXT_BYTES_MAX + SEAL_OVERHEAD_BYTES)
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    sealer.seal(plain, into)
    least = Math.min(least, performance.now() - start)
  }
  return least
}

function evpOrThrow(): Evp {
  const evp = loadEvp()
  if ('why' in evp) throw new Error(evp.why)
  return evp
}
