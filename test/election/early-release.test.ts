/** When a grant may end before its time: only by evidence that the holder's process is gone, and only where it dies whole. */
import { assert, suite } from '../harness/suite.js'
import { idOf, Room } from './script.js'

const test = suite('election/early-release')
const MORTAL = { diesWithProcess: true }

interface Trio {
  readonly room: Room
  readonly director: string
  readonly others: readonly string[]
}

function trio(options = MORTAL, rules = {}): Trio {
  const room = new Room({}, rules)
  for (const letter of ['a', 'b', 'c']) room.add(letter, letter === 'a', options)
  room.link('a', 'b', 'c')
  room.run(6_000)
  const [director = ''] = room.acting()
  return { room, director, others: ['a', 'b', 'c'].filter((letter) => letter !== director) }
}

/** The process ends; its links end everywhere. */
function crash({ room, director, others }: Trio): void {
  room.machines.delete(idOf(director))
  for (const other of others) room.feed(other, { type: 'link-down', peer: idOf(director), byUs: false })
}

test('a refused dial after the link has ended frees the grant: another directs at once', () => {
  const trio1 = trio()
  crash(trio1)
  for (const other of trio1.others) trio1.room.feed(other, { type: 'refused', peer: idOf(trio1.director) })
  trio1.room.run(5)
  assert.is(trio1.room.acting().length, 1)
})

test('one voter knows later than the candidate: it is asked again soon, not after a lease', () => {
  const { room, director, others } = trio()
  const [one = '', other = ''] = others
  crash({ room, director, others })
  room.feed(one, { type: 'refused', peer: idOf(director) })
  room.later(30, () => room.feed(other, { type: 'refused', peer: idOf(director) }))
  room.run(29)
  assert.equal(room.acting(), [], 'its own vote is no majority')
  room.run(150)
  assert.is(room.acting().length, 1)
})

test('the end of a link alone frees nothing', () => {
  const { room, director, others } = trio()
  for (const other of others) room.feed(other, { type: 'link-down', peer: idOf(director), byUs: false })
  const { deadline = 0 } = room.machine(director).holding('web') ?? {}
  while (room.now < deadline) {
    assert.ok(room.acting().length <= 1, 'the director still acts on its lease')
    assert.ok(others.every((other) => !room.acting().includes(other)))
    room.run(20)
  }
})

/** The director lives, on an address that may outlive its process; others take it for dead and never heard it announce. */
function takenForDead(freesOnlyTheMortal: boolean): string[] {
  const { room, director, others } = trio({ diesWithProcess: false }, { freesOnlyTheMortal })
  room.lets = (_from, _to, message) => message.kind !== 'announce' && message.kind !== 'still'
  room.run(900)
  for (const other of others) {
    room.feed(other, { type: 'link-down', peer: idOf(director), byUs: false })
    room.feed(other, { type: 'refused', peer: idOf(director) })
  }
  room.run(500)
  return room.acting()
}

test('evidence frees only what dies with the process', () => {
  assert.ok(takenForDead(true).length <= 1)
  assert.is(takenForDead(false).length, 2, 'without the rule two act')
})

test('a refusal that comes late, when there is a link again, is no evidence', () => {
  const { room, director, others } = trio()
  for (const other of others) room.feed(other, { type: 'link-down', peer: idOf(director), byUs: false })
  room.link(director, ...others)
  for (const other of others) room.feed(other, { type: 'refused', peer: idOf(director) })
  room.run(900)
  assert.equal(room.acting(), [director])
})

test('a new boot is evidence that the earlier life is over', () => {
  const { room, director, others } = trio()
  crash({ room, director, others })
  room.start(director)
  room.link(director, ...others)
  room.run(200)
  assert.is(room.acting().length, 1)
  assert.ok(others.includes(room.acting()[0] ?? ''), 'the one that came back is silent for a lease')
})

test('a holder that closes a link itself counts that voter’s grant no more', () => {
  const { room, director, others } = trio()
  room.lets = () => false
  const [one = '', other = ''] = others
  room.feed(director, { type: 'link-down', peer: idOf(one), byUs: true })
  assert.equal(room.acting(), [director], 'itself and the other are a majority')
  room.feed(director, { type: 'link-down', peer: idOf(other), byUs: true })
  assert.equal(room.acting(), [])
})

test('a deadline that lies nearer after such a close is told to the lane, which looks at it by itself', () => {
  const { room, director, others } = trio()
  const [one = '', other = ''] = others
  room.lets = (from) => from !== idOf(other)
  room.run(400)
  const { deadline: before = 0 } = room.machine(director).holding('web') ?? {}
  room.feed(director, { type: 'link-down', peer: idOf(one), byUs: true })
  const { deadline = 0 } = room.machine(director).holding('web') ?? {}
  assert.ok(deadline > room.now && deadline < before, `${deadline} lies before ${before}`)
  assert.is(room.told.get(idOf(director)), deadline)
})

test('a rival that answers keeps the winner from acting; it tries again after a lease', () => {
  const room = new Room()
  for (const letter of ['a', 'b', 'c']) room.add(letter, letter === 'a', { probesRivals: true })
  room.link('a', 'b', 'c')
  /** Waits for the next question, answers it, and says who asked and when. */
  const answer = (found: boolean): { letter: string; at: number } => {
    const from = room.log.length
    const asked = () => room.log.slice(from).find(({ text }) => text.includes('looks for a rival'))
    for (let waits = 0; asked() === undefined && waits < 300; waits++) room.run(10)
    assert.equal(room.acting(), [], 'a majority is not enough before the answer')
    const { text = '', at = 0 } = asked() ?? {}
    const letter = text.charAt(0)
    const term = { number: Number(text.split(' ').at(-1)), holder: idOf(letter) }
    room.feed(letter, { type: 'rival', service: 'web', term, found })
    return { letter, at }
  }
  const first = answer(true)
  assert.equal(room.acting(), [])
  assert.ok(room.log.some(({ text }) => text === `${first.letter} rival-answers`))
  const second = answer(false)
  assert.equal(room.acting(), [second.letter])
  if (second.letter === first.letter) assert.ok(second.at - first.at >= 1_000)
})

test.run()
