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

test('a node that lost its memory has no seat; it is removed and added anew', () => {
  const room = trio()
  const [director = ''] = room.acting()
  const [loser = ''] = ['a', 'b', 'c'].filter((letter) => letter !== director)
  room.remove(loser)
  room.start(loser, false)
  room.link('a', 'b', 'c')
  assert.ok(room.machine(loser).isAmnesiac)
  assert.not(room.machine(loser).explain('web', room.now).isVoter)
  room.run(4_000)
  assert.not(room.machine(loser).isAmnesiac)
  assert.ok(room.machine(loser).explain('web', room.now).isVoter)
  assert.equal(room.acting(), [director])
})

test('an electorate of long ago, which has no seat for a node, does not give it its vote back', () => {
  const room = trio()
  room.remove('c')
  room.lets = () => false
  room.start('c', false)
  room.link('a', 'c')
  const tell = (epoch: number, letters: string) => {
    const voters = [...letters].map(idOf)
    const electorate = { epoch, voters, memories: voters.map(() => 1) }
    room.feed('c', { type: 'message', from: idOf('a'), bytes: encodeElection({ kind: 'electorate', electorate }) })
  }
  tell(1, 'a')
  tell(2, 'ab')
  tell(3, 'abc')
  assert.not(room.machine('c').explain('web', room.now).isVoter)
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
  for (const letter of ['a', 'b', 'c']) room.feed(letter, { type: 'service-gone', name: 'web' })
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

/** b grants a its lease, restarts, and is asked by c, which knows of no holder: all within one lease. */
function voterRestarts(bootSilence: boolean): string[] {
  const room = new Room({}, { bootSilence })
  for (const letter of ['a', 'b', 'c']) room.add(letter, letter === 'a')
  room.link('a', 'b', 'c')
  room.run(6_000)
  const [director = ''] = room.acting()
  const [voter = '', candidate = ''] = ['a', 'b', 'c'].filter((letter) => letter !== director)
  room.cut(director, voter)
  room.cut(director, candidate)
  room.start(candidate)
  room.machines.delete(idOf(voter))
  room.run(1)
  room.start(voter)
  room.link(voter, candidate)
  room.run(600)
  return room.acting()
}

test('a voter that voted at once after a restart would make two directors; its silence prevents it', () => {
  assert.is(voterRestarts(false).length, 2, 'without the rule the law is broken')
  assert.ok(voterRestarts(true).length <= 1)
})

/** b directs and does not vote; it starts anew and remembers nothing. Its terms, one life after the other. */
function termsOfTwoLives(tellsLivesApart: boolean): number[] {
  const room = new Room({ settleMs: 1e9 }, { tellsLivesApart })
  room.add('a', true, {}, { directs: false })
  room.add('b')
  room.link('a', 'b')
  room.run(2_000)
  const first = room.machine('b').holding('web')?.term.number ?? 0
  room.remove('b')
  room.run(2_000)
  room.start('b', false)
  room.link('a', 'b')
  room.run(3_000)
  return [first, room.machine('b').holding('web')?.term.number ?? 0]
}

test('a holder that starts anew does not get its earlier term again', () => {
  assert.equal(termsOfTwoLives(false), [1, 1], 'without the rule a term has two lives')
  assert.equal(termsOfTwoLives(true), [1, 2])
})

test('a vote is durable before it leaves, and joining never founds', () => {
  const voter = new Room()
  const effects: string[] = []
  const machine = voter.add('a', true)
  voter.add('b')
  voter.lets = () => false
  voter.link('a', 'b')
  voter.run(5_000)
  assert.equal(voter.machine('b').electorate().voters, [], 'b heard of no electorate and founds none')
  const claims = [{ service: 'web', number: 900, flags: 0 }]
  const { epoch } = machine.electorate()
  const request = { kind: 'request' as const, epoch, round: 1, leaseMs: 1_000, batch: 1, claims }
  machine.handle({ type: 'resign', service: 'web' }, voter.now)
  machine.handle({ type: 'message', from: idOf('b'), bytes: encodeElection(request) }, voter.now)
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) effects.push(effect.type)
  const [persisted, sent] = [effects.lastIndexOf('persist'), effects.lastIndexOf('send')]
  assert.ok(persisted >= 0 && persisted < sent, effects.join(' '))
})

test('the lease counts from before the request was sent, and ends earlier by the margin', () => {
  const room = trio()
  const [director = ''] = room.acting()
  let sentAt = 0
  room.lets = (_from, _to, message) => {
    if (message.kind === 'request' || message.kind === 'renew') sentAt = room.now
    return true
  }
  room.run(300)
  room.lets = () => false
  assert.is(room.machine(director).holding('web')?.deadline, sentAt + 1_000 - 50)
})

/** One voter with its disk, asked by another node's candidate under profiles that change from boot to boot. */
test('a voter that is started again with shorter leases is silent for as long as it granted before', () => {
  const [self, other] = [idOf('a'), idOf('b')]
  const durable = emptyState(1)
  applyRecord(durable, { kind: 'electorate', electorate: { epoch: 3, voters: [self, other], memories: [1, 1] } })
  /** What it answers to a request for `web`, and what it wrote before. */
  const ask = (machine: Elections, number: number, leaseMs: number, now: number) => {
    const claims = [{ service: 'web', number, flags: 0 }]
    const bytes = encodeElection({ kind: 'request', epoch: 3, round: 1, leaseMs, batch: 1, claims })
    machine.handle({ type: 'message', from: other, bytes }, now)
    const verdicts: string[] = []
    const kept: string[] = []
    for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
      const decoded = effect.type === 'send' ? decodeElection(effect.bytes) : undefined
      if (effect.type === 'persist') kept.push(...effect.records.map(({ kind }) => kind))
      if (decoded?.type !== 'message') continue
      const { message } = decoded
      if (message.kind === 'answer') verdicts.push(...message.verdicts.map(({ verdict }) => verdict))
      if (message.kind === 'all-granted') verdicts.push('granted')
    }
    return { verdicts, kept }
  }
  const start = (profile: 'wan' | 'lan', boot: number, now: number) => {
    const machine = new Elections({
      self,
      boot,
      config: electionConfig(profile),
      random: new Prng(1),
      durable,
      isFresh: boot === 1,
      now,
      directs: false,
      diesWithProcess: false,
      probesRivals: false,
    })
    machine.handle({ type: 'link-up', peer: other, boot: 1 }, now)
    return machine
  }
  assert.equal(ask(start('wan', 1, 0), 1, 5_000, 0), { verdicts: ['granted'], kept: ['vote', 'lease'] })
  const shorter = start('lan', 2, 100)
  assert.equal(ask(shorter, 2, 1_000, 2_000).verdicts, ['silent'])
  assert.equal(ask(shorter, 3, 1_000, 5_200), { verdicts: ['granted'], kept: ['vote', 'lease'] })
  assert.equal(ask(shorter, 3, 1_000, 5_300), { verdicts: ['granted'], kept: [] })
  assert.equal(ask(start('lan', 3, 6_000), 4, 1_000, 7_100).verdicts, ['granted'])
})

test.run()
