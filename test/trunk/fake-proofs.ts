/** Proofs without cryptography: readable, and equal exactly where real ones are. */
import { toHex } from '../../src/base/bytes.js'
import { hash32 } from '../../src/base/hash.js'
import { PROOF_BYTES, proofInput } from '../../src/trunk/hello.js'
import type { LinkRole, ProofPort } from '../../src/trunk/ports.js'

export function fakeProofs(...keys: number[]): ProofPort {
  const proof = (key: number, role: LinkRole, hash: Uint8Array, publicKey: Uint8Array) =>
    new Uint8Array(PROOF_BYTES).fill(hash32(Uint8Array.of(key, ...proofInput(role, hash, publicKey))))
  return {
    make: (role, hash, publicKey) => keys.map((key) => proof(key, role, hash, publicKey)),
    verify: (proofs, role, hash, publicKey) =>
      keys.some((key) => {
        const expected = toHex(proof(key, role, hash, publicKey))
        return proofs.some((theirs) => toHex(theirs) === expected)
      }),
    nodeIdOf: (publicKey) => toHex(publicKey.subarray(0, 16)),
  }
}

export function fakePublicKey(index: number): Uint8Array {
  return new Uint8Array(32).fill(index + 1)
}

export const fakeNodeId = (index: number): string => toHex(fakePublicKey(index).subarray(0, 16))
