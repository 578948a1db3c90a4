/** What a lane tells a new director of the halves that it has. */
import type { AskingLink } from '../../src/lane/ledgers.js'
import { encodeFrame } from '../../src/proxy/splice-codec.js'
import { assert, suite } from '../harness/suite.js'
import { A, B, LinkUnderTest, open } from './link-under-test.js'

const test = suite('lane/ledger-rows')

const C = 'c'.repeat(32)
const NEXT = { number: 6, holder: C }
const SNAPSHOT = new Uint8Array(32)

const SILENT_MS = 70
const asking = (): AskingLink & { isUp: boolean } => ({
  peer: { node: C, name: 'c' },
  isUp: true,
  takesUnserved: true,
  say: () => {},
})

/** With splices that can be rebuilt, and their programs. */
function room(count: number, snapshot = SNAPSHOT) {
  const link = new LinkUnderTest()
  for (let i = 0; i < count; i++) {
    link.hears(encodeFrame({ ...open(2 + 2 * i), snapshot }))
    link.programs.at(-1)?.open()
  }
  const ask = (by: AskingLink, term = NEXT) => link.backends.handOver('web', term, by, () => 0)?.length
  return { ...link, link, ask, programs: link.programs }
}

test('a director with several lanes is told of each half once, though all of them ask', () => {
  const { ask } = room(3)
  const [one, two] = [asking(), asking()]
  assert.is(ask(one), 3)
  assert.is(ask(two), 0, 'RESUME comes by the other link')
  assert.is(ask(one), 3, 'the same lane may have to ask again')
  one.isUp = false
  assert.is(ask(two), 3, 'it never came')
  assert.is(ask(asking(), { number: 7, holder: B }), 3, 'the next director is told anew')
  assert.is(ask(two), undefined, 'and this one nothing any more')
})

test('a row says for how long its director has not been heard of', () => {
  const { link } = room(1)
  const rows = link.backends.handOver('web', NEXT, asking(), (node) => (node === A ? SILENT_MS : 0))
  assert.is(rows?.[0]?.darkMs, SILENT_MS)
})

test('what cannot be rebuilt is told as well, once: its program is told at once, its client by the director', () => {
  const { ask, programs } = room(2, new Uint8Array(0))
  assert.is(ask(asking()), 2)
  assert.equal(
    programs.map(({ resets }) => resets),
    [1, 1],
  )
  assert.is(ask(asking(), { number: 7, holder: A }), 0)
})

test('whoever is asked by nobody for half a minute tells its program', () => {
  const { ask, link, programs } = room(1)
  assert.is(ask(asking()), 1)
  link.backends.sweep(29_999)
  assert.is(programs[0]?.resets, 0)
  link.backends.sweep(30_000)
  assert.is(programs[0]?.resets, 1)
})

test.run()
