/** All suites that this process can seal with, and which of them it should offer. */

import { assert } from '../base/assert.js'
import type { Aead } from './aead.js'
import { loadAegis } from './aegis.io.js'
import { CountedOpener, CountedSealer } from './counted-seal.io.js'
import { loadEvp } from './evp.io.js'
import type { Found } from './found.js'
import { randomBytes } from './keys.io.js'
import { loadLargeRecords } from './large-records.io.js'
import type { Sealer, SealFactory } from './ports.js'
import { RECORD_PLAINTEXT_BYTES_MAX, RECORD_SEALED_BYTES_MAX } from './record.js'
import { SEAL_HEADER_BYTES, SEAL_KEY_BYTES, SodiumOpener, SodiumSealer } from './seal.io.js'
import type { Suite } from './suites.js'

type FastSuite = Exclude<Suite, 'secretstream'>

/** A short look, once in a process: some milliseconds. */
const ROUNDS = 12

/** AES without instructions for it is several times slower; with them it is more than twice as fast. */
const PAYS_BELOW = 0.8

const FAST: readonly { readonly suite: FastSuite; readonly load: () => Found<Aead> }[] = [
  { suite: 'aegis-128l', load: loadAegis },
  { suite: 'aes-256-gcm', load: loadEvp },
]

export const seals: SealFactory = {
  sealer(suite, key) {
    if (suite === 'secretstream') {
      const sealer = new SodiumSealer(key)
      return { sealer, header: sealer.header }
    }
    const header = randomBytes(SEAL_HEADER_BYTES)
    return { sealer: new CountedSealer(suite, aeadOf(suite), key, header), header }
  },
  opener(suite, key, header) {
    if (suite === 'secretstream') return new SodiumOpener(key, header)
    return new CountedOpener(suite, aeadOf(suite), key, header)
  },
}

/**
 * What a thread needs for any suite, before its first link: not in the middle of its traffic, and from the files that the
 * process was started with. A package that was replaced since then would leave it without a suite that the node offers.
 */
export function loadSeals(): void {
  for (const { load } of FAST) load()
  loadLargeRecords()
}

export interface OfferedSuites {
  /** The fastest first. */
  readonly suites: readonly Suite[]
  /** Of each faster one, how much faster it is or why it cannot be had, in words. */
  readonly why: string
}

/** What to offer on this host: a faster suite only where it can be had and is measured to pay. */
export function suitesThatPay(): OfferedSuites {
  const key = new Uint8Array(SEAL_KEY_BYTES)
  const usualMs = leastMs(new SodiumSealer(key))
  const looks = FAST.map(({ suite, load }) => {
    const aead = load()
    if ('why' in aead) return { suite, share: Number.POSITIVE_INFINITY, why: aead.why }
    const sealer = new CountedSealer(suite, aead, key, new Uint8Array(SEAL_HEADER_BYTES))
    const share = leastMs(sealer) / usualMs
    sealer.close()
    return { suite, share, why: `${suite} takes ${share.toFixed(2)} of the time of secretstream here` }
  })
  const paying = looks.filter(({ share }) => share < PAYS_BELOW).sort((a, b) => a.share - b.share)
  return { suites: [...paying.map(({ suite }) => suite), 'secretstream'], why: looks.map(({ why }) => why).join('; ') }
}

/** The least of several: whatever disturbs makes it longer. */
function leastMs(sealer: Sealer): number {
  const plain = new Uint8Array(RECORD_PLAINTEXT_BYTES_MAX)
  const into = new Uint8Array(RECORD_SEALED_BYTES_MAX)
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    sealer.seal(plain, into)
    least = Math.min(least, performance.now() - start)
  }
  return least
}

function aeadOf(suite: FastSuite): Aead {
  const aead = FAST.find((one) => one.suite === suite)?.load()
  assert(aead !== undefined && !('why' in aead), `${suite} was offered, so it can be had`)
  return aead
}
