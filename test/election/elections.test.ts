import { Prng } from '../../src/base/prng.js'
import { decodeElection, encodeElection } from '../../src/election/codec.js'
import { electionConfig } from '../../src/election/config.js'
import { applyRecord, emptyState } from '../../src/election/durable-state.js'
import { Elections } from '../../src/election/elections.js'
import { assert, suite } from '../harness/suite.js'
import { idOf, Room } from './script.js'

const test = suite('election/elections')

function trio(): Room {
  const room = new Room()
  room.add('a', true)
  room.add('b')
  room.add('c')
  room.link('a', 'b', 'c')
  room.run(6_000)
  return room
}

test('a founder alone directs at once; joined nodes do not vote until they are committed', () => {
  const room = new Room()
  room.add('a', true)
  room.run(500)
  assert.equal(room.acting(), ['a'])
  room.add('b')
  room.link('a', 'b')
  assert.equal(room.machine('b').electorate().voters, [idOf('a')])
  assert.not(room.machine('b').explain('web', room.now).isVoter)
  room.run(4_000)
  assert.equal(room.machine('b').electorate().voters, [idOf('a'), idOf('b')])
  assert.equal(room.acting(), ['a'], 'nothing is taken back, and growth costs no term')
  assert.is(room.machine('a').holding('web')?.term.number, 1)
})

test('the director dies: another acts, after its lease and not before', () => {
  const room = trio()
  assert.is(room.acting().length, 1)
  const [dead = ''] = room.acting()
  const { deadline = 0, term } = room.machine(dead).holding('web') ?? {}
  room.remove(dead)
  while (room.acting().length === 0 && room.now < deadline + 3_000) room.run(10)
  const [next = ''] = room.acting()
  assert.ok(room.now >= deadline, 'not before the lease has run out')
  assert.ok(room.now < deadline + 800, `${room.now - deadline} ms after the lease`)
  assert.ok((room.machine(next).holding('web')?.term.number ?? 0) > (term?.number ?? 0))
})

test('a director that resigns is followed at once', () => {
  const room = trio()
  const [first = ''] = room.acting()
  room.feed(first, { type: 'unable', service: 'web', forMs: 3_000, why: 'port in use' })
  room.run(400)
  assert.is(room.acting().length, 1)
  assert.is.not(room.acting()[0], first)
  assert.is(room.machine(first).explain('web', room.now).unable?.why, 'port in use')
})

test('of two voters one is gone: nobody directs, and the explanation says why', () => {
  const room = new Room()
  room.add('a', true)
  room.add('b')
  room.link('a', 'b')
  room.run(4_000)
  room.remove('b')
  room.run(3_000)
  assert.equal(room.acting(), [])
  const { quorum, reachable, unreachable, term } = room.machine('a').explain('web', room.now)
  assert.is(quorum, 2)
  assert.equal([reachable, unreachable], [[idOf('a')], [idOf('b')]])
  assert.is(term, undefined)
})

test('a node that lost its memory does not vote', () => {
  const room = trio()
  room.feed('b', { type: 'amnesia' })
  room.feed('c', { type: 'amnesia' })
  room.run(3_000)
  assert.equal(room.acting(), [], 'one voter of three is no majority')
})

test('a gap of half a lease voids it; a short stall does not', () => {
  const room = trio()
  const [director = ''] = room.acting()
  room.feed(director, { type: 'clock-gap', ms: 100 })
  assert.equal(room.acting(), [director])
  room.lets = () => false
  room.feed(director, { type: 'clock-gap', ms: 600 })
  assert.equal(room.acting(), [])
})

test('a removed service is nobody’s; a machine without electorate or quorum sleeps', () => {
  const room = trio()
  for (const letter of ['a', 'b', 'c']) room.feed(letter, { type: 'service', name: 'web', present: false })
  assert.equal(room.acting(), [])
  const stranger = new Room()
  stranger.add('x')
  stranger.run(10_000)
  assert.equal(stranger.acting(), [])
})

/**
 * Two changes within one lease: a acts on its own vote alone (epoch 1); b and c come to a majority of epoch 3 that a has
 * no part in. Only the wait of one lease between two changes keeps them from acting beside it.
 */
function twoChangesInOneLease(waitsBetweenChanges: boolean): string[] {
  const room = new Room({ settleMs: 1, changeRetryMs: 1 }, { waitsBetweenChanges })
  room.add('a', true)
  room.add('b')
  room.add('c')
  room.run(1_000)
  // Nobody tells b and c that a directs, nor asks them to: messages may be lost.
  room.lets = (_from, _to, message) => message.kind !== 'announce' && message.kind !== 'request'
  room.link('a', 'b', 'c')
  room.run(100)
  // a is cut off; the others talk freely.
  room.lets = (from, to) => from !== idOf('a') && to !== idOf('a')
  room.run(500)
  return room.acting()
}

test('two changes of the electorate in one lease would make two directors; the wait prevents it', () => {
  assert.is(twoChangesInOneLease(false).length, 2, 'without the rule the law is broken')
  assert.ok(twoChangesInOneLease(true).length <= 1)
})

test('a voter that comes back with a shorter lease is silent for as long as its last boot could have promised', () => {
  const [self, other] = [idOf('a'), idOf('b')]
  const durable = emptyState()
  applyRecord(durable, { kind: 'electorate', electorate: { epoch: 3, voters: [self, other] } })
  /** What it answers to a request for `web`, and what it wrote before. */
  const ask = (machine: Elections, number: number, leaseMs: number, now: number) => {
    const claims = [{ service: 'web', number, flags: 0 }]
    const bytes = encodeElection({ kind: 'request', epoch: 3, round: 1, leaseMs, claims })
    machine.handle({ type: 'message', from: other, bytes }, now)
    const verdicts: string[] = []
    const kept: string[] = []
    for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
      const decoded = effect.type === 'send' ? decodeElection(effect.bytes) : undefined
      if (effect.type === 'persist') kept.push(...effect.records.map(({ kind }) => kind))
      if (decoded?.type === 'message' && decoded.message.kind === 'answer') {
        verdicts.push(...decoded.message.verdicts.map(({ verdict }) => verdict))
      }
    }
    return { verdicts, kept }
  }
  const boot = (profile: 'wan' | 'lan', now: number, isFresh: boolean) => {
    const machine = new Elections({
      self,
      config: electionConfig(profile),
      random: new Prng(1),
      durable,
      isFresh,
      now,
    })
    machine.handle({ type: 'link-up', peer: other }, now)
    return machine
  }
  assert.equal(ask(boot('wan', 0, true), 1, 5_000, 0), { verdicts: ['granted'], kept: ['vote', 'lease'] })
  // It is started again with leases of a second, while that grant lasts.
  const shorter = boot('lan', 100, false)
  assert.equal(ask(shorter, 2, 1_000, 2_000).verdicts, ['silent'])
  assert.equal(ask(shorter, 3, 1_000, 5_200), { verdicts: ['granted'], kept: ['vote', 'lease'] })
  assert.equal(ask(shorter, 3, 1_000, 5_300), { verdicts: ['granted'], kept: [] })
  assert.equal(ask(boot('lan', 6_000, false), 4, 1_000, 7_100).verdicts, ['granted'])
})

test.run()
