import { Prng } from '../../src/base/prng.js'
import type { MemberState } from '../../src/gossip/messages.js'
import { type Precedence, precedence, type Standing } from '../../src/gossip/precedence.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('gossip/precedence')
const STATES: readonly MemberState[] = ['alive', 'suspect', 'down', 'left']

const standing = (text: string): Standing => {
  const [boot, incarnation, state] = text.split(' ')
  return { boot: Number(boot), incarnation: Number(incarnation), state: state as MemberState }
}

test('boot, then incarnation, then severity decide', () => {
  const rows: [claim: string, held: string, expected: Precedence][] = [
    ['1 0 alive', '1 0 alive', 'same'],
    ['1 0 suspect', '1 0 suspect', 'same'],
    ['1 0 suspect', '1 0 alive', 'newer'],
    ['1 0 down', '1 0 suspect', 'newer'],
    ['1 0 down', '1 0 alive', 'newer'],
    ['1 0 left', '1 0 down', 'newer'],
    ['1 0 alive', '1 0 suspect', 'older'],
    ['1 0 alive', '1 0 down', 'older'],
    ['1 0 down', '1 0 left', 'older'],
    ['1 1 alive', '1 0 suspect', 'newer'],
    ['1 1 alive', '1 0 down', 'newer'],
    ['1 1 alive', '1 0 left', 'newer'],
    ['1 0 down', '1 1 alive', 'older'],
    ['2 0 alive', '1 9 down', 'new-life'],
    ['2 0 alive', '1 9 left', 'new-life'],
    ['2 0 down', '1 9 alive', 'new-life'],
    ['1 9 alive', '2 0 down', 'older'],
    ['1 9 left', '2 0 alive', 'older'],
    ['1 4294967295 down', '4294967295 0 alive', 'older'],
  ]
  for (const [claim, held, expected] of rows) {
    assert.is(precedence(standing(claim), standing(held)), expected, `${claim} over ${held}`)
  }
})

/** Whether the order in which claims are heard leaves no trace in what is held in the end. */
function convergesUnder(order: typeof precedence, seed: number): boolean {
  const random = new Prng(seed)
  const draw = (): Standing => ({
    boot: 1 + random.below(3),
    incarnation: random.below(3),
    state: STATES[random.below(4)] as MemberState,
  })
  const hear = (claims: readonly Standing[]) =>
    claims.reduce((held, claim) => (['new-life', 'newer'].includes(order(claim, held)) ? claim : held))
  for (let round = 0; round < 300; round++) {
    const claims = Array.from({ length: 5 }, draw)
    const a = hear(claims)
    const b = hear(random.shuffle([...claims]))
    if (a.boot !== b.boot || a.incarnation !== b.incarnation || a.state !== b.state) return false
  }
  return true
}

test('whoever heard the same claims holds the same, in whatever order they came', () => {
  for (let seed = 1; seed <= 10; seed++) assert.ok(convergesUnder(precedence, seed), `SEED=${seed}`)
})

test('the checker sees a broken order', () => {
  const ignoresBoot: typeof precedence = (a, b) => precedence({ ...a, boot: 1 }, { ...b, boot: 1 })
  const lastWins: typeof precedence = () => 'newer'
  assert.not(convergesUnder(ignoresBoot, 1))
  assert.not(convergesUnder(lastWins, 1))
})

test.run()
