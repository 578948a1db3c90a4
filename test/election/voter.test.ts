import type { Vote } from '../../src/election/durable-state.js'
import { FLAG_DIES_WITH_PROCESS } from '../../src/election/messages.js'
import { SOUND_RULES, Voter } from '../../src/election/voter.js'
import { assert, suite } from '../harness/suite.js'
import { idOf } from './script.js'

const test = suite('election/voter')
const LEASE_MS = 1_000
const [A, B] = [idOf('a'), idOf('b')]
const claim = (number: number, flags = 0) => ({ service: 'web', number, flags })

/** A voter whose votes become durable at once, as the caller sees to. */
function voter(silentUntil = 0) {
  const votes = new Map<string, Vote>()
  const machine = new Voter(votes, LEASE_MS, silentUntil, SOUND_RULES)
  const ask = (number: number, from: string, now: number, flags = 0, leaseMs = LEASE_MS, boot = 1) => {
    const { answer, vote } = machine.judge(claim(number, flags), from, boot, leaseMs, now)
    if (vote !== undefined) votes.set('web', vote)
    return answer.verdict
  }
  return { machine, votes, ask }
}

test('it grants one holder at a time, until a lease after the last renewal', () => {
  const { ask } = voter()
  assert.is(ask(1, A, 0), 'granted')
  assert.is(ask(2, B, 500), 'held')
  assert.is(ask(1, A, 600), 'granted')
  assert.is(ask(2, B, 1_599), 'held')
  assert.is(ask(2, B, 1_600), 'granted')
})

test('terms only grow, and a number has one holder', () => {
  const { ask } = voter()
  assert.is(ask(5, A, 0), 'granted')
  assert.is(ask(5, B, 5_000), 'older-term')
  assert.is(ask(4, B, 5_000), 'older-term')
  assert.is(ask(6, B, 5_000), 'granted')
  assert.is(ask(5, A, 9_000), 'older-term')
})

test('a term that its holder told of is used, though this voter had no seat when it was granted', () => {
  const { machine, ask } = voter()
  machine.heardTerm('web', { number: 5, holder: A })
  assert.is(ask(4, B, 0), 'older-term')
  assert.is(ask(5, B, 0), 'older-term')
  assert.is(ask(5, A, 0), 'granted')
  machine.heardTerm('web', { number: 3, holder: B })
  assert.is(ask(6, B, 5_000), 'granted', 'a lower one changes nothing')
})

test('a later life of a holder does not get its earlier term again', () => {
  const { ask } = voter()
  assert.is(ask(5, A, 0, 0, LEASE_MS, 1), 'granted')
  assert.is(ask(5, A, 5_000, 0, LEASE_MS, 2), 'older-term')
  assert.is(ask(6, A, 5_000, 0, LEASE_MS, 2), 'granted')
  assert.is(ask(6, A, 9_000, 0, LEASE_MS, 2), 'granted')
})

test('a vote is reported once, when it is new', () => {
  const { machine, votes } = voter()
  const first = machine.judge(claim(1), A, 1, LEASE_MS, 0)
  assert.equal(first.vote, { number: 1, holder: A, boot: 1 })
  votes.set('web', { number: 1, holder: A, boot: 1 })
  assert.is(machine.judge(claim(1), A, 1, LEASE_MS, 100).vote, undefined)
})

test('after a start it is silent, and says for how long', () => {
  const { machine, ask } = voter(1_000)
  const { answer } = machine.judge(claim(1), A, 1, LEASE_MS, 400)
  assert.equal([answer.verdict, answer.remainingMs], ['silent', 600])
  assert.is(ask(1, A, 1_000), 'granted')
})

test('a lease longer than its own silence after a start is refused', () => {
  assert.is(voter().ask(1, A, 0, 0, LEASE_MS + 1), 'too-long')
})

test('a release counts from the holder and for its number only', () => {
  const { machine, ask } = voter()
  ask(1, A, 0)
  machine.release('web', 1, B, 1)
  machine.release('web', 2, A, 1)
  assert.is(ask(2, B, 10), 'held')
  machine.release('web', 1, A, 1)
  assert.is(ask(2, B, 10), 'granted')
})

test('a later life of the holder releases and endorses nothing of the earlier one', () => {
  const { machine, ask } = voter()
  ask(1, A, 0)
  machine.release('web', 1, A, 2)
  assert.is(machine.endorse('web', 1, A, 2, B, 10), undefined)
  assert.is(ask(2, B, 10), 'held')
})

test('an endorsement keeps all others out and is a vote for the successor', () => {
  const { machine, votes, ask } = voter()
  ask(1, A, 0)
  assert.is(machine.endorse('web', 1, B, 1, B, 10), undefined, 'only the holder endorses')
  const vote = machine.endorse('web', 1, A, 1, B, 10)
  assert.equal(vote, { number: 2, holder: B, boot: 0 })
  votes.set('web', vote as Vote)
  assert.is(ask(3, A, 20), 'held')
  assert.is(ask(2, B, 20), 'granted')
})

test('a death frees what dies with the process, and nothing of others', () => {
  const { machine, ask } = voter()
  ask(1, A, 0)
  machine.bury(A)
  assert.is(ask(2, B, 10), 'held')
  const mortal = voter()
  mortal.ask(1, A, 0, FLAG_DIES_WITH_PROCESS)
  mortal.machine.bury(B)
  assert.is(mortal.ask(2, B, 10), 'held')
  mortal.machine.bury(A)
  assert.is(mortal.ask(2, B, 10), 'granted')
})

test.run()
