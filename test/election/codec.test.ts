import { Prng } from '../../src/base/prng.js'
import { decodeElection, encodeElection } from '../../src/election/codec.js'
import { type ElectionMessage, type LeaseClaim, VERDICTS } from '../../src/election/messages.js'
import { assert, suite } from '../harness/suite.js'
import { idOf } from './script.js'

const test = suite('election/codec')

/** Messages of every kind, drawn from `random`. */
function messages(random: Prng): ElectionMessage[] {
  const u32 = () => random.below(2 ** 32)
  const number = () => random.below(2 ** 48)
  const node = () => idOf('abcdefgh'.charAt(random.below(8)))
  const service = () => 'x'.repeat(1 + random.below(63))
  const list = <T>(make: () => T): T[] => Array.from({ length: random.below(5) }, make)
  const claim = (): LeaseClaim => ({ service: service(), number: number(), flags: random.below(4) })
  const ballot = () => ({ round: u32(), node: node() })
  const seats = () => {
    const voters = [...new Set([node(), node(), node()])].sort()
    return { voters, memories: voters.map(u32) }
  }
  const verdict = () => ({
    service: service(),
    number: number(),
    verdict: VERDICTS[random.below(VERDICTS.length)] ?? ('granted' as const),
    highest: { number: number(), holder: node() },
    remainingMs: u32(),
  })
  const accepted = random.chance(0.5) ? { ballot: ballot(), seats: seats() } : undefined
  return [
    { kind: 'request', epoch: u32(), round: u32(), leaseMs: u32(), batch: u32(), claims: list(claim) },
    { kind: 'renew', epoch: u32(), round: u32(), leaseMs: u32(), batch: u32() },
    { kind: 'answer', epoch: u32(), round: u32(), verdicts: list(verdict) },
    { kind: 'all-granted', epoch: u32(), round: u32() },
    { kind: 'release', claims: list(claim) },
    { kind: 'endorse', service: service(), number: number(), successor: node() },
    { kind: 'announce', batch: u32(), validMs: u32(), claims: list(claim) },
    { kind: 'still', batch: u32(), validMs: u32() },
    { kind: 'ended', claims: list(claim) },
    { kind: 'which', batch: u32() },
    { kind: 'memory', number: u32() },
    { kind: 'forget', node: node() },
    { kind: 'electorate', electorate: { epoch: u32(), ...seats() } },
    { kind: 'prepare', epoch: u32(), ballot: ballot() },
    { kind: 'promise', epoch: u32(), ballot: ballot(), ok: random.chance(0.5), promised: ballot(), accepted },
    { kind: 'accept', epoch: u32(), ballot: ballot(), seats: seats() },
    { kind: 'accepted', epoch: u32(), ballot: ballot(), ok: random.chance(0.5), promised: ballot() },
  ]
}

test('what was encoded is read again, of every kind', () => {
  for (let seed = 1; seed <= 200; seed++) {
    for (const message of messages(new Prng(seed))) {
      assert.equal(
        decodeElection(encodeElection(message)),
        { type: 'message', message },
        `${message.kind}, seed ${seed}`,
      )
    }
  }
})

test('a message that is cut short is malformed, wherever it was cut; more behind it is a later release’s', () => {
  for (const message of messages(new Prng(7))) {
    const bytes = encodeElection(message)
    for (let length = 0; length < bytes.length; length++) {
      assert.is(decodeElection(bytes.subarray(0, length)).type, 'malformed', `${message.kind} cut to ${length}`)
    }
    const longer = new Uint8Array(bytes.length + 9)
    longer.set(bytes)
    assert.equal(decodeElection(longer), { type: 'message', message })
  }
})

test('random bytes, and messages with random bytes in them, always have an answer', () => {
  const random = new Prng(3)
  for (let i = 0; i < 20_000; i++) decodeElection(random.bytes(random.below(80)))
  for (let i = 0; i < 500; i++) {
    for (const message of messages(random)) {
      const bytes = encodeElection(message)
      bytes[random.below(bytes.length)] = random.below(256)
      decodeElection(bytes)
    }
  }
})

test('an unknown kind and another version are passed over', () => {
  assert.is(decodeElection(new Uint8Array([1, 200, 1, 2, 3])).type, 'unknown')
  assert.is(decodeElection(new Uint8Array([9, 1])).type, 'unknown')
})

test.run()
