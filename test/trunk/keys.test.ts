import { toHex } from '../../src/base/bytes.js'
import { isNodeId } from '../../src/base/ids.js'
import { clusterProofs, deriveKey, newClusterKey, nodeIdOf, nodeKeyPair } from '../../src/trunk/keys.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('trunk/keys')
const keyA = new Uint8Array(32).fill(1)
const keyB = new Uint8Array(32).fill(2)
const hash = new Uint8Array(64).fill(9)
const { publicKey } = nodeKeyPair(new Uint8Array(32).fill(7))
const other = nodeKeyPair(new Uint8Array(32).fill(8)).publicKey

test('derived keys differ by key and by purpose, and never change', () => {
  const derived = toHex(deriveKey(keyA, 'control proof 1'))
  assert.is(derived, '81470391dddc1f41e72d436d7497da76047c2ca566de66f006c7a22371907d6e')
  assert.is.not(toHex(deriveKey(keyA, 'gossip datagram 1')), derived)
  assert.is.not(toHex(deriveKey(keyB, 'control proof 1')), derived)
})

test('a seed gives the same node for ever', () => {
  assert.is(nodeIdOf(publicKey), 'fe812c12f3ab4ce6ac5db69ac352f906')
  assert.ok(isNodeId(nodeIdOf(other)))
})

test('fresh keys are fresh', () => {
  assert.is.not(toHex(newClusterKey()), toHex(newClusterKey()))
  assert.is.not(toHex(nodeKeyPair().publicKey), toHex(nodeKeyPair().publicKey))
})

test('a proof holds for its role, its handshake, its sender and its key only', () => {
  const proofs = clusterProofs(() => [keyA])
  const made = proofs.make('initiator', hash, publicKey)
  assert.ok(proofs.verify(made, 'initiator', hash, publicKey))
  assert.not(proofs.verify(made, 'responder', hash, publicKey), 'sent back')
  assert.not(proofs.verify(made, 'initiator', new Uint8Array(64), publicKey), 'another connection')
  assert.not(proofs.verify(made, 'initiator', hash, other), 'another node')
  assert.not(clusterProofs(() => [keyB]).verify(made, 'initiator', hash, publicKey), 'another cluster')
})

test('keyrings meet in any one key', () => {
  const made = clusterProofs(() => [keyB, keyA]).make('responder', hash, publicKey)
  assert.is(made.length, 2)
  assert.ok(clusterProofs(() => [keyA]).verify(made, 'responder', hash, publicKey))
  assert.ok(clusterProofs(() => [new Uint8Array(32), keyB]).verify(made, 'responder', hash, publicKey))
})

test('proofs of a wrong length, or none, prove nothing', () => {
  const proofs = clusterProofs(() => [keyA])
  const made = proofs.make('initiator', hash, publicKey)
  assert.not(proofs.verify([], 'initiator', hash, publicKey))
  assert.not(proofs.verify([(made[0] as Uint8Array).subarray(0, 31)], 'initiator', hash, publicKey))
})

test.run()
