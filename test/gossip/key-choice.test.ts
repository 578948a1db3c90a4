import { KeyChoice } from '../../src/gossip/key-choice.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('gossip/key-choice')
const keyOf = (byte: number) => ({ id: `${byte}`, key: new Uint8Array(32).fill(byte) })
const [old, current, third] = [keyOf(1), keyOf(2), keyOf(3)]
const at = (n: number) => ({ address: '10.0.0.1', port: n })
const next = (choice: KeyChoice, n: number, times: number) =>
  Array.from({ length: times }, () => choice.keyFor(at(n))?.[0]).join('')

test('one key is used for everybody', () => {
  const choice = new KeyChoice()
  assert.is(choice.keyFor(at(1)), undefined)
  choice.useKeys([current])
  assert.is(next(choice, 1, 40), '2'.repeat(40))
})

test('who writes under an older key is answered under it, until it has said that it holds the current one', () => {
  const choice = new KeyChoice()
  choice.useKeys([current, old])
  choice.heard(at(1), old.key)
  choice.heard(at(2), current.key)
  assert.is(next(choice, 1, 3), '111')
  assert.is(next(choice, 2, 3), '222')
  choice.setHeld([{ at: at(1), held: ['2', '1'] }])
  assert.is(next(choice, 1, 3), '222', 'two that hold it must not keep each other from using it')
  choice.setHeld([{ at: at(1), held: ['1'] }])
  assert.is(next(choice, 1, 1), '1')
  choice.heard(at(1), current.key)
  assert.is(next(choice, 1, 1), '2')
})

test('a key that has gone from the ring is used for nobody', () => {
  const choice = new KeyChoice()
  choice.useKeys([current, old])
  choice.heard(at(1), old.key)
  choice.useKeys([current, third])
  assert.is(next(choice, 1, 1), '2')
})

test('whoever does not answer is tried with all that it may hold', () => {
  const choice = new KeyChoice()
  choice.useKeys([current, old, third])
  assert.equal(new Set(next(choice, 1, 6)), new Set(['1', '2', '3']))
  choice.heard(at(1), current.key)
  assert.is(next(choice, 1, 16), '2'.repeat(16))
  assert.equal(new Set(next(choice, 1, 6)), new Set(['1', '2', '3']))
  choice.setHeld([{ at: at(1), held: ['2', '1'] }])
  assert.equal(new Set(next(choice, 1, 6)), new Set(['1', '2']), 'but not with one that it has never said it holds')
})

test('addresses are bounded: the one longest silent is forgotten', () => {
  const choice = new KeyChoice()
  choice.useKeys([current, old])
  for (let n = 0; n <= 4_096; n++) choice.heard(at(1_000 + n), old.key)
  assert.is(next(choice, 1_001, 2), '11')
  assert.is(next(choice, 1_000, 1), '2')
})

test.run()
