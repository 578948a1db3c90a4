import { Prng } from '../../src/base/prng.js'
import { encodePreamble, type PreambleRead, PreambleReader } from '../../src/trunk/link-preamble.js'
import { assert, suite } from '../harness/suite.js'
import { splitRandomly } from './splits.js'

const test = suite('trunk/link-preamble')
const preamble = { linkId: new Uint8Array(16).fill(1), sealHeader: new Uint8Array(24).fill(2) }

/** The first answer that is not `need-more`, and what came after it. */
function read(pieces: readonly Uint8Array[]): { answer: PreambleRead; rest: number[] } {
  const reader = new PreambleReader()
  for (const [i, piece] of pieces.entries()) {
    const answer = reader.push(piece)
    if (answer.type === 'need-more') continue
    const rest = answer.type === 'preamble' ? [...answer.rest] : []
    return { answer, rest: [...rest, ...pieces.slice(i + 1).flatMap((later) => [...later])] }
  }
  return { answer: { type: 'need-more' }, rest: [] }
}

test('every split gives the same preamble and the same rest', () => {
  const random = new Prng(1)
  const stream = Uint8Array.of(...encodePreamble(preamble), 7, 8, 9)
  for (let round = 0; round < 200; round++) {
    const { answer, rest } = read(splitRandomly(stream, random))
    assert.equal(answer.type === 'preamble' ? answer.preamble : answer, preamble)
    assert.equal(rest, [7, 8, 9])
  }
})

test('bytes that a later release added are skipped', () => {
  const longer = Uint8Array.of(...encodePreamble(preamble), 0, 0, 0, 5)
  longer[5] = (longer[5] as number) + 3
  const { answer, rest } = read([longer])
  assert.equal(answer.type === 'preamble' ? answer.preamble : answer, preamble)
  assert.equal(rest, [5])
})

test('a stranger is known by his first wrong byte', () => {
  assert.equal(new PreambleReader().push(Uint8Array.of(0x47)), { type: 'malformed', why: 'not a data link of Baton' })
  const other = encodePreamble(preamble)
  other[4] = 2
  assert.equal(read([other]).answer, { type: 'malformed', why: 'preamble version 2, not 1' })
  const short = encodePreamble(preamble)
  short[5] = 39
  assert.is(read([short]).answer.type, 'malformed')
})

test('random bytes never throw', () => {
  const random = new Prng(2)
  for (let round = 0; round < 1_000; round++) {
    const bytes = random.bytes(random.below(400))
    if (round % 2 === 0) bytes.set(encodePreamble(preamble).subarray(0, Math.min(random.below(7), bytes.byteLength)))
    read(splitRandomly(bytes, random))
  }
})

test.run()
