/** Keys: where they come from, and what is made of them. All of it is libsodium's. */
import { createHash } from 'node:crypto'
import { assert } from '../base/assert.js'
import { toHex, utf8 } from '../base/bytes.js'
import { NODE_ID_BYTES, type NodeId } from '../base/ids.js'
import sodium from '../base/native/sodium.io.js'
import { CLUSTER_KEY_BYTES } from './cluster-key.js'
import { PROOF_BYTES, proofInput } from './hello.js'
import type { ProofPort } from './ports.js'

const PUBLIC_KEY_BYTES = 32
const SECRET_KEY_BYTES = 64
const SEED_BYTES = 32
const CLUSTER_KEY_ID_BYTES = 8

/** Ed25519: the node's name in the cluster and its static key of the Noise handshake. */
export interface NodeKeyPair {
  readonly publicKey: Uint8Array
  /** As libsodium keeps it: seed ‖ public key, 64 bytes. */
  readonly secretKey: Uint8Array
}

export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  sodium.randombytes_buf(bytes)
  return bytes
}

/** 53 bits: as many as a seed of `Prng` takes. */
export function randomSeed(): number {
  return Number(Buffer.from(randomBytes(8)).readBigUInt64LE() >> 11n)
}

export function newClusterKey(): Uint8Array {
  return randomBytes(CLUSTER_KEY_BYTES)
}

/** A fresh pair, or the pair of a `seed` (32 bytes): the seed is all that a state folder has to keep. */
export function nodeKeyPair(seed = randomBytes(SEED_BYTES)): NodeKeyPair {
  assert(seed.byteLength === SEED_BYTES, `a seed has ${SEED_BYTES} bytes`)
  const pair = { publicKey: new Uint8Array(PUBLIC_KEY_BYTES), secretKey: new Uint8Array(SECRET_KEY_BYTES) }
  sodium.crypto_sign_seed_keypair(pair.publicKey, pair.secretKey, seed)
  return pair
}

export function nodeIdOf(publicKey: Uint8Array): NodeId {
  return toHex(createHash('sha256').update(publicKey).digest().subarray(0, NODE_ID_BYTES))
}

/**
 * A key of 32 bytes for one purpose (`gossip datagram 1`): keyed BLAKE2b, so that who learns one such key learns neither
 * the cluster key nor the key of another purpose. The number in a purpose changes when its format does.
 */
export function deriveKey(clusterKey: Uint8Array, purpose: string): Uint8Array {
  assert(clusterKey.byteLength === CLUSTER_KEY_BYTES, `a cluster key has ${CLUSTER_KEY_BYTES} bytes`)
  return mac(clusterKey, utf8(`baton: ${purpose}`))
}

/** The keyring of a cluster, as control links use it: the current key first, at most `PROOFS_MAX`. Asked anew for each link. */
export function clusterProofs(clusterKeys: () => readonly Uint8Array[]): ProofPort {
  const keysNow = () => clusterKeys().map((key) => deriveKey(key, 'control proof 1'))
  return {
    make: (role, handshakeHash, publicKey) =>
      keysNow().map((key) => mac(key, proofInput(role, handshakeHash, publicKey))),
    verify(proofs, role, handshakeHash, publicKey) {
      const input = proofInput(role, handshakeHash, publicKey)
      let proven = false
      for (const key of keysNow()) {
        const expected = mac(key, input)
        for (const proof of proofs) {
          if (proof.byteLength === PROOF_BYTES && sodium.sodium_memcmp(expected, proof)) proven = true
        }
      }
      return proven
    },
    nodeIdOf,
  }
}

/** By which people and files name a cluster key: 16 hex digits that tell nothing of it. */
export function clusterKeyId(clusterKey: Uint8Array): string {
  return toHex(deriveKey(clusterKey, 'key id 1').subarray(0, CLUSTER_KEY_ID_BYTES))
}

function mac(key: Uint8Array, input: Uint8Array): Uint8Array {
  const out = new Uint8Array(PROOF_BYTES)
  sodium.crypto_generichash(out, input, key)
  return out
}
